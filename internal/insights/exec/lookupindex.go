package exec

import (
	"net/netip"
	"slices"
)

// lookupRow is the columns of a table that a lookup puts out.
type lookupRow []value

// perEntry is about what an entry of an index takes besides its key and its row.
const perEntry = 64

// exactIndex has the rows of a table by their keys, as rowKey writes them. Of rows
// with the same keys it has the first.
type exactIndex map[string]lookupRow

// add enters a row; a key that is empty is matched by nothing.
func (x *exactIndex) add(keys []string, out lookupRow) int64 {
	var key []byte
	for _, k := range keys {
		if k == "" {
			return 0
		}
		key = appendKey(key, text(k))
	}
	if *x == nil {
		*x = exactIndex{}
	}
	if _, ok := (*x)[string(key)]; ok {
		return 0
	}
	(*x)[string(key)] = out
	return int64(len(key)) + perEntry
}

// netIndex has the rows of a table by their networks. An address is looked for
// in the networks of each length that there is, the longest first.
type netIndex struct {
	rows map[netip.Prefix]lookupRow
	// lengths of IPv4 and of IPv6, the longest first.
	v4, v6 []int
	// unread counts the cells that are no networks.
	unread int
}

// add enters a row. An address alone is a network of one.
func (x *netIndex) add(keys []string, out lookupRow) int64 {
	net, err := netip.ParsePrefix(keys[0])
	if err != nil {
		ip, ok := address(keys[0])
		if !ok {
			x.unread++
			return 0
		}
		net = netip.PrefixFrom(ip, ip.BitLen())
	}
	net = net.Masked()
	if _, ok := x.rows[net]; ok {
		return 0
	}
	if x.rows == nil {
		x.rows = map[netip.Prefix]lookupRow{}
	}
	x.rows[net] = out
	lengths := &x.v4
	if net.Addr().Is6() {
		lengths = &x.v6
	}
	if !slices.Contains(*lengths, net.Bits()) {
		*lengths = append(*lengths, net.Bits())
		slices.SortFunc(*lengths, func(a, b int) int { return b - a })
	}
	return perEntry
}

// find returns the row of the longest network that an address is in; nil if there
// is none.
func (x *netIndex) find(s string) lookupRow {
	ip, ok := address(s)
	if !ok {
		return nil
	}
	ip = ip.Unmap()
	lengths := x.v4
	if ip.Is6() {
		lengths = x.v6
	}
	for _, bits := range lengths {
		net, err := ip.Prefix(bits)
		if err != nil {
			continue
		}
		if row, ok := x.rows[net]; ok {
			return row
		}
	}
	return nil
}
