package main

import (
	"encoding/hex"
	"testing"
)

func TestAppendRequest(t *testing.T) {
	got := hex.EncodeToString(appendRequest(nil, map[string][]entry{`{a="b"}`: {{2_000_000_300, []byte("x")}, {3_000_000_000, []byte("yz")}}}))
	const want = "0a21" + // streams, 33 bytes
		"0a077b613d2262227d" + // labels
		"120a" + "0a050802" + "10ac02" + "120178" + // 2 s and 300 ns, x
		"120a" + "0a040803" + "1000" + "1202797a" // 3 s, yz
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
