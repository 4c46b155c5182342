package mailtrace

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"
)

// row is what one stored row holds: a message, or evidence that waits for its message.
type row interface {
	// id is the row's key; its first letter tells its type.
	id() string
	// wakeAt is when wake is to be called, zero for never.
	wakeAt() time.Time
	wake(m *Machine, now time.Time)
	// attach puts the row into the machine's indexes.
	attach(m *Machine)
	detach(m *Machine)
}

// add puts a new row into the machine.
func (m *Machine) add(r row) {
	m.rows[r.id()] = r
	r.attach(m)
	m.touch(r)
}

// touch marks a row as changed and schedules its wake-up.
func (m *Machine) touch(r row) {
	m.dirty[r.id()] = true
	m.due.set(r)
}

// remove takes a row out.
func (m *Machine) remove(r row) {
	if m.rows[r.id()] != r {
		return
	}
	r.detach(m)
	delete(m.rows, r.id())
	m.due.drop(r.id())
	m.dirty[r.id()] = true
}

// Take returns what changed since the last Take, and its cost is that of the
// changes alone. What was added and removed in between does not appear.
func (m *Machine) Take() Changes {
	c := Changes{Events: m.events}
	m.events = nil
	if len(m.dirty) == 0 {
		return c
	}
	c.Put = make(map[string][]byte, len(m.dirty))
	for key := range m.dirty {
		r, ok := m.rows[key]
		if ok {
			c.Put[key] = encodeRow(r)
			m.saved[key] = true
		} else if m.saved[key] {
			c.Delete = append(c.Delete, key)
			delete(m.saved, key)
		}
	}
	sort.Strings(c.Delete)
	clear(m.dirty)
	return c
}

func encodeRow(r row) []byte {
	data, err := json.Marshal(r)
	if err != nil {
		// The row types hold strings, numbers and times only.
		panic(fmt.Sprintf("mailtrace: encode row %s: %v", r.id(), err))
	}
	return data
}

// Restore loads the rows that earlier Takes put, into a machine that has none.
func (m *Machine) Restore(rows map[string][]byte) error {
	if len(m.rows) > 0 {
		return fmt.Errorf("restore mail traces: the machine has %d rows already", len(m.rows))
	}
	keys := make([]string, 0, len(rows))
	for key := range rows {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	decoded := make([]row, 0, len(keys))
	for _, key := range keys {
		r, err := decodeRow(key, rows[key])
		if err != nil {
			return fmt.Errorf("restore mail traces: row %s: %w", key, err)
		}
		decoded = append(decoded, r)
	}
	// Indexes that list several messages list them by birth.
	sort.SliceStable(decoded, func(i, j int) bool { return serial(decoded[i]) < serial(decoded[j]) })
	for _, r := range decoded {
		m.rows[r.id()] = r
		m.saved[r.id()] = true
		r.attach(m)
		m.due.set(r)
		if msg, ok := r.(*message); ok {
			m.serial = max(m.serial, msg.Serial)
		}
	}
	return nil
}

func serial(r row) uint64 {
	if msg, ok := r.(*message); ok {
		return msg.Serial
	}
	return 0
}

func decodeRow(key string, data []byte) (row, error) {
	var r row
	switch {
	case strings.HasPrefix(key, messagePrefix):
		r = &message{}
	case strings.HasPrefix(key, transactionPrefix):
		r = &orphanTransaction{}
	case strings.HasPrefix(key, sessionPrefix):
		r = &orphanSession{}
	case strings.HasPrefix(key, refusalPrefix):
		r = &refusals{}
	default:
		return nil, fmt.Errorf("unknown kind of row")
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, err
	}
	if r.id() != key {
		return nil, fmt.Errorf("holds row %s", r.id())
	}
	return r, nil
}
