//! What to edit in one pod or pod template.
//!
//! A container runs with the profile in its own `securityContext`, else with that of the pod; the
//! whole profile counts, its parts are not mixed.
//! Source: `getSeccompProfile` of Kubernetes' `pkg/kubelet/kuberuntime`.

use posture::model::container::{Container, ContainerKind, containers};
use posture::model::edit::Edit;
use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::workload::PodTemplate;

use super::annotations::{self, Annotation};
use super::{Doing, Outcome, Wish};
use crate::capabilities::is_privileged;
use crate::effective::names_windows;
use crate::named::{FIELD, Profile, describe, title};

/// A place where a profile may stand: the pod, or one container.
struct Place<'a> {
    /// The container; `None` for the pod.
    container: Option<Container<'a>>,
    /// The `securityContext`, from the object's root.
    path: FieldPath,
    /// The `securityContext` as it is.
    context: Option<Value<'a>>,
    /// The profile as it is; none where it is null.
    current: Option<Value<'a>>,
    /// What it is meant to be, where that is not what it is.
    target: Option<Target>,
}

enum Target {
    Set(Profile),
    Remove,
}

impl<'a> Place<'a> {
    fn new(container: Option<Container<'a>>, owner: Value<'a>, path: FieldPath) -> Self {
        let context = owner.get("securityContext").filter(|value| !value.is_null());
        let current = context.and_then(|context| context.get(FIELD));
        let current = current.filter(|value| !value.is_null());
        Self { container, path: path.field("securityContext"), context, current, target: None }
    }

    fn name(&self) -> String {
        self.container.as_ref().map_or("the pod".to_owned(), title)
    }

    fn has(&self, profile: &Profile) -> bool {
        self.current.is_some_and(|value| profile.is(value))
    }

    /// Makes a profile the target, where it is not what is there.
    fn aim(&mut self, profile: &Profile) {
        if !self.has(profile) {
            self.target = Some(Target::Set(profile.clone()));
        }
    }

    /// Whether an annotation says something else than the field will: the server refuses that. One
    /// without a field beside it is not compared.
    ///
    /// Source: `validateSeccompAnnotationsAndFieldsMatch` of Kubernetes' `pkg/apis/core/validation`.
    fn contradicts(&self, annotation: &Annotation) -> bool {
        let said = Profile::of_annotation(&annotation.value);
        match (&self.target, self.current) {
            (Some(Target::Set(profile)), _) => said.as_ref() != Some(profile),
            (None, Some(current)) => !said.is_some_and(|said| said.is(current)),
            (Some(Target::Remove), _) | (None, None) => false,
        }
    }

    fn doing(&self, place: &str) -> Option<Doing> {
        let target = self.target.as_ref()?;
        let at = self.path.clone().field(FIELD);
        let before =
            self.current.map_or("not set".to_owned(), |value| format!("was {}", describe(value)));
        let name = self.name();
        let (title, edits) = match target {
            Target::Set(profile) => {
                let title = format!("set the seccompProfile of {name}{place} to {profile}");
                (title, profile.edits(&at, self.current))
            }
            Target::Remove => {
                let alone = self.context.is_some_and(|context| context.entries().count() == 1);
                let gone = if alone { self.path.clone() } else { at };
                (format!("remove the seccompProfile of {name}{place}"), vec![Edit::remove(gone)])
            }
        };
        Some(Doing { title, before, edits })
    }
}

/// What to edit in a template. `place` says where it is, for titles.
pub(super) fn outcome(template: &PodTemplate<'_>, wish: &Wish, place: &str) -> Outcome {
    let spec = template.value.get("spec").filter(|spec| spec.entries().next().is_some());
    let Some(spec) = spec else {
        let path = template.path.clone().field("spec");
        return Outcome::Unknown(format!("no pod at {path}: the API server would refuse it"));
    };
    if names_windows(spec) {
        return Outcome::Left {
            why: format!("a Windows pod{place}: seccompProfile cannot be set there"),
            instead: Vec::new(),
        };
    }
    let mut pod = Place::new(None, spec, template.path.clone().field("spec"));
    let mut places: Vec<Place<'_>> = containers(spec)
        .map(|container| {
            let path = template.path.clone().join(&container.path());
            Place::new(Some(container), container.value, path)
        })
        .collect();
    let mut notes = Vec::new();
    if wish.containers.is_empty() {
        aim_at_pod(&mut pod, &mut places, wish, &mut notes);
    } else if !aim_at_containers(&pod, &mut places, wish, &mut notes) {
        return Outcome::NoContainer;
    }
    let found = annotations::of(template.value);
    if wish.migrate_annotations {
        migrate(&found, &mut pod, &mut places, wish, &mut notes);
    } else if let Some(left) = refused(&found, &pod, &places) {
        return left;
    }
    let over = overriding(&places, wish);
    let mut doings: Vec<Doing> =
        std::iter::once(&pod).chain(&places).filter_map(|one| one.doing(place)).collect();
    if wish.migrate_annotations && !found.is_empty() {
        let values = found.iter().map(|one| format!("{}={}", one.key, one.value));
        doings.push(Doing {
            title: format!("remove the seccomp annotations{place}"),
            before: values.collect::<Vec<_>>().join(", "),
            edits: annotations::removal(template.value, &template.path, &found),
        });
    }
    if doings.is_empty() {
        return match over.as_slice() {
            [] => Outcome::Already,
            over => Outcome::Left { why: over.join("; "), instead: vec![OVERRIDE.to_owned()] },
        };
    }
    notes.extend(over.iter().map(|over| format!("{over}; {OVERRIDE}")));
    notes.extend(privileged(&pod, &places));
    if !wish.migrate_annotations && !found.is_empty() {
        notes.push(format!(
            "the seccomp annotations{place} have no effect since v1.27; --migrate-annotations turns them into fields"
        ));
    }
    let unconfined = std::iter::once(&pod)
        .chain(&places)
        .any(|one| matches!(one.target, Some(Target::Set(Profile::Unconfined))));
    Outcome::Change { doings, notes, unconfined }
}

