// Package machine is the machine that the profiles are asked for. It stands in
// the place of three packages that would look at the real one: Go's runtime,
// containerd's kernelversion, and libseccomp.
package machine

// What the copied files import beside, so that this module requires it.
import _ "golang.org/x/sys/unix"

// GOARCH is the architecture, as runtime.GOARCH.
var GOARCH = "amd64"

// Kernel is the version of Linux, and its major revision.
var Kernel = [2]uint64{6, 0}

// KernelVersion is that of containerd's kernelversion.
type KernelVersion struct {
	Kernel uint64
	Major  uint64
}

// gates are the versions of Linux that were asked about.
var gates = map[[2]uint64]bool{}

// GreaterEqualThan says whether the kernel is of that version or later.
func GreaterEqualThan(least KernelVersion) (bool, error) {
	return AtLeast(least.Kernel, least.Major), nil
}

// AtLeast says whether the kernel is of that version or later.
func AtLeast(kernel, major uint64) bool {
	gates[[2]uint64{kernel, major}] = true
	return Kernel[0] > kernel || Kernel[0] == kernel && Kernel[1] >= major
}

// Gates returns the versions of Linux that were asked about since the last
// call.
func Gates() [][2]uint64 {
	asked := [][2]uint64{}
	for gate := range gates {
		asked = append(asked, gate)
	}
	clear(gates)
	return asked
}

// Native is an architecture of libseccomp.
type Native string

func (a Native) String() string { return string(a) }

// natives is what libseccomp calls the architectures, where Go has another
// name.
var natives = map[string]Native{
	"386":      "x86",
	"mips64le": "mipsel64",
	"mipsle":   "mipsel",
}

// GetNativeArch is libseccomp's name of the architecture.
func GetNativeArch() (Native, error) {
	if name, ok := natives[GOARCH]; ok {
		return name, nil
	}
	return Native(GOARCH), nil
}
