//! Profiles as they are loaded: each distinct one (document, capabilities, architecture, kernel)
//! is resolved once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::evaluate::{Resolved, Target, resolve};
use crate::profile::{Profile, Wrong};

/// The outcome of resolving: a filter, or why no container starts.
pub(super) type Loaded = Result<Arc<Resolved>, Wrong>;

/// What was resolved so far.
#[derive(Debug, Default)]
pub struct Filters {
    known: BTreeMap<String, Vec<(Arc<Profile>, Target, Loaded)>>,
}

impl Filters {
    /// The filter of a profile for a target.
    pub fn get(&mut self, profile: &Arc<Profile>, target: &Target) -> Loaded {
        let Target { machine, kernel, caps, .. } = target;
        let caps: Vec<&str> = caps.iter().map(String::as_str).collect();
        let known = self.known.entry(format!("{machine} {kernel} {}", caps.join(","))).or_default();
        let same =
            known.iter().find(|(other, others, _)| Arc::ptr_eq(other, profile) && others == target);
        if let Some((_, _, loaded)) = same {
            return loaded.clone();
        }
        let loaded = resolve(profile, target).map(Arc::new);
        known.push((profile.clone(), target.clone(), loaded.clone()));
        loaded
    }

    /// How many were resolved.
    pub fn count(&self) -> usize {
        self.known.values().map(Vec::len).sum()
    }
}
