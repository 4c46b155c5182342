package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waybill/internal/iam"
)

func TestASecondProcessIsRefusedWithTheReason(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = openFolder(dir)
	if err == nil {
		t.Fatal("the folder was opened twice")
	}
	if want := fmt.Sprintf("in use by another waybill process (pid %d)", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openFolder(dir)
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	again.close()
}

func TestCredentialsAreForTheOwnerOnly(t *testing.T) {
	f, err := openFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := f.writeCredentials([]profile{{"default", iam.Credentials{AccessKeyID: "AKIAEXAMPLE", Secret: "secret"}}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(f.file("credentials"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	data, _ := os.ReadFile(f.file("credentials"))
	if !strings.Contains(string(data), "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n") {
		t.Errorf("content:\n%s", data)
	}
}
