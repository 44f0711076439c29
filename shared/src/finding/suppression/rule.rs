//! One suppression: which findings it means, until when, and why.

use std::sync::Arc;

use super::line::Line;
use super::{By, Ground, Idle, Idleness};
use crate::finding::catalog::Catalog;
use crate::finding::pattern::{Pattern, glob};
use crate::finding::report::Finding;
use crate::model::clock::Day;
use crate::model::object::ObjectRef;
use crate::model::owners::Owner;
use crate::model::source::{Mark, Source};

/// A suppression that somebody wrote.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The check that it names, as written.
    pub check: String,
    /// The checks that this means.
    pub pattern: Pattern,
    /// Which findings of that check it means.
    pub scope: Scope,
    /// The last day on which it holds.
    pub until: Option<Day>,
    /// Why; what is wrong with it, where it cannot be followed.
    pub reason: Result<String, String>,
    /// In what form it is written.
    pub by: By,
    /// Where, if it is in a file.
    pub place: Option<Mark>,
    /// Whether an owner of the object says it too: then it is for that one to be of use.
    pub is_echo: bool,
}

/// Which findings a suppression means.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Those of an object, and of what it owns.
    Object(ObjectRef),
    /// Those on a line of a file.
    Line(Arc<Source>, usize),
    /// Those that fit an entry of a file; what is absent fits all. Globs.
    Entry(Entry),
}

/// What an entry of `.posture.yaml` says about objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `Deployment`, of the object or of its root owner.
    pub kind: Option<String>,
    /// The namespace that the object is judged in.
    pub namespace: Option<String>,
    /// The name, of the object or of its root owner.
    pub name: Option<String>,
    /// The field: `spec.template.spec.containers[*].ports*`.
    pub path: Option<String>,
}

impl Rule {
    /// The rules of one line: one for each check that it names.
    pub fn of_line(text: &str, by: By, place: Option<&Mark>, scope: &Scope) -> Vec<Self> {
        let rule = |check: &str, until, reason| Self {
            check: check.to_owned(),
            pattern: Pattern::new(check),
            scope: scope.clone(),
            until,
            reason,
            by,
            place: place.cloned(),
            is_echo: false,
        };
        match super::line::read(text) {
            Ok(Line { checks, until, reason }) => {
                checks.iter().map(|check| rule(check, until, Ok(reason.to_owned()))).collect()
            }
            Err((checks, why)) => vec![rule(&checks, None, Err(why))],
        }
    }

    /// Whether the rule means a finding. `owner` is the root owner of the finding's object.
    pub fn means(&self, finding: &Finding, owner: Option<&Owner>, catalog: &Catalog) -> bool {
        if self.reason.is_err()
            || !catalog.any_means(std::slice::from_ref(&self.pattern), finding.check)
        {
            return false;
        }
        match &self.scope {
            Scope::Object(object) => is_about(object, &finding.object, owner),
            Scope::Line(source, line) => finding
                .place
                .as_ref()
                .is_some_and(|mark| Arc::ptr_eq(mark.source(), source) && mark.line() == *line),
            Scope::Entry(entry) => {
                entry.fits(&finding.object, owner)
                    && entry.path.as_ref().is_none_or(|path| glob(path, &finding.path))
            }
        }
    }

    /// Whether its last day is over.
    pub fn is_expired(&self, today: Day) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Why a finding that it means does not count.
    pub fn ground(&self) -> Ground {
        Ground {
            by: self.by,
            place: self.place.clone(),
            until: self.until.map(|until| until.to_string()),
            reason: self.reason.clone().unwrap_or_default(),
        }
    }

    /// What is wrong with the rule. `None` for one that does its work, or is about checks that
    /// others know.
    pub fn idleness(&self, used: bool, today: Day, catalog: &Catalog) -> Option<Idle> {
        if self.is_echo {
            return None;
        }
        let known = catalog.means(&self.pattern);
        let (status, why) = match &self.reason {
            Err(why) => (Idleness::Invalid, why.clone()),
            Ok(_) if !known => {
                let near = catalog.near(&self.check).map(|near| format!("; did you mean {near}?"));
                (Idleness::Invalid, format!("there is no such check{}", near.unwrap_or_default()))
            }
            Ok(_) if self.is_expired(today) => {
                let until = self.until.map(|until| until.to_string()).unwrap_or_default();
                (Idleness::Expired, format!("it ended on {until}"))
            }
            Ok(_) if used => return None,
            Ok(_) => (Idleness::Unused, "nothing that it means was found".to_owned()),
        };
        let object = match &self.scope {
            Scope::Object(object) => Some(object.to_string()),
            Scope::Line(..) => None,
            Scope::Entry(entry) => entry.describe(),
        };
        let place = self.place.clone();
        Some(Idle { status, by: self.by, check: self.check.clone(), place, object, why })
    }
}

/// Whether an object is the one that is meant, or is owned by it.
fn is_about(meant: &ObjectRef, object: &ObjectRef, owner: Option<&Owner>) -> bool {
    if meant.namespace != object.namespace {
        return false;
    }
    let is_same =
        meant.kind == object.kind && meant.name == object.name && meant.group() == object.group();
    is_same || owner.is_some_and(|owner| owner.kind == meant.kind && owner.name == meant.name)
}

impl Entry {
    fn fits(&self, object: &ObjectRef, owner: Option<&Owner>) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| glob(pattern, text))
        };
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let is_one = |kind: &str, name: &str| fits(&self.kind, kind) && fits(&self.name, name);
        fits(&self.namespace, namespace)
            && (is_one(&object.kind, &object.name)
                || owner.is_some_and(|owner| is_one(&owner.kind, &owner.name)))
    }

    /// `Deployment/web in shop`, as far as it says so.
    fn describe(&self) -> Option<String> {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
        let of_object = self.kind.is_some() || self.name.is_some();
        let object = of_object.then(|| format!("{}/{}", part(&self.kind), part(&self.name)));
        let namespace = self.namespace.as_ref().map(|namespace| format!("in {namespace}"));
        let parts: Vec<String> = object.into_iter().chain(namespace).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}
