//! A pod as admission sees it when it is created.

use posture::model::admission::{InNamespace, Labels, Matches, Request, labels_of};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use serde_json::{Value as Json, json};

use super::setter::{Judged, Setting, Verdict};
use crate::named::Profile;

/// The lists of containers that a pod has when it is created.
const LISTS: [&str; 2] = ["initContainers", "containers"];

/// A pod that is created, or would be.
#[derive(Debug)]
pub(super) struct Birth<'a> {
    /// The pod, without what it gets later.
    pub(super) pod: Json,
    /// Its labels.
    pub(super) labels: Labels,
    /// Where.
    pub(super) namespace: InNamespace<'a>,
}

impl<'a> Birth<'a> {
    /// A pod, or a pod template, as it arrives at admission in a namespace. Its `securityContext` is
    /// never absent there: `SetDefaults_PodSpec` in pkg/apis/core/v1 of Kubernetes.
    pub(super) fn new(pod: Value<'_>, namespace: InNamespace<'a>) -> Self {
        let labels = labels_of(pod);
        let mut pod = pod.to_json();
        if let Some(fields) = pod.as_object_mut() {
            fields.remove("status");
        }
        if let Some(spec) = pod.get_mut("spec").and_then(Json::as_object_mut) {
            spec.remove("ephemeralContainers");
            let context = spec.entry("securityContext").or_insert_with(|| json!({}));
            if context.is_null() {
                *context = json!({});
            }
        }
        Self { pod, labels, namespace }
    }

    /// The request that it is created with.
    pub(super) fn request(&self) -> Request<'_> {
        let is_named = self.metadata("generateName").is_empty();
        Request {
            operation: "CREATE",
            group: "",
            version: "v1",
            resource: "pods",
            subresource: "",
            name: if is_named { self.metadata("name") } else { "" },
            namespace: Some(self.namespace),
            labels: &self.labels,
        }
    }

    /// Its name, or the beginning of it, as far as it is known at admission.
    pub(super) fn name(&self) -> &str {
        match self.metadata("generateName") {
            "" => self.metadata("name"),
            prefix => prefix,
        }
    }

    fn metadata(&self, key: &str) -> &str {
        self.pod["metadata"][key].as_str().unwrap_or_default()
    }

    /// An annotation.
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.pod.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// The containers of the pod with the ways to them.
    pub(super) fn containers(&self) -> Vec<(FieldPath, &Json)> {
        containers(&self.pod)
    }

    /// The `seccompProfile` of the pod itself.
    pub(super) fn profile(&self) -> Option<&Json> {
        field(&self.pod["spec"])
    }

    /// What is to be said of a setter that is, or may be, asked about this pod and makes another one
    /// of it; `Err` where it is not known which.
    pub(super) fn judged(
        &self,
        asked: Matches,
        made: impl FnOnce() -> Result<Json, String>,
    ) -> Judged {
        if let Matches::No(why) = asked {
            return Judged::not(why);
        }
        let settings = match made().and_then(|made| settings(&self.pod, &made)) {
            Err(why) => return Judged { verdict: Verdict::May(why), settings: Vec::new() },
            Ok(settings) => settings,
        };
        if settings.is_empty() {
            return Judged::not("it leaves the profiles of this pod as they are");
        }
        let verdict = match asked {
            Matches::Maybe(what) => Verdict::May(what),
            _ => Verdict::Should,
        };
        Judged { verdict, settings }
    }

    /// What is to be said of a setter of which it is not known what it makes of a pod: why.
    pub(super) fn may(asked: Matches, why: &str) -> Judged {
        let verdict = match asked {
            Matches::No(why) => Verdict::Not(why),
            Matches::Maybe(what) => Verdict::May(what),
            Matches::Yes => Verdict::May(why.to_owned()),
        };
        Judged { verdict, settings: Vec::new() }
    }
}

impl Judged {
    pub(super) fn not(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Not(why.into()), settings: Vec::new() }
    }
}

/// `securityContext.seccompProfile` of a pod's spec or of a container.
pub(super) fn field(holder: &Json) -> Option<&Json> {
    holder.get("securityContext")?.get("seccompProfile").filter(|field| !field.is_null())
}

/// The containers of a pod with the ways to them.
pub(super) fn containers(pod: &Json) -> Vec<(FieldPath, &Json)> {
    let of = |list: &'static str| {
        let items = pod["spec"][list].as_array().map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().map(move |(index, container)| {
            let name = container["name"].as_str().unwrap_or_default();
            (FieldPath::of("spec").field(list).named(index, name), container)
        })
    };
    LISTS.into_iter().flat_map(of).collect()
}

/// The profile that the value of a field is; `None` if it is none that is known here.
pub(super) fn profile_of(field: &Json) -> Option<Profile> {
    let path = field.get("localhostProfile").filter(|path| !path.is_null());
    match (field.get("type")?.as_str()?, path) {
        ("RuntimeDefault", None) => Some(Profile::RuntimeDefault),
        ("Unconfined", None) => Some(Profile::Unconfined),
        ("Localhost", Some(path)) => Some(Profile::Localhost(path.as_str()?.to_owned())),
        _ => None,
    }
}

/// The fields in which one pod differs from another.
fn settings(before: &Json, after: &Json) -> Result<Vec<Setting>, String> {
    let mut found = Vec::new();
    let mut compare = |path: FieldPath, old: Option<&Json>, new: Option<&Json>| {
        if old == new {
            return Ok(());
        }
        let path = path.fields("securityContext.seccompProfile");
        let Some(new) = new else {
            return Err(format!("it takes {path} away"));
        };
        let profile = profile_of(new)
            .ok_or_else(|| format!("what it makes of {path} is no profile that is known"))?;
        found.push(Setting { path, profile });
        Ok(())
    };
    compare(FieldPath::of("spec"), field(&before["spec"]), field(&after["spec"]))?;
    let old = containers(before);
    for (path, container) in containers(after) {
        let same = old.iter().find(|(other, _)| *other == path);
        compare(path, same.and_then(|(_, container)| field(container)), field(container))?;
    }
    Ok(found)
}
