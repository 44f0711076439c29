//! The system's libseccomp, found at run time: the library that runc and crun compile with.
#![expect(unsafe_code, reason = "a C library is called")]

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsRawFd, FromRawFd};

use crate::bpf::Instruction;

/// What to do where the library is missing.
pub const MISSING: &str = "libseccomp.so.2 cannot be loaded: install libseccomp (Debian, Ubuntu: \
                           apt-get install libseccomp2; Fedora: dnf install libseccomp)";

/// A condition: `struct scmp_arg_cmp`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// Which argument.
    pub arg: c_uint,
    /// `enum scmp_compare`: NE 1, LT 2, LE 3, EQ 4, GE 5, GT 6, `MASKED_EQ` 7.
    pub op: c_int,
    /// The value, or the mask.
    pub datum_a: u64,
    /// The masked value.
    pub datum_b: u64,
}

/// `SCMP_FLTATR_CTL_OPTIMIZE`
const OPTIMIZE: c_int = 8;

type Init = unsafe extern "C" fn(u32) -> *mut c_void;
type Release = unsafe extern "C" fn(*mut c_void);
type Arch = unsafe extern "C" fn(*mut c_void, u32) -> c_int;
type Attribute = unsafe extern "C" fn(*mut c_void, c_int, u32) -> c_int;
type Rule = unsafe extern "C" fn(*mut c_void, u32, c_int, c_uint, *const Condition) -> c_int;
type Export = unsafe extern "C" fn(*const c_void, c_int) -> c_int;
type Resolve = unsafe extern "C" fn(*const c_char) -> c_int;
type ResolveArch = unsafe extern "C" fn(u32, *const c_char) -> c_int;
type NativeArch = unsafe extern "C" fn() -> u32;
type VersionOf = unsafe extern "C" fn() -> *const [c_uint; 3];

/// The functions of the library.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    init: Init,
    release: Release,
    arch_add: Arch,
    arch_remove: Arch,
    attr_set: Attribute,
    rule_add: Rule,
    export: Export,
    resolve: Resolve,
    resolve_arch: ResolveArch,
    native: NativeArch,
    version: VersionOf,
}

/// `__NR_SCMP_ERROR`
const NO_SUCH_NAME: c_int = -1;

impl Library {
    /// Loads the library.
    ///
    /// # Panics
    /// If it is not installed, with the words to install it.
    pub fn load() -> Self {
        // SAFETY: the name is a C string; what the library does on loading is its own affair.
        let handle = unsafe { libc::dlopen(c"libseccomp.so.2".as_ptr(), libc::RTLD_NOW) };
        assert!(!handle.is_null(), "{MISSING}");
        macro_rules! function {
            ($name:literal as $kind:ty) => {{
                // SAFETY: the handle is valid and never closed.
                let address = unsafe { libc::dlsym(handle, $name.as_ptr()) };
                assert!(!address.is_null(), "libseccomp has no {:?}", $name);
                // SAFETY: seccomp.h declares the function with this type.
                unsafe { std::mem::transmute::<*mut c_void, $kind>(address) }
            }};
        }
        Self {
            init: function!(c"seccomp_init" as Init),
            release: function!(c"seccomp_release" as Release),
            arch_add: function!(c"seccomp_arch_add" as Arch),
            arch_remove: function!(c"seccomp_arch_remove" as Arch),
            attr_set: function!(c"seccomp_attr_set" as Attribute),
            rule_add: function!(c"seccomp_rule_add_array" as Rule),
            export: function!(c"seccomp_export_bpf" as Export),
            resolve: function!(c"seccomp_syscall_resolve_name" as Resolve),
            resolve_arch: function!(c"seccomp_syscall_resolve_name_arch" as ResolveArch),
            native: function!(c"seccomp_arch_native" as NativeArch),
            version: function!(c"seccomp_version" as VersionOf),
        }
    }

    /// The version: major, minor, micro.
    pub fn version(&self) -> [c_uint; 3] {
        // SAFETY: it returns a pointer to three numbers that live as long as the library.
        unsafe { *(self.version)() }
    }

