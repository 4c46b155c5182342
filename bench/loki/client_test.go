package main

import (
	"testing"

	"waybill/bench/corpus"
)

func TestCount(t *testing.T) {
	for answer, want := range map[string]corpus.Count{
		`{"data":{"resultType":"streams","result":[{"stream":{},"values":[["17","line 9"],["18","x"]]},{"values":[["17","y"]]}]}}`: {Rows: 3, Total: 3},
		`{"data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[17.5,"12"]},{"value":[17.5,"3"]}]}}`:                {Rows: 2, Total: 15},
		`{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[17,"4"],[18,"5"]]}]}}`:                                   {Rows: 2, Total: 9},
		`{"data":{"resultType":"streams","result":[]}}`:                                                                            {},
	} {
		got, err := count([]byte(answer))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", answer, got, err, want)
		}
	}
}
