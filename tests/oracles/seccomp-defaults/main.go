// Command seccomp-defaults writes a Go program that answers for the default
// profiles of many versions of the runtimes (package answer).
//
//	seccomp-defaults [-newest] DIR
//
// The files that define the profiles are copied from the modules into DIR, with
// the imports through which they look at the machine pointed at package
// machine; files that are the same in several versions are copied once. DIR is
// meant to be thrown away. With -newest it holds the newest release of each
// line alone.
//
// Then: go build -tags seccomp, in DIR.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

const self = "kubectl-posture.test/oracles/seccomp-defaults"

// kind is how the modules of one runtime define their profile.
type kind struct {
	// folder of the package in the module, and its files.
	folder string
	files  []string
	// extra is added to the package: what was left out and is called.
	extra string
	// source is the literal of answer.Source after its name.
	source string
}

var kinds = map[string]kind{
	"containerd": {
		folder: "contrib/seccomp",
		files:  []string{"seccomp_default.go"},
		source: "Resolve: answer.Always(%s.DefaultProfile)",
	},
	"docker":        moby("profiles/seccomp"),
	"moby-profiles": moby("."),
	"containers-common": {
		folder: "pkg/seccomp",
		files:  []string{"default_linux.go", "errno_list.go", "seccomp_linux.go", "types.go"},
		extra:  "func IsSupported() bool { return true }\n",
		source: "Resolve: %s.GetDefaultProfile",
	},
}

func moby(folder string) kind {
	return kind{
		folder: folder,
		files:  []string{"default_linux.go", "seccomp.go", "seccomp_linux.go"},
		extra: `import "` + self + `/machine"

func kernelGreaterEqualThan(least KernelVersion) (bool, error) {
	return machine.AtLeast(least.Kernel, least.Major), nil
}
`,
		source: "Resolve: %s.GetDefaultProfile",
	}
}

func main() {
	newest := flag.Bool("newest", false, "the newest release of each line alone")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(flag.Arg(0), *newest); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// program is what is being written.
type program struct {
	dir      string
	packages map[string]bool
	sources  []string
}

func write(dir string, newest bool) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	written := program{dir: dir, packages: map[string]bool{}}
	for _, group := range versions {
		releases := strings.Fields(group.releases)
		for position, release := range releases {
			last := position+1 == len(releases) || line(releases[position+1]) != line(release)
			if newest && !last {
				continue
			}
			if err := written.add(group.runtime, group.module, release); err != nil {
				return fmt.Errorf("%s %s: %w", group.runtime, release, err)
			}
		}
	}
	return written.finish(here)
}

// line is the release without its patch.
func line(release string) string {
	return release[:strings.LastIndexByte(release, '.')]
}

// add copies what defines the profile of one version.
func (p *program) add(runtime, module, release string) error {
	of := kinds[runtime]
	version := "v" + release
	if runtime == "docker" {
		version += "+incompatible"
	}
	folder, err := p.download(module, version)
	if err != nil {
		return err
	}
	name := runtime + "@" + release
	if _, err := os.Stat(filepath.Join(folder, of.folder, of.files[0])); os.IsNotExist(err) {
		// Docker's package passes on to a module of its own since 28.4.
		module, version, err = required(filepath.Join(folder, "vendor.mod"), "github.com/moby/profiles/seccomp")
		if err != nil {
			return err
		}
		if folder, err = p.download(module, version); err != nil {
			return err
		}
		of = kinds["moby-profiles"]
	}
	files := map[string][]byte{}
	digest := sha256.New()
	for _, file := range of.files {
		text, err := os.ReadFile(filepath.Join(folder, of.folder, file))
		if err != nil {
			return err
		}
		if files[file], err = redirect(text); err != nil {
			return err
		}
		digest.Write(files[file])
	}
	pack := fmt.Sprintf("%s_%x", strings.ReplaceAll(runtime, "-", "_"), digest.Sum(nil)[:6])
	p.sources = append(p.sources, fmt.Sprintf("{Name: %q, Code: %q, %s},", name, pack, fmt.Sprintf(of.source, pack)))
	if p.packages[pack] {
		return nil
	}
	p.packages[pack] = true
	files["replaced.go"] = []byte("package seccomp\n\n" + of.extra)
	for file, text := range files {
		if err := p.write(filepath.Join(pack, file), text); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) write(path string, text []byte) error {
	path = filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// finish writes the program around the packages.
func (p *program) finish(here string) error {
	imports := []string{}
	for pack := range p.packages {
		imports = append(imports, fmt.Sprintf("%s %q", pack, "defaults.test/"+pack))
	}
	sort.Strings(imports)
	text := fmt.Sprintf("package main\n\nimport (\n%q\n%s\n)\n\nfunc main() {\nanswer.Serve([]answer.Source{\n%s\n})\n}\n",
		self+"/answer", strings.Join(imports, "\n"), strings.Join(p.sources, "\n"))
	formatted, err := format.Source([]byte(text))
	if err != nil {
		return err
	}
	if err := p.write("main.go", formatted); err != nil {
		return err
	}
	module, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	module = regexp.MustCompile(`(?m)^module .*$`).ReplaceAll(module, []byte("module defaults.test"))
	module = bytes.ReplaceAll(module, []byte("=> ../lines"), []byte("=> "+filepath.Join(here, "../lines")))
	module = fmt.Appendf(module, "\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n", self, here)
	if err := p.write("go.mod", module); err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	return p.write("go.sum", sums)
}

// download returns the folder of a module in the module cache.
func (p *program) download(module, version string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	// No requirement of ours decides which version is read.
	command.Dir = p.dir
	command.Env = append(os.Environ(), "GOWORK=off", "GO111MODULE=on", "GOFLAGS=-modcacherw")
	var said bytes.Buffer
	command.Stderr = &said
	printed, failed := command.Output()
	var found struct{ Dir, Error string }
	if err := json.Unmarshal(printed, &found); err != nil {
		return "", fmt.Errorf("%w: %s", failed, said.String())
	}
	if found.Error != "" {
		return "", fmt.Errorf("%s", found.Error)
	}
	return found.Dir, failed
}

// required finds what version of a module a file requires.
func required(file, module string) (string, string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", err
	}
	found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(text)
	if found == nil {
		return "", "", fmt.Errorf("%s requires no %s", file, module)
	}
	return module, string(found[1]), nil
}

// redirected are the imports through which the files look at the machine, or
// need a C library.
var redirected = map[string]string{
	`"runtime"`: "runtime",
	`"github.com/containerd/containerd/contrib/seccomp/kernelversion"`: "kernelversion",
	`"github.com/containerd/containerd/v2/pkg/kernelversion"`:          "kernelversion",
	`"github.com/seccomp/libseccomp-golang"`:                           "libseccomp",
}

// redirect points a file's imports at package machine. A comment that says
// which path the package must be imported by is dropped.
func redirect(text []byte) ([]byte, error) {
	text = regexp.MustCompile(`(?m)^(package seccomp) // import .*$`).ReplaceAll(text, []byte("$1"))
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "", text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, spec := range parsed.Imports {
		if name, ok := redirected[spec.Path.Value]; ok {
			spec.Name = ast.NewIdent(name)
			spec.Path.Value = fmt.Sprintf("%q", self+"/machine")
		}
	}
	var printed bytes.Buffer
	err = format.Node(&printed, files, parsed)
	return printed.Bytes(), err
}
