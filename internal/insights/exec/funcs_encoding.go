package exec

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

var encodingFunctions = map[string]function{
	"urlencode": ofText(func(s string) value { return bounded(3*len(s), func() string { return url.QueryEscape(s) }) }),
	"urldecode": ofText(urlDecode),
	"base64encode": ofText(func(s string) value {
		return bounded(base64.StdEncoding.EncodedLen(len(s)), func() string { return base64.StdEncoding.EncodeToString([]byte(s)) })
	}),
	"base64decode": ofText(base64Decode),
	"hextoascii":   ofText(hexToASCII),
	"md5":          ofText(func(s string) value { h := md5.Sum([]byte(s)); return text(hex.EncodeToString(h[:])) }),
	"sha256":       ofText(func(s string) value { h := sha256.Sum256([]byte(s)); return text(hex.EncodeToString(h[:])) }),
}

func urlDecode(s string) value {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return null
	}
	return validText(out)
}

// base64Decode takes the standard alphabet, padded or not.
func base64Decode(s string) value {
	out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return null
	}
	return validText(string(out))
}

func hexToASCII(s string) value {
	out, err := hex.DecodeString(trimHex(s))
	if err != nil {
		return null
	}
	return validText(string(out))
}

// validText is null for what is no UTF-8: an answer could not show it.
func validText(s string) value {
	if !utf8.ValidString(s) {
		return null
	}
	return text(s)
}

func trimHex(s string) string {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return s[2:]
	}
	return s
}

func hexToDec(s string) value {
	sign := 1.0
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		s, sign = rest, -1
	}
	n, err := strconv.ParseUint(trimHex(s), 16, 64)
	if err != nil {
		return null
	}
	return number(sign * float64(n))
}

func decToHex(a value) value {
	n, ok := a.num()
	if n = math.Trunc(n); !ok || math.Abs(n) >= 1<<63 {
		return null
	}
	if n < 0 {
		return text("-0x" + strconv.FormatInt(-int64(n), 16))
	}
	return text("0x" + strconv.FormatInt(int64(n), 16))
}
