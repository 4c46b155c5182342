package exec

import (
	"encoding/binary"
	"net/netip"
)

var ipFunctions = map[string]function{
	"isvalidip":      ipTest(func(netip.Addr) bool { return true }),
	"isvalidipv4":    ipTest(netip.Addr.Is4),
	"isvalidipv6":    ipTest(netip.Addr.Is6),
	"isipinsubnet":   subnetTest(func(netip.Addr) bool { return true }),
	"isipv4insubnet": subnetTest(netip.Addr.Is4),
	"isipv6insubnet": subnetTest(netip.Addr.Is6),
	"ipv4tonumber":   ofText(ipv4ToNumber),
	"isprivateip":    ipTest(isPrivate),
	"ispublicip":     ipTest(func(a netip.Addr) bool { return !isPrivate(a) && !isReserved(a) }),
	"isreservedip":   ipTest(isReserved),
}

// ipTest is false for what is no address; a missing field stays missing.
func ipTest(test func(netip.Addr) bool) function {
	return ofText(func(s string) value {
		a, ok := address(s)
		return boolean(ok && test(a))
	})
}

// address reads an address without a zone.
func address(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

func subnetTest(family func(netip.Addr) bool) function {
	return of2(func(a, b value) value {
		s, ok := a.str()
		cidr, okCIDR := b.str()
		if !ok || !okCIDR {
			return null
		}
		ip, ok := address(s)
		net, err := netip.ParsePrefix(cidr)
		return boolean(ok && err == nil && family(ip) && family(net.Addr()) && net.Contains(ip))
	})
}

func ipv4ToNumber(s string) value {
	a, ok := address(s)
	if !ok || !a.Is4() {
		return null
	}
	b := a.As4()
	return number(float64(binary.BigEndian.Uint32(b[:])))
}

// isPrivate is RFC 1918, and RFC 4193 for IPv6.
func isPrivate(a netip.Addr) bool { return a.Unmap().IsPrivate() }

// reserved are the ranges that no host on the internet has, other than the private
// ones (RFC 6890).
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/128", "::1/128", "100::/64", "2001:db8::/32", "fe80::/10", "ff00::/8",
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func isReserved(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range reserved {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
