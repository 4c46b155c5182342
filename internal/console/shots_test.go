package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestPictures writes a picture of every example page, at two widths, light and
// dark, into the folder that WAYBILL_PICTURES names, for people to look at.
func TestPictures(t *testing.T) {
	folder := os.Getenv("WAYBILL_PICTURES")
	if folder == "" {
		t.Skip("WAYBILL_PICTURES names no folder")
	}
	c := viewConsole(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root+"static/{file}", c.serveAsset)
	for _, e := range examples {
		mux.Handle("GET /"+slug(e.name), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := c.render(w, 200, e.page, e.view(c)); err != nil {
				t.Error(err)
			}
		}))
	}
	server := httptest.NewServer(secureHeaders(mux))
	defer server.Close()
	ctx := chromium(t)
	for _, e := range examples {
		for _, scheme := range []string{"light", "dark"} {
			for width, label := range map[int64]string{1280: "wide", 480: "narrow"} {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800), colors(scheme), chromedp.Navigate(server.URL+"/"+slug(e.name))); err != nil {
					t.Fatal(err)
				}
				png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, slug(e.name)+"-"+label+"-"+scheme+".png"), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// colors makes the browser prefer a colour scheme.
func colors(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	})
}

func slug(name string) string { return strings.ReplaceAll(name, " ", "-") }
