//! Deliberate faults: a test turns one check's answer around, to prove that the judges notice.
//!
//! Only with the feature `faults`, which no release has.

use std::sync::{Mutex, MutexGuard, PoisonError};

use posture::model::path::FieldPath;

use crate::container::Container;
use crate::pod::Pod;
use crate::violation::{Subject, Violation};

static INJECTED: Mutex<Option<String>> = Mutex::new(None);
static TURN: Mutex<()> = Mutex::new(());

/// A fault in one check, until it is dropped.
#[derive(Debug)]
pub struct Injected {
    _turn: MutexGuard<'static, ()>,
}

/// Turns the answer of one check around, in all threads. Waits while another fault is in place.
#[must_use = "the fault is gone when this is dropped"]
pub fn inject(check: &str) -> Injected {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    *INJECTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(check.to_owned());
    Injected { _turn: turn }
}

impl Drop for Injected {
    fn drop(&mut self) {
        *INJECTED.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Does what the fault in place asks for: nothing found becomes something, something nothing.
pub(crate) fn apply(check: &str, pod: &Pod<'_>, violations: &mut Vec<Violation>) {
    if INJECTED.lock().unwrap_or_else(PoisonError::into_inner).as_deref() != Some(check) {
        return;
    }
    if !violations.is_empty() {
        violations.clear();
        return;
    }
    let subject = pod.containers().first().map_or(Subject::Pod, Container::subject);
    let invented = Violation::forbidden(subject, FieldPath::of("spec.injected"), "injected");
    violations.push(invented.advise("ignore it: a test invented it"));
}
