//! Recordings: containers run with a profile that logs while they are observed.

use std::sync::Arc;

use posture::model::admission::Matches;
use posture::model::labels::LabelSelector;
use posture::model::object::Object;
use serde_json::Value as Json;

use super::{GROUP, selector, set};
use crate::named::Profile;
use crate::setters::birth::{Birth, field};
use crate::setters::callers::Callers;
use crate::setters::setter::{Judge, Judged, Level, Sets, Setter, SetterKind};
use crate::setters::words;
use crate::setters::world::{Found, World, created};

/// The webhook that recordings are applied by.
pub(super) const WEBHOOK: &str = "recording.spo.io";

/// The profile that logs every call.
const LOGGING: &str = "operator/log-enricher-trace.json";

#[derive(Debug)]
struct Recording {
    callers: Callers,
    namespace: String,
    pods: LabelSelector,
    /// For these containers; for all where none is named.
    containers: Vec<String>,
}

/// Finds the recordings that read logs: those by eBPF change no profile.
pub(super) fn read(world: &World<'_>, found: &mut Found) {
    let callers = Callers::among(&world.webhooks, |name| name == WEBHOOK);
    for object in world.of(GROUP, &["ProfileRecording"]) {
        match setter(object, &callers) {
            Ok(setter) => found.setters.extend(setter),
            Err(why) => found.gap(object, why),
        }
    }
}

fn setter(object: &Object, callers: &Callers) -> Result<Option<Setter>, String> {
    let spec = object.value().field("spec").ok_or("it has no spec")?;
    let is = |key: &str, wanted: &str| words::text(spec, key).eq_ignore_ascii_case(wanted);
    if !is("kind", "SeccompProfile") || !is("recorder", "logs") {
        return Ok(None);
    }
    let namespace = object.namespace().unwrap_or_default().to_owned();
    let containers = words::texts(spec, "containers");
    let what = if containers.is_empty() {
        "all containers".to_owned()
    } else {
        format!("containers {}", words::list(&containers))
    };
    let labels = words::selector(spec.field("podSelector"));
    let labels = labels.map_or_else(String::new, |text| format!(" with labels {text}"));
    Ok(Some(Setter {
        kind: SetterKind::ProfileRecording,
        object: object.reference(object.namespace()),
        part: None,
        sets: Sets::Profile(Profile::Localhost(LOGGING.to_owned())),
        level: Level::Containers,
        only_if_unset: None,
        scope: format!("{what} of pods in namespace {namespace}{labels}"),
        exemptions: vec!["privileged containers".to_owned()],
        fail: callers.fail_mode(),
        created: created(object),
        judge: Arc::new(Recording {
            callers: callers.clone(),
            namespace,
            pods: selector(spec, "podSelector")?.unwrap_or_default(),
            containers,
        }),
    }))
}

impl Recording {
    fn is_for(&self, container: &Json) -> bool {
        let name = container["name"].as_str().unwrap_or_default();
        let is_privileged = container["securityContext"]["privileged"] == true;
        !is_privileged
            && (self.containers.is_empty() || self.containers.iter().any(|one| one == name))
    }
}

impl Judge for Recording {
    fn judge(&self, birth: &Birth<'_>) -> Judged {
        let label = |key: &str| birth.labels.get(key).map(String::as_str);
        let asked = if self.namespace != birth.namespace.name {
            Matches::No(format!("it is for namespace {} alone", self.namespace))
        } else if !self.pods.matches(label) {
            Matches::No("its podSelector does not select the labels".to_owned())
        } else {
            self.callers.matches(&birth.request())
        };
        birth.judged(asked, || {
            let value = Profile::Localhost(LOGGING.to_owned()).to_json();
            let mut pod = birth.pod.clone();
            for list in ["initContainers", "containers"] {
                let items = pod["spec"].get_mut(list).and_then(Json::as_array_mut);
                for container in items.into_iter().flatten().filter(|one| self.is_for(one)) {
                    if field(container).is_some_and(|there| *there != value) {
                        return Err(
                            "whether it replaces the profile of a container is not known".into()
                        );
                    }
                    set(container, value.clone());
                }
            }
            Ok(pod)
        })
    }
}
