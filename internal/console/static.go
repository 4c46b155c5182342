package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// asset is one embedded file under a name that holds a hash of its contents, so
// that browsers may keep it for ever.
type asset struct {
	contentType string
	body        []byte
}

// readAssets returns the embedded files by hashed name, and the hashed names by
// their own ("style.css" is "style.0123456789ab.css").
func readAssets(files fs.FS) (assets map[string]asset, names map[string]string, err error) {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, nil, fmt.Errorf("read console assets: %w", err)
	}
	assets, names = map[string]asset{}, map[string]string{}
	for _, e := range entries {
		body, err := fs.ReadFile(files, path.Join("static", e.Name()))
		if err != nil {
			return nil, nil, fmt.Errorf("read console asset %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		assets[hashed] = asset{mime.TypeByExtension(ext), body}
		names[e.Name()] = hashed
	}
	return assets, names, nil
}

func (c *Console) serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := c.assets[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body)
}
