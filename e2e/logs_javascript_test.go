package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// javascript returns a folder with the JavaScript SDK at the versions of
// testdata/js/package-lock.json and the programs of testdata/js. It is kept in
// the user's cache for the next run.
func javascript(t *testing.T) string {
	t.Helper()
	peer(t, "node")
	npm := peer(t, "npm")
	lock, err := os.ReadFile("testdata/js/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	folder := filepath.Join(cache, "waybill-e2e", "js-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json", "logs.mjs"} {
		body, err := os.ReadFile(filepath.Join("testdata/js", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	done := filepath.Join(folder, "installed")
	if _, err := os.Stat(done); err == nil {
		return folder
	}
	cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, "@aws-sdk/client-cloudwatch-logs (npm ci: "+tail(string(out), 500)+")")
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestLogsWithTheJavaScriptSDK runs testdata/js/logs.mjs.
func TestLogsWithTheJavaScriptSDK(t *testing.T) {
	folder := javascript(t)
	s := serve(t, "")
	cmd := exec.Command(peer(t, "node"), "logs.mjs")
	cmd.Dir = folder
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "ENDPOINT=" + s.URL, "ACCOUNT=" + account,
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(s.Data, "credentials"), "AWS_EC2_METADATA_DISABLED=true",
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "everything held") {
		t.Fatalf("%v\n%s", err, out)
	}
}
