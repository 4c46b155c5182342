package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

func jsonBody(v any) (io.Reader, error) {
	text, err := json.Marshal(v)
	return bytes.NewReader(text), err
}

// readAnswer decodes a good answer of the control socket into v; any other is an error.
func readAnswer(resp *http.Response, v any) error {
	if resp.StatusCode == http.StatusOK {
		return json.NewDecoder(resp.Body).Decode(v)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	return errors.New(strings.TrimSpace(string(text)))
}

// isDataFolder reports whether a server has ever started on the folder.
func isDataFolder(path string) bool {
	_, err := os.Stat(filepath.Join(path, "meta.db"))
	return err == nil
}
