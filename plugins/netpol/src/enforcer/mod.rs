//! Who enforces policies in a cluster, how that was found out, and where it departs from the
//! specification.
//!
//! All of it is weak evidence: nothing in the API says who enforces policies, or whether anybody does.

mod cilium;
mod image;
mod known;
mod signs;
#[cfg(test)]
mod tests;

pub use self::known::names;
pub use self::signs::{Scene, Signs};
use crate::dialect::{Dialect, Kinds};

/// Somebody who enforces policies.
#[derive(Clone, Debug)]
pub struct Enforcer {
    /// As people call it: `Calico`.
    pub name: &'static str,
    /// What it was found by: `DaemonSet calico-system/calico-node`.
    pub evidence: String,
    /// How it reads policies, and which kinds.
    pub dialect: Dialect,
    /// Where it departs from the specification, in sentences.
    pub notes: Vec<String>,
}

impl Enforcer {
    /// Which kinds it acts on.
    pub fn kinds(&self) -> Kinds {
        self.dialect.kinds
    }
}

/// What was found out.
#[derive(Clone, Debug)]
pub enum Detected {
    /// Somebody enforces policies.
    Found(Box<Enforcer>),
    /// Nobody who is known does; the texts name networks that are known not to.
    Nobody(Vec<String>),
    /// It is not known, and why.
    Unknown(String),
}

impl Detected {
    /// The enforcer, if there is one.
    pub fn enforcer(&self) -> Option<&Enforcer> {
        match self {
            Self::Found(enforcer) => Some(enforcer),
            Self::Nobody(_) | Self::Unknown(_) => None,
        }
    }

    /// How policies are read: as was asked for, as the enforcer does it that was found, or with all
    /// left open that the specification leaves open.
    pub fn dialect(&self, asked: Option<&Dialect>) -> Dialect {
        let found = self.enforcer().map(|enforcer| &enforcer.dialect);
        asked.or(found).cloned().unwrap_or_else(Dialect::open)
    }

    /// The first line of every answer: `enforcer: Calico (DaemonSet calico-system/calico-node)`.
    /// Nothing in it is escaped.
    pub fn line(&self, asked: Option<&Dialect>) -> String {
        let found = match self {
            Self::Found(enforcer) => format!("{} ({})", enforcer.name, enforcer.evidence),
            Self::Nobody(others) if others.is_empty() => {
                "none found: policies may have no effect".to_owned()
            }
            Self::Nobody(others) => {
                format!("none found: policies may have no effect ({})", others.join("; "))
            }
            Self::Unknown(why) => format!("not known ({why})"),
        };
        match asked {
            Some(asked) => {
                let name = known::label(&asked.name).unwrap_or("the specification");
                format!("enforcer: {name} (--cni {}); found: {found}", asked.name)
            }
            None => format!("enforcer: {found}"),
        }
    }
}