const OVERRIDE: &str = "--override-containers removes it";

/// The wish is for the pod. Where every container has the profile and the pod none of its own,
/// nothing would run differently.
fn aim_at_pod(pod: &mut Place<'_>, places: &mut [Place<'_>], wish: &Wish, notes: &mut Vec<String>) {
    let everywhere = !places.is_empty() && places.iter().all(|one| one.has(&wish.profile));
    if pod.current.is_some() || !everywhere {
        pod.aim(&wish.profile);
    }
    if wish.override_containers {
        for one in places {
            if let Some(current) = one.current.filter(|_| !one.has(&wish.profile)) {
                one.target = Some(Target::Remove);
                notes.push(format!(
                    "{} had a profile of its own, {}",
                    one.name(),
                    describe(current)
                ));
            }
        }
    }
}

/// The wish is for containers. Returns whether any of them is there.
fn aim_at_containers(
    pod: &Place<'_>,
    places: &mut [Place<'_>],
    wish: &Wish,
    notes: &mut Vec<String>,
) -> bool {
    let mut any = false;
    for name in &wish.containers {
        let one = places.iter_mut().find(|one| {
            one.container.as_ref().is_some_and(|container| {
                container.kind != ContainerKind::Ephemeral && container.name == name
            })
        });
        match one {
            // It runs with the pod's, which is the one.
            Some(one) if one.current.is_none() && pod.has(&wish.profile) => any = true,
            Some(one) => {
                one.aim(&wish.profile);
                any = true;
            }
            None => notes.push(format!("there is no container {name}")),
        }
    }
    any
}

/// Annotations become fields where there are none yet and nothing else is wished for.
fn migrate<'a>(
    found: &[Annotation],
    pod: &mut Place<'a>,
    places: &mut [Place<'a>],
    wish: &Wish,
    notes: &mut Vec<String>,
) {
    for annotation in found {
        let said = Profile::of_annotation(&annotation.value);
        let place = match annotation.container() {
            None => Some(&mut *pod),
            Some(name) => places
                .iter_mut()
                .find(|one| one.container.as_ref().is_some_and(|container| container.name == name)),
        };
        let key = &annotation.key;
        match (place, said) {
            (None, _) => notes.push(format!("{key} is for a container that is not there")),
            (Some(_), None) => {
                notes.push(format!(
                    "{key} has a value that names no profile: {:?}",
                    annotation.value
                ));
            }
            (Some(place), Some(said)) => {
                let is_free = place.current.is_none() && place.target.is_none();
                let is_wished = wish.containers.is_empty()
                    && (annotation.container().is_none()
                        || wish.override_containers
                        || said == wish.profile);
                let is_named = annotation
                    .container()
                    .is_some_and(|name| wish.containers.iter().any(|wished| wished == name));
                if is_free && !is_wished && !is_named {
                    place.target = Some(Target::Set(said));
                }
            }
        }
    }
}

/// Why the server would refuse the change: an annotation says something else.
fn refused(found: &[Annotation], pod: &Place<'_>, places: &[Place<'_>]) -> Option<Outcome> {
    let is_changed = std::iter::once(pod).chain(places).any(|one| one.target.is_some());
    let contradiction = found.iter().find(|annotation| match annotation.container() {
        None => pod.contradicts(annotation),
        Some(name) => places.iter().any(|one| {
            let is_it = one.container.as_ref().is_some_and(|container| container.name == name);
            is_it && one.contradicts(annotation)
        }),
    })?;
    is_changed.then(|| Outcome::Left {
        why: format!(
            "its annotation {} says {}, and the API server refuses a field that says otherwise",
            contradiction.key, contradiction.value
        ),
        instead: vec!["--migrate-annotations turns it into a field".to_owned()],
    })
}

/// Containers that do not run with the wished profile though the pod has it.
fn overriding(places: &[Place<'_>], wish: &Wish) -> Vec<String> {
    if !wish.containers.is_empty() {
        return Vec::new();
    }
    places
        .iter()
        .filter_map(|one| {
            let own = match (&one.target, one.current) {
                (Some(Target::Set(profile)), _) => profile.to_string(),
                (None, Some(current)) if !one.has(&wish.profile) => describe(current),
                _ => return None,
            };
            Some(format!("{} has a profile of its own, {own}", one.name()))
        })
        .collect()
}

/// Privileged containers run without any profile, whatever the field says: what is set is void
/// there.
fn privileged(pod: &Place<'_>, places: &[Place<'_>]) -> Vec<String> {
    let concerned = |one: &&Place<'_>| {
        let is_set = matches!(one.target, Some(Target::Set(_)));
        is_set || pod.target.is_some() && one.current.is_none()
    };
    let is_privileged = |one: &&Place<'_>| {
        one.container.as_ref().is_some_and(|container| is_privileged(container.value))
    };
    let note = |one: &Place<'_>| format!("{} is privileged: no profile applies to it", one.name());
    places.iter().filter(concerned).filter(is_privileged).map(note).collect()
}
