package app

import (
	"net"
	"net/netip"
	"sync"
)

// The defaults of [limits] connections and connections_per_address.
const (
	maxConnections        = 4096
	maxAddressConnections = 512
)

// connections counts open connections and closes those that are too many as
// soon as they come. Connections from this machine count only in all: a proxy
// in front has all of its clients' there.
type connections struct {
	net.Listener
	most, mostOfOne int

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

func limitConnections(l net.Listener, most, mostOfOne int) *connections {
	if most == 0 {
		most = maxConnections
	}
	if mostOfOne == 0 {
		mostOfOne = maxAddressConnections
	}
	return &connections{Listener: l, most: most, mostOfOne: mostOfOne, of: map[netip.Prefix]int{}}
}

// Accept returns the next connection that is not too many.
func (c *connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := whose(conn.RemoteAddr())
		if c.take(from) {
			return &counted{Conn: conn, from: from, in: c}, nil
		}
		conn.Close()
	}
}

// whose is the address, or of IPv6 the network of 64 bits, which one customer has.
func whose(a net.Addr) netip.Prefix {
	p, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	addr := p.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}

func (c *connections) take(from netip.Prefix) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.most || !from.Addr().IsLoopback() && c.of[from] >= c.mostOfOne {
		return false
	}
	c.all++
	c.of[from]++
	return true
}

func (c *connections) give(from netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.of[from]--; c.of[from] == 0 {
		delete(c.of, from)
	}
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	from netip.Prefix
	in   *connections
	once sync.Once
}

// Close closes the connection.
func (c *counted) Close() error {
	c.once.Do(func() { c.in.give(c.from) })
	return c.Conn.Close()
}
