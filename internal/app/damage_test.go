package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/config"
)

func TestADamagedDatabaseIsRefusedWithAdvice(t *testing.T) {
	for _, name := range []string{"meta.db", "spool.db"} {
		cfg := config.Default()
		cfg.Data, cfg.Listen = t.TempDir(), "127.0.0.1:0"
		file := filepath.Join(cfg.Data, name)
		text := strings.Repeat("this is no database ", 500)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "waybill restore") {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(file); string(after) != text {
			t.Errorf("%s was changed", name)
		}
	}
}
