package bench

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/klauspost/compress/s2"

	"waybill/internal/logs/engine"
)

// library is the bare engine: rows that are columns already, added by as many
// goroutines as there are cores, not acknowledged to anybody. It is the bound
// that docs/performance.md compares the whole server with.
func library(b *testing.B, s shape) {
	if err := engine.Configure(engine.Settings{}); err != nil {
		b.Fatal(err)
	}
	const year = 365 * 24 * time.Hour
	storage := logstorage.MustOpenStorage(filepath.Join(b.TempDir(), "storage"), &logstorage.StorageConfig{
		Retention: year, FutureRetention: year, FlushInterval: 5 * time.Second,
	})
	defer storage.MustClose()
	batches := make([][][]logstorage.Field, len(s.batches))
	for i, batch := range s.batches {
		for k, message := range batch {
			batches[i] = append(batches[i], columns(b, message, i*len(batch)+k))
		}
	}
	put(b, s, 2, func(n int) error {
		lr := logstorage.GetLogRows(nil, nil, nil, nil, "")
		defer logstorage.PutLogRows(lr)
		at := time.Now().UnixNano()
		for _, fields := range batches[n] {
			lr.MustAdd(logstorage.TenantID{AccountID: 1, ProjectID: 1}, at, fields, 1)
			if lr.NeedFlush() {
				storage.MustAddRows(lr)
				lr.ResetKeepSettings()
			}
		}
		storage.MustAddRows(lr)
		return nil
	})
}

// columns are the columns that the engine package makes of a message.
func columns(b *testing.B, message string, n int) []logstorage.Field {
	fields := []logstorage.Field{
		{Name: "@stream", Value: "1"}, {Name: "@id", Value: strconv.Itoa(1<<40 + n)},
		{Name: "@ingested", Value: strconv.FormatInt(time.Now().UnixMilli(), 10)}, {Name: "_msg", Value: message},
	}
	var flatten func(name string, raw json.RawMessage)
	flatten = func(name string, raw json.RawMessage) {
		var members map[string]json.RawMessage
		var elements []json.RawMessage
		var text string
		switch {
		case json.Unmarshal(raw, &members) == nil:
			for _, m := range slices.Sorted(maps.Keys(members)) {
				flatten(strings.TrimPrefix(name+"."+m, "."), members[m])
			}
		case json.Unmarshal(raw, &elements) == nil:
			fields = append(fields, logstorage.Field{Name: name, Value: string(raw)})
			for i, e := range elements {
				flatten(name+"."+strconv.Itoa(i), e)
			}
		case json.Unmarshal(raw, &text) == nil:
			fields = append(fields, logstorage.Field{Name: name, Value: text})
		default:
			fields = append(fields, logstorage.Field{Name: name, Value: string(raw)})
		}
	}
	flatten("", json.RawMessage(message))
	return fields
}

// fsyncs is the disk's bound for one client: each batch, compressed as the
// journal does, appended to a file and fsynced.
func fsyncs(b *testing.B, s shape) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	packed := make([][]byte, len(s.batches))
	for i, batch := range s.batches {
		packed[i] = s2.Encode(nil, []byte(strings.Join(batch, "")))
	}
	b.SetBytes(int64(len(packed[0])))
	put(b, s, 1, func(n int) error {
		if _, err := f.Write(packed[n]); err != nil {
			return err
		}
		return f.Sync()
	})
}
