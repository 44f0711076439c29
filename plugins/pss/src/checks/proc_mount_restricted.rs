//! `procMount_restricted`: /proc keeps its masks, user namespace or not.
//!
//! Source: `policy/check_procMount_restricted.go`, since policy version 1.35.

use super::{PssCheck, Revision, proc_mount};
use crate::level::Level;

pub(super) static CHECK: PssCheck = PssCheck {
    check: identity!(
        "procMount_restricted",
        "the masks over /proc are taken away, in whatever user namespace",
        "proc_mount_restricted.md"
    ),
    level: Level::Restricted,
    revisions: &[Revision::overriding(35, &["procMount"], proc_mount::find)],
    prose: proc_mount::prose,
};
