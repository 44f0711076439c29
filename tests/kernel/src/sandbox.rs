//! Makes calls under a filter, each in a child process of its own: a filter cannot be taken off.
#![expect(unsafe_code, reason = "processes, filters and raw system calls")]

use std::ptr;

use crate::bpf::Instruction;
use crate::wire::{Call, Seen};

/// What a child leaves in the memory that it shares with us.
#[repr(C)]
struct Slot {
    returned: i32,
    errno: i32,
    value: i64,
}

/// How long a call may take before its process is ended, in seconds.
const PATIENCE: u32 = 20;

/// What comes of each call under the filter.
///
/// Only for a process with one thread, which the helper is: its children go on where it stood.
///
/// # Panics
/// If no process or no memory is to be had.
pub fn observe(filter: &[Instruction], calls: &[Call]) -> Vec<Seen> {
    let mut filter: Vec<libc::sock_filter> = filter
        .iter()
        .map(|one| libc::sock_filter { code: one.code, jt: one.jt, jf: one.jf, k: one.k })
        .collect();
    let length = u16::try_from(filter.len()).expect("a filter has at most 4096 instructions");
    let program = libc::sock_fprog { len: length, filter: filter.as_mut_ptr() };
    let slot = shared();
    calls.iter().map(|call| one(&program, call, slot)).collect()
}

fn shared() -> *mut Slot {
    // SAFETY: memory of our own, shared with children only.
    let memory = unsafe {
        libc::mmap(
            ptr::null_mut(),
            size_of::<Slot>(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert!(memory != libc::MAP_FAILED, "no memory to share");
    memory.cast()
}

fn one(program: &libc::sock_fprog, call: &Call, slot: *mut Slot) -> Seen {
    // SAFETY: the slot is shared memory of the right size; the child runs nothing but `child`,
    // which allocates nothing; the parent waits for it.
    unsafe {
        slot.write(Slot { returned: 0, errno: 0, value: 0 });
        let pid = libc::fork();
        assert!(pid >= 0, "no process");
        if pid == 0 {
            child(program, call, slot);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid, "the child is ours");
        let Slot { returned, errno, value } = slot.read_volatile();
        if returned == 1 {
            return Seen::Returned { value, errno };
        }
        assert!(libc::WIFSIGNALED(status), "the child could not load the filter: {status:#x}");
        Seen::Ended(libc::WTERMSIG(status))
    }
}

/// Loads the filter, makes the call, notes what came of it, and ends.
///
/// # Safety
/// The slot must be shared memory; the process is not fit for anything else afterwards.
unsafe fn child(program: &libc::sock_fprog, call: &Call, slot: *mut Slot) -> ! {
    // SAFETY: plain system calls on our own process; the pointers are valid.
    unsafe {
        libc::alarm(PATIENCE);
        // No call finds a file that it could change.
        libc::syscall(libc::SYS_close_range, 0_u32, u32::MAX, 0_u32);
        let ready = libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::syscall(libc::SYS_seccomp, 1, 0, ptr::from_ref(program)) == 0;
        if !ready {
            libc::_exit(1);
        }
        let (value, errno) = if call.compat { compat(call) } else { native(call) };
        slot.write_volatile(Slot { returned: 1, errno, value });
        libc::syscall(libc::SYS_exit_group, 0);
        // Where the filter does not let it go.
        ptr::null_mut::<u8>().write_volatile(0);
        loop {
            std::hint::spin_loop();
        }
    }
}

/// # Safety
/// As the call's own.
unsafe fn native(call: &Call) -> (i64, i32) {
    let [one, two, three, four, five, six] = call.args;
    // SAFETY: the caller answers for it.
    unsafe {
        let value = libc::syscall(i64::from(call.number), one, two, three, four, five, six);
        (value, if value == -1 { *libc::__errno_location() } else { 0 })
    }
}

/// A call through the 32-bit entry.
///
/// # Safety
/// As the call's own.
#[cfg(target_arch = "x86_64")]
#[expect(clippy::cast_possible_truncation, reason = "the entry takes 32 bits")]
unsafe fn compat(call: &Call) -> (i64, i32) {
    let [first, second, third, ..] = call.args;
    let mut result = u64::from(call.number);
    // SAFETY: the caller answers for the call; rbx, which the compiler keeps, is restored, and the
    // entry changes no other register but these.
    unsafe {
        std::arch::asm!(
            "xchg rbx, {first}",
            "int 0x80",
            "xchg rbx, {first}",
            first = inout(reg) first & 0xffff_ffff => _,
            inout("rax") result,
            in("rcx") second & 0xffff_ffff,
            in("rdx") third & 0xffff_ffff,
            in("rsi") 0_u64,
            in("rdi") 0_u64,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    let value = i64::from(result as i32);
    let failed = (-4095..0).contains(&value);
    if failed { (-1, -(value as i32)) } else { (value, 0) }
}

/// Other machines have no such entry.
///
/// # Safety
/// None is needed.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn compat(_: &Call) -> (i64, i32) {
    (-1, libc::ENOSYS)
}