    /// The number by which rules name a call, negative where this machine has none; `None` where
    /// the library knows no such name.
    pub fn number(&self, name: &str) -> Option<c_int> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name is a C string.
        let number = unsafe { (self.resolve)(name.as_ptr()) };
        (number != NO_SUCH_NAME).then_some(number)
    }

    /// The number of a call on another architecture, negative where that has none.
    pub fn number_on(&self, arch: u32, name: &str) -> Option<c_int> {
        let name = CString::new(name).ok()?;
        // SAFETY: the name is a C string.
        let number = unsafe { (self.resolve_arch)(arch, name.as_ptr()) };
        (number != NO_SUCH_NAME).then_some(number)
    }

    /// A filter for these architectures, the machine's first, with a default action.
    ///
    /// # Errors
    /// The library's error, as a negative number.
    pub fn filter(&self, default: u32, archs: &[u32]) -> Result<Filter<'_>, c_int> {
        // SAFETY: any action may be asked for; a bad one gives a null pointer.
        let context = unsafe { (self.init)(default) };
        if context.is_null() {
            return Err(-libc::EINVAL);
        }
        let filter = Filter { library: self, context };
        // SAFETY: no arguments.
        let native = unsafe { (self.native)() };
        for arch in archs {
            // SAFETY: the context is valid.
            let rc = unsafe { (self.arch_add)(context, *arch) };
            if rc != 0 && rc != -libc::EEXIST {
                return Err(rc);
            }
        }
        if !archs.contains(&native) {
            // SAFETY: the context is valid.
            checked(unsafe { (self.arch_remove)(context, native) })?;
        }
        Ok(filter)
    }
}

fn checked(rc: c_int) -> Result<(), c_int> {
    if rc < 0 { Err(rc) } else { Ok(()) }
}

/// A filter in the making.
#[derive(Debug)]
pub struct Filter<'a> {
    library: &'a Library,
    context: *mut c_void,
}

impl Filter<'_> {
    /// Lets the library write a tree of numbers instead of a list, as runc does for long profiles.
    pub fn optimize(&self) {
        // SAFETY: the context is valid. Old versions refuse, which changes nothing.
        let _ = unsafe { (self.library.attr_set)(self.context, OPTIMIZE, 2) };
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// The library's error, as a negative number.
    pub fn rule(&self, action: u32, number: c_int, all: &[Condition]) -> Result<(), c_int> {
        let count = c_uint::try_from(all.len()).map_err(|_| -libc::EINVAL)?;
        // SAFETY: the context is valid, and the array has as many elements as it says.
        let rc =
            unsafe { (self.library.rule_add)(self.context, action, number, count, all.as_ptr()) };
        checked(rc)
    }

    /// The filter as it would be loaded.
    ///
    /// # Errors
    /// The library's error, as a negative number.
    ///
    /// # Panics
    /// If there is no memory for a file of some kilobytes.
    pub fn export(&self) -> Result<Vec<Instruction>, c_int> {
        // SAFETY: the name is a C string, and the descriptor is this function's own.
        let mut file = unsafe {
            let descriptor = libc::memfd_create(c"filter".as_ptr(), 0);
            assert!(descriptor >= 0, "no file in memory");
            File::from_raw_fd(descriptor)
        };
        // SAFETY: the context is valid, and so is the descriptor.
        checked(unsafe { (self.library.export)(self.context, file.as_raw_fd()) })?;
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes));
        assert!(read.is_ok(), "the file in memory is readable");
        let instructions = bytes.chunks_exact(8).map(|chunk| Instruction {
            code: u16::from_ne_bytes([chunk[0], chunk[1]]),
            jt: chunk[2],
            jf: chunk[3],
            k: u32::from_ne_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]),
        });
        Ok(instructions.collect())
    }
}

impl Drop for Filter<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is valid, and nobody has it any more.
        unsafe { (self.library.release)(self.context) };
    }
}

/// The system's words for an error of the library.
pub fn reason(rc: c_int) -> String {
    // SAFETY: it returns a C string that stays until the next call on this thread.
    let text = unsafe { CStr::from_ptr(libc::strerror(-rc)) };
    text.to_string_lossy().into_owned()
}
