package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"waybill/internal/config"
)

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	cfg, err := config.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Account != "111122223333" || cfg.Listen != "127.0.0.1:8420" || cfg.Data != "./waybill-data" {
		t.Errorf("defaults are %+v", cfg)
	}
}

func TestTheDocumentedExample(t *testing.T) {
	cfg, err := config.Load("../../docs/waybill.toml")
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Organizations) != 2 || len(cfg.Sources) != 2 {
		t.Fatalf("got %d organizations and %d sources", len(cfg.Organizations), len(cfg.Sources))
	}
	if got := cfg.Organizations[0].EventLogging; got.Mode != config.LoggingDefault {
		t.Errorf("first organization: %+v", got)
	}
	want := config.EventLogging{Declared: true, Mode: config.LoggingCustom, LogGroup: "workmail-monitoring", Role: "workmail-monitoring-role"}
	if got := cfg.Organizations[1].EventLogging; got != want {
		t.Errorf("second organization: %+v, want %+v", got, want)
	}
	if got := cfg.Sources[0].Location.String(); got != "Europe/Paris" {
		t.Errorf("time zone %s", got)
	}
}

// TestBadConfigurations holds each file of testdata/bad against the pattern in
// its first line, "# want: REGEXP".
func TestBadConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(data), "\n")
			want, ok := strings.CutPrefix(first, "# want: ")
			if !ok {
				t.Fatal("the first line does not say what is wanted")
			}
			_, err = config.Load(file)
			if err == nil {
				t.Fatal("accepted")
			}
			if !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("error %q does not match %q", err, want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/waybill.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Fuzz(func(t *testing.T, data []byte) {
		if cfg, err := config.Parse(data); err == nil && cfg.CheckListen() != nil {
			t.Error("accepted a configuration whose listener is refused")
		}
	})
}
