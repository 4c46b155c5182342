package app

import (
	"net"
	"net/netip"
	"testing"
)

func TestConnectionsAreBounded(t *testing.T) {
	c := limitConnections(nil, 5, 2)
	far, near := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("127.0.0.1/32")
	take := func(p netip.Prefix, n int) (taken int) {
		for range n {
			if c.take(p) {
				taken++
			}
		}
		return taken
	}
	if n := take(far, 3); n != 2 {
		t.Errorf("%d connections of one address, want 2", n)
	}
	if n := take(near, 4); n != 3 {
		t.Errorf("%d more of this machine, want 3: 5 in all", n)
	}
	c.give(far)
	if n := take(far, 2); n != 1 {
		t.Errorf("%d after one was closed, want 1", n)
	}
	for addr, want := range map[string]string{
		"192.0.2.7:99": "192.0.2.7/32", "[2001:db8:1:2:3::4]:1": "2001:db8:1:2::/64", "[::ffff:192.0.2.7]:9": "192.0.2.7/32",
	} {
		if got := whose(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))).String(); got != want {
			t.Errorf("%s counts as %s, want %s", addr, got, want)
		}
	}
}
