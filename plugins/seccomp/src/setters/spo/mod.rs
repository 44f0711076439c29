//! The Security Profiles Operator: `ProfileBinding` and `ProfileRecording`.

mod recording;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use posture::model::admission::Matches;
use posture::model::labels::LabelSelector;
use posture::model::node::Value;
use posture::model::object::Object;
use serde_json::Value as Json;

use super::birth::{Birth, field};
use super::callers::Callers;
use super::setter::{Judge, Judged, Level, Sets, Setter, SetterKind};
use super::words;
use super::world::{Found, World, created};
use crate::named::Profile;

/// The group of its kinds.
pub(super) const GROUP: &str = "security-profiles-operator.x-k8s.io";

/// The webhook that bindings are applied by.
const WEBHOOK: &str = "binding.spo.io";

const OF_VERSION: &str =
    "whether it replaces the profile of a container depends on the version of the operator";

/// Stands for every image.
const ALL_IMAGES: &str = "*";

/// Whether a webhook of this name is the operator's.
pub(super) fn is_webhook(name: &str) -> bool {
    name == WEBHOOK || name == recording::WEBHOOK
}

/// What a binding is for.
#[derive(Clone, Debug)]
struct Bound {
    namespace: String,
    image: String,
    pods: Option<LabelSelector>,
    /// What it binds, or why that is not known.
    profile: Result<Profile, String>,
    /// Whether what is set on a container is replaced: since the operator's 1.0, which serves v1.
    overwrites: bool,
}

/// A binding among those of its namespace.
#[derive(Debug)]
struct Binding {
    callers: Callers,
    own: Bound,
    /// The bindings of single images in the same namespace: they come first.
    exact: Vec<Bound>,
}

/// Finds bindings and recordings of seccomp profiles.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    let callers = Callers::among(&world.webhooks, |name| name == WEBHOOK);
    let mut bindings = Vec::new();
    for object in world.of(GROUP, &["ProfileBinding"]) {
        match bound(world, object) {
            Ok(bound) => bindings.extend(bound.map(|bound| (object, bound))),
            Err(why) => found.gap(object, why),
        }
    }
    for (object, own) in &bindings {
        let exact = bindings.iter().map(|(_, bound)| bound);
        let exact = exact
            .filter(|bound| bound.namespace == own.namespace && bound.image != ALL_IMAGES)
            .cloned()
            .collect();
        found.setters.push(setter(object, own.clone(), exact, &callers));
    }
    recording::read(world, found);
}

fn bound(world: &World<'_>, object: &Object) -> Result<Option<Bound>, String> {
    let spec = object.value().field("spec").ok_or("it has no spec")?;
    let reference = spec.field("profileRef").ok_or("it has no profileRef")?;
    if words::text(reference, "kind") != "SeccompProfile" {
        return Ok(None);
    }
    Ok(Some(Bound {
        namespace: object.namespace().unwrap_or_default().to_owned(),
        image: words::text(spec, "image").to_owned(),
        pods: selector(spec, "podSelector")?,
        profile: profile(world, words::text(reference, "name"), object.namespace()),
        overwrites: object.api_version().ends_with("/v1"),
    }))
}

/// A selector of pods; `None` where there is none.
fn selector(spec: Value<'_>, key: &str) -> Result<Option<LabelSelector>, String> {
    let read = |value| LabelSelector::read(value).map_err(|why| format!("{key}: {why}"));
    spec.field(key).map(read).transpose()
}

/// What the operator has made of a `SeccompProfile`. They were in namespaces before its 0.9.
fn profile(world: &World<'_>, name: &str, namespace: Option<&str>) -> Result<Profile, String> {
    let mut named = world.of(GROUP, &["SeccompProfile"]).filter(|object| {
        object.name() == name && (object.namespace().is_none() || object.namespace() == namespace)
    });
    let profile = named.next().ok_or_else(|| format!("SeccompProfile {name} was not read"))?;
    let status = profile.value().field("status");
    match status.map(|status| words::text(status, "localhostProfile")) {
        None | Some("") => Err(format!("SeccompProfile {name} has no status yet")),
        Some(path) => Ok(Profile::Localhost(path.to_owned())),
    }
}

fn setter(object: &Object, own: Bound, exact: Vec<Bound>, callers: &Callers) -> Setter {
    let is_for_all = own.image == ALL_IMAGES;
    let what =
        if is_for_all { "pods".to_owned() } else { format!("containers of image {}", own.image) };
    let labels = object.value().field("spec").and_then(|spec| spec.field("podSelector"));
    let labels =
        words::selector(labels).map_or_else(String::new, |text| format!(" with labels {text}"));
    let exemptions = if is_for_all {
        vec!["pods to which a binding of an image applies".to_owned()]
    } else {
        vec!["ephemeral containers".to_owned()]
    };
    Setter {
        kind: SetterKind::ProfileBinding,
        object: object.reference(object.namespace()),
        part: None,
        sets: own.profile.clone().map_or_else(Sets::May, Sets::Profile),
        level: if is_for_all { Level::Pod } else { Level::Containers },
        only_if_unset: (is_for_all || own.overwrites).then_some(is_for_all),
        scope: format!("{what} in namespace {}{labels}", own.namespace),
        exemptions,
        fail: callers.fail_mode(),
        created: created(object),
        judge: Arc::new(Binding { callers: callers.clone(), own, exact }),
    }
}

impl Bound {
    fn selects(&self, birth: &Birth<'_>) -> bool {
        let label = |key: &str| birth.labels.get(key).map(String::as_str);
        self.namespace == birth.namespace.name
            && self.pods.as_ref().is_none_or(|selector| selector.matches(label))
    }

    fn has_image(&self, birth: &Birth<'_>) -> bool {
        birth.containers().iter().any(|(_, container)| self.is_image_of(container))
    }

    fn is_image_of(&self, container: &Json) -> bool {
        container["image"].as_str() == Some(self.image.as_str())
    }
}

impl Judge for Binding {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let no = |why: &str| Matches::No(why.to_owned());
        let own = &self.own;
        let asked = if own.namespace != birth.namespace.name {
            Matches::No(format!("it is for namespace {} alone", own.namespace))
        } else if !own.selects(birth) {
            no("its podSelector does not select the labels")
        } else if own.image != ALL_IMAGES && !own.has_image(birth) {
            no("no container has its image")
        } else if own.image == ALL_IMAGES && birth.profile().is_some() {
            no("the pod has a profile")
        } else if own.image == ALL_IMAGES
            && self.exact.iter().any(|one| one.selects(birth) && one.has_image(birth))
        {
            no("a binding of an image comes first")
        } else {
            self.callers.matches(&birth.request())
        };
        birth.judged(asked, || {
            let value = own.profile.as_ref().map_err(Clone::clone)?.to_json();
            let mut pod = birth.pod.clone();
            if own.image == ALL_IMAGES {
                set(&mut pod["spec"], value);
                return Ok(pod);
            }
            for list in ["initContainers", "containers"] {
                let items = pod["spec"].get_mut(list).and_then(Json::as_array_mut);
                for container in items.into_iter().flatten() {
                    if own.is_image_of(container) {
                        if !own.overwrites && field(container).is_some() {
                            return Err(OF_VERSION.to_owned());
                        }
                        set(container, value.clone());
                    }
                }
            }
            Ok(pod)
        })
    }
}

/// Writes the profile of a pod's spec or of a container.
fn set(holder: &mut Json, value: Json) {
    if !holder["securityContext"].is_object() {
        holder["securityContext"] = Json::Object(serde_json::Map::new());
    }
    holder["securityContext"]["seccompProfile"] = value;
}
