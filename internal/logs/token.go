package logs

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"waybill/internal/logs/engine"
)

// sequenceToken is the token that names the state of a stream whose last batch
// has this journal sequence; 0 before the first.
func sequenceToken(seq uint64) string { return fmt.Sprintf("49%054d", seq) }

// An event's id (FilterLogEvents) and the tokens of GetLogEvents are 56 digits,
// as AWS's are: time, row id, and the number of the group or stream.
const (
	timeDigits   = 15
	rowDigits    = 20
	numberDigits = 21
)

func digits(p engine.Position, number uint64) string {
	return fmt.Sprintf("%0*d%0*d%0*d", timeDigits, max(p.Time, 0), rowDigits, p.ID, numberDigits, number)
}

func parseDigits(s string) (p engine.Position, number uint64, err error) {
	if len(s) != timeDigits+rowDigits+numberDigits {
		return p, 0, errToken()
	}
	at, err1 := strconv.ParseUint(s[:timeDigits], 10, 63)
	id, err2 := strconv.ParseUint(s[timeDigits:timeDigits+rowDigits], 10, 64)
	number, err3 := strconv.ParseUint(s[timeDigits+rowDigits:], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil {
		return p, 0, errToken()
	}
	return engine.Position{Time: int64(at), ID: id}, number, nil
}

// eventID is unique over all events of the server and never changes.
func eventID(group uint32, e engine.Event) string {
	return digits(e.Position(), uint64(group))
}

// pageToken is a token of GetLogEvents: direction "f" begins after p, "b" before.
func pageToken(direction byte, p engine.Position, stream uint64) string {
	return string(direction) + "/" + digits(p, stream) + "/s"
}

func parsePageToken(token string, stream uint64) (direction byte, p engine.Position, err error) {
	d, rest, ok := strings.Cut(token, "/")
	inner, ok2 := strings.CutSuffix(rest, "/s")
	if !ok || !ok2 || d != "f" && d != "b" {
		return 0, p, errToken()
	}
	p, number, err := parseDigits(inner)
	if err != nil {
		return 0, p, err
	}
	if number != stream {
		return 0, p, errToken()
	}
	return d[0], p, nil
}

// filterToken is a nextToken of FilterLogEvents; it carries the direction.
func filterToken(descending bool, p engine.Position, group uint32) string {
	d := "f"
	if descending {
		d = "b"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(d + digits(p, uint64(group))))
}

func parseFilterToken(token string, group uint32) (descending bool, p engine.Position, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 1 || raw[0] != 'f' && raw[0] != 'b' {
		return false, p, errToken()
	}
	p, number, err := parseDigits(string(raw[1:]))
	if err != nil {
		return false, p, err
	}
	if number != uint64(group) {
		return false, p, errToken()
	}
	return raw[0] == 'b', p, nil
}

func streamToken(at int64, name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + ":" + name))
}

func parseStreamToken(token string) (at int64, name string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, "", errToken()
	}
	number, name, ok := strings.Cut(string(raw), ":")
	at, err = strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0, "", errToken()
	}
	return at, name, nil
}
