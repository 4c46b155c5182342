package engine

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
)

// Apart makes the library keep rows of one log stream apart by the text of a
// column: a block of its has rows of one text then. A question for one text leaves
// the other blocks aside by their headers, and the columns of a block, which are
// those of one kind of row, take less room. To the library these are several
// streams; to this package's users there is one.
type Apart struct {
	Column string
	// Texts are the texts that are kept apart; rows of all others are together.
	// Texts may be added from version to version, and none may go: rows of one
	// that is not there are not found by their stream.
	Texts []string
}

// place returns which of fields, besides the first, is kept apart by, or 0.
func (a *Apart) place(fields []logstorage.Field) int {
	for i := 1; i < len(fields) && a.Column != ""; i++ {
		if fields[i].Name == a.Column && slices.Contains(a.Texts, fields[i].Value) {
			return i
		}
	}
	return 0
}

// split orders fields so that those the library tells streams apart by come first,
// and returns how many these are. The first is colStream.
func (a *Apart) split(fields []logstorage.Field) int {
	i := a.place(fields)
	if i == 0 {
		return 1
	}
	fields[1], fields[i] = fields[i], fields[1]
	return 2
}

// maxStreamIDs is how many of the library's streams are named in a question; rows
// of more are told by their column instead, for which all headers are looked at.
const maxStreamIDs = 2000

// streams selects rows by their streams, with "!" in front all others; nil is all. By
// stream ids the library finds the blocks without its index.
func (a *Apart) streams(not string, streams []Stream) string {
	if streams == nil {
		return "*"
	}
	if len(streams)*(1+len(a.Texts)) > maxStreamIDs {
		numbers := make([]string, len(streams)) // which no two tenants share
		for i, s := range streams {
			numbers[i] = quote(strconv.FormatUint(s.Number, 10))
		}
		return not + quote(colStream) + ":in(" + strings.Join(numbers, ",") + ")"
	}
	var ids []string
	for _, s := range streams {
		ids = append(ids, streamID(s, "", ""))
		for _, text := range a.Texts {
			ids = append(ids, streamID(s, a.Column, text))
		}
	}
	return not + "_stream_id:in(" + strings.Join(ids, ",") + ")"
}

// streamID returns the library's id for the rows of s that have the text in the
// column, or, without a column, that are not kept apart. It is
// {tenant, 128-bit hash of the stream's tags}, in hex.
func streamID(s Stream, column, text string) string {
	st := logstorage.GetStreamTags()
	defer logstorage.PutStreamTags(st)
	st.Add(colStream, strconv.FormatUint(s.Number, 10))
	if column != "" {
		st.Add(column, text)
	}
	return hex.EncodeToString(appendStreamHash(s.Tenant, st.MarshalCanonical(nil)))
}
