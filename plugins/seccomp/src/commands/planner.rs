//! From an object to what is done to it.

use std::borrow::Cow;

use posture::model::gap::Gap;
use posture::model::object::{Object, ObjectRef};
use posture::patch::plan::{Left, Planned, Step};
use posture::patch::shell;
use posture::patch::standing::{self, Place};

use super::enforced::Enforced;
use crate::named::Profile;
use crate::set::{self, Doing, Outcome, Wish};

/// The namespace of objects that name none, where `-n` names none either.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// What is known beside the object.
#[derive(Debug)]
pub(super) struct Planner<'a> {
    /// How the program is called.
    pub(super) program: &'a str,
    /// What is wanted.
    pub(super) wish: &'a Wish,
    /// The namespace of objects that name none.
    pub(super) namespace: Option<&'a str>,
    /// How commands of kubectl begin that mean the cluster of the objects, if they are of one.
    pub(super) live: Option<String>,
    /// Whether objects that somebody manages are changed too.
    pub(super) managed: bool,
    /// Whether the objects were named: then it matters that a container is missing.
    pub(super) named: bool,
    /// What namespaces enforce.
    pub(super) enforced: Enforced,
}

impl Planner<'_> {
    /// How reports name an object.
    pub(super) fn reference(&self, object: &Object) -> ObjectRef {
        let namespace = object.namespace().or(self.namespace).unwrap_or(DEFAULT_NAMESPACE);
        object.reference(Some(namespace))
    }

    /// What is done to an object. `ways` say how it was found.
    pub(super) fn plan(&self, object: Object, ways: Vec<String>) -> Planned {
        let reference = self.reference(&object);
        match set::outcome(&object, self.wish) {
            Outcome::Aside => Planned::Aside,
            Outcome::Already => Planned::Already(reference),
            Outcome::Left { why, instead } => {
                Planned::Left(Left { object: reference, why, instead })
            }
            Outcome::NoContainer if !self.named => Planned::Aside,
            Outcome::NoContainer => Planned::Left(Left {
                object: reference,
                why: format!("it has no container {}", self.wish.containers.join(", ")),
                instead: Vec::new(),
            }),
            Outcome::Unknown(why) => Planned::Unknown(Gap {
                what: "object".to_owned(),
                place: object.mark(),
                object: Some(reference.to_string()),
                why,
                hint: String::new(),
            }),
            Outcome::Change { doings, notes, unconfined } => {
                self.change(object, reference, doings, (ways, notes, unconfined))
            }
        }
    }

    fn change(
        &self,
        object: Object,
        reference: ObjectRef,
        doings: Vec<Doing>,
        (ways, mut notes, unconfined): (Vec<String>, Vec<String>, bool),
    ) -> Planned {
        if unconfined {
            let namespace = reference.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            notes.extend(self.enforced.note(namespace));
        }
        let command = self.command();
        let place = match &self.live {
            Some(kubectl) => Place::Cluster { kubectl, command: &command, managed: self.managed },
            None => Place::File,
        };
        let steps = doings.into_iter().map(step).collect();
        standing::change(object, reference, steps, place, (ways, notes))
    }

    /// The command that does the same to an object in a pipe.
    fn command(&self) -> String {
        let wish = self.wish;
        let profile = match &wish.profile {
            Profile::Localhost(path) => format!("Localhost={path}"),
            other => other.kind().to_owned(),
        };
        let mut words = vec![self.program.to_owned(), "set".to_owned(), shell::word(&profile)];
        words.extend(
            wish.containers.iter().map(|name| format!("--container={}", shell::word(name))),
        );
        if wish.override_containers {
            words.push("--override-containers".to_owned());
        }
        if wish.migrate_annotations {
            words.push("--migrate-annotations".to_owned());
        }
        words.push("-f - -o yaml".to_owned());
        words.join(" ")
    }
}

fn step(doing: Doing) -> Step {
    Step {
        title: Cow::Owned(doing.title),
        check: None,
        grade: None,
        evidence: Cow::Owned(doing.before),
        edits: doing.edits,
    }
}
