//! `socketcall` and `ipc`: one number for many calls, on ABIs that go back to the nineties.
//!
//! libseccomp writes every rule about a socket call there twice: for the call itself, and for
//! `socketcall` with the call's number as first argument. That argument takes the place of what
//! the rule says about the first one, and the others are a pointer and nothing: rules cannot see
//! through.
//!
//! Sources: `linux/net.h` and `linux/ipc.h` of Linux; libseccomp's documentation of
//! `seccomp_rule_add` on multiplexed calls.

/// The calls that go through `socketcall`, the first one as number 1.
const SOCKET_CALLS: [&str; 20] = [
    "socket",
    "bind",
    "connect",
    "listen",
    "accept",
    "getsockname",
    "getpeername",
    "socketpair",
    "send",
    "recv",
    "sendto",
    "recvfrom",
    "shutdown",
    "setsockopt",
    "getsockopt",
    "sendmsg",
    "recvmsg",
    "accept4",
    "recvmmsg",
    "sendmmsg",
];

/// The calls that go through `ipc`, with their numbers.
const IPC_CALLS: [(&str, u64); 12] = [
    ("semop", 1),
    ("semget", 2),
    ("semctl", 3),
    ("semtimedop", 4),
    ("msgsnd", 11),
    ("msgrcv", 12),
    ("msgget", 13),
    ("msgctl", 14),
    ("shmat", 21),
    ("shmdt", 22),
    ("shmget", 23),
    ("shmctl", 24),
];

/// The call that another one also goes through, and its number there.
pub fn through(name: &str) -> Option<(&'static str, u64)> {
    let socket = SOCKET_CALLS.iter().zip(1..).find(|(known, _)| **known == name);
    let ipc = || IPC_CALLS.iter().find(|(known, _)| *known == name);
    match socket {
        Some((_, number)) => Some(("socketcall", number)),
        None => ipc().map(|(_, number)| ("ipc", *number)),
    }
}
