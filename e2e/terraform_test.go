package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// terraform is the program with a mirror of its AWS provider, in a folder with a
// configuration of testdata.
type terraform struct {
	path, folder string
	env          []string
}

// newTerraform skips where Terraform or the provider is not installed, even
// where skipping is forbidden: neither is a package of Debian's.
func newTerraform(t *testing.T, s *server, configuration string) *terraform {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("SKIPPED, peer missing: terraform")
	}
	config := providerMirror(t)
	if config == "" {
		t.Skip("SKIPPED, peer missing: a mirror of Terraform's AWS provider")
	}
	folder := t.TempDir()
	ok(t, os.CopyFS(folder, os.DirFS(filepath.Join("testdata", configuration))))
	return &terraform{path, folder, []string{
		"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "TF_CLI_CONFIG_FILE=" + config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"TF_VAR_endpoint=" + s.URL, "TF_VAR_credentials=" + filepath.Join(s.Data, "credentials"), "AWS_EC2_METADATA_DISABLED=true",
	}}
}

// providerMirror returns a CLI configuration that names a file system mirror
// with the AWS provider: the user's own, or one made for a mirror that is found
// (Terraform documentation, "Implied Mirror Directories", and below /opt). Empty
// if there is none.
func providerMirror(t *testing.T) string {
	t.Helper()
	if own := os.Getenv("TF_CLI_CONFIG_FILE"); own != "" {
		if text, err := os.ReadFile(own); err == nil && strings.Contains(string(text), "filesystem_mirror") {
			return own
		}
	}
	home, _ := os.UserHomeDir()
	for _, place := range []string{
		"/opt/*", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins",
		filepath.Join(home, ".terraform.d/plugins"), filepath.Join(home, ".local/share/terraform/plugins"),
	} {
		// A mirror is HOST/hashicorp/aws/VERSION/...
		found, err := filepath.Glob(filepath.Join(place, "*", "hashicorp", "aws"))
		if err != nil || len(found) == 0 {
			continue
		}
		mirror := filepath.Dir(filepath.Dir(filepath.Dir(found[0])))
		config := filepath.Join(t.TempDir(), "terraform.rc")
		ok(t, os.WriteFile(config, []byte("provider_installation {\n  filesystem_mirror {\n    path = \""+mirror+"\"\n  }\n}\n"), 0o600))
		return config
	}
	return ""
}

// run returns the exit code and what was printed.
func (tf *terraform) run(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(tf.path, append(args, "-no-color", "-input=false")...)
	cmd.Dir, cmd.Env = tf.folder, tf.env
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// do runs a command that must end with that exit code.
func (tf *terraform) do(t *testing.T, want int, args ...string) {
	t.Helper()
	if code, out := tf.run(t, args...); code != want {
		t.Fatalf("terraform %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, tail(out, 4000))
	}
}

// apply applies and plans again: 0 is "no changes", 2 would be that there are some.
func (tf *terraform) apply(t *testing.T) {
	t.Helper()
	tf.do(t, 0, "init")
	tf.do(t, 0, "apply", "-auto-approve")
	tf.do(t, 0, "plan", "-detailed-exitcode")
}

// TestTerraform applies, plans again and destroys.
func TestTerraform(t *testing.T) {
	s := serve(t, "")
	tf := newTerraform(t, s, "terraform")
	tf.apply(t)
	c := s.sdk(t, aliased())
	leftovers := func() []string { return definitions(t, c) }
	if got := leftovers(); len(got) != 7 {
		t.Errorf("after apply there are %v", got)
	}
	tf.do(t, 0, "destroy", "-auto-approve")
	if got := leftovers(); len(got) != 0 {
		t.Errorf("destroy left %v", got)
	}
}

// TestTerraformIdentities does the same with a role, a role policy, a managed
// policy, a user, an access key and the service-linked role. The calls that the
// provider makes for them are tested one by one through the SDK in internal/api/iam.
func TestTerraformIdentities(t *testing.T) {
	s := serve(t, "")
	tf := newTerraform(t, s, "terraform-iam")
	tf.apply(t)
	tf.do(t, 0, "destroy", "-auto-approve")
	for _, list := range [][]string{{"list-roles", `"Roles": []`}, {"list-policies", `"Policies": []`, "--scope", "Local"}} {
		if out := s.aws(t, append([]string{"iam", list[0]}, list[2:]...)...); !strings.Contains(out, list[1]) {
			t.Errorf("destroy left %s", out)
		}
	}
}
