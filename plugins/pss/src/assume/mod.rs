//! What mutating admission is assumed to make of a pod before Pod Security sees it: the sidecars
//! of a mesh, or a patch of one's own.
//!
//! Mutating webhooks are called for pods and not for templates, after the API server has decoded
//! the pod and set its defaults; the result is decoded and defaulted anew, and only then is it
//! judged. Meshes come first, in the order in which they are named, then patches.

mod istio;
mod linkerd;
mod sent;
mod spec;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use posture::model::json_patch::{self, Patch};
use posture::model::version::Minor;
use posture::model::workload::PodTemplate;
use serde_json::Value as Json;

use self::spec::Names;

/// A service mesh whose injector we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mesh {
    Istio,
    Linkerd,
}

/// A mesh that is assumed to be installed, with the defaults of its charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    mesh: Mesh,
    /// Its CNI plugin redirects the traffic, so that no container with `NET_ADMIN` has to.
    cni: bool,
}

/// What a patch file says.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// JSON Patch, RFC 6902.
    Operations(Patch),
    /// JSON merge patch, RFC 7386.
    Merge(Json),
}

/// A patch of pods that is assumed.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchFile {
    /// The file, as it was named.
    pub name: String,
    /// What it says.
    pub change: Change,
}

/// Everything that is assumed to happen to pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assumptions {
    /// The meshes.
    pub injections: Vec<Injection>,
    /// The patches.
    pub patches: Vec<PatchFile>,
}

/// What an injector reads beside the pod.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The namespace of the pod.
    pub namespace: &'a str,
    /// The labels and annotations of that namespace, if they are known: otherwise injection is
    /// assumed to be switched on.
    pub known: Option<&'a Namespace>,
    /// The release of the server, which nodes are not newer than.
    pub server: Minor,
}

/// What injectors read of a Namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A pod as Pod Security would see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assumed {
    /// The pod.
    pub pod: Json,
    /// What has changed it: `istio`, `istio (cni)`, the name of a file.
    pub by: Vec<String>,
    /// The same as clauses: `istio has injected its sidecar`, `p.yaml is applied`.
    pub clauses: Vec<String>,
    /// The containers and volumes that are new in it, and what has added them.
    pub added: Vec<Added>,
    /// What would have changed it and does not, and why: `istio: hostNetwork is true`.
    pub untouched: Vec<String>,
}

/// A container or volume that is not in the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The list of `spec` that it is in.
    pub list: &'static str,
    /// Its name.
    pub name: String,
    /// What has added it.
    pub by: String,
}

/// Why nobody can say what the pod would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is not known, or what fails.
    pub why: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// What an injector does with a pod.
enum Effect {
    Injected,
    Untouched(String),
}

impl Assumptions {
    /// Whether nothing is assumed.
    pub fn is_empty(&self) -> bool {
        self.injections.is_empty() && self.patches.is_empty()
    }

    /// What is assumed, as reports name it.
    pub fn names(&self) -> Vec<String> {
        let injections = self.injections.iter().map(ToString::to_string);
        injections.chain(self.patches.iter().map(|patch| patch.name.clone())).collect()
    }

    /// The pod that comes of a template once all that is assumed has happened. `stored` says that
    /// it is a Pod of a cluster, which has its defaults.
    pub fn apply(
        &self,
        template: &PodTemplate<'_>,
        scene: &Scene<'_>,
        stored: bool,
    ) -> Result<Assumed, Unknown> {
        let mut sent = sent::pod(template, scene.namespace, stored);
        let host_ports = sent::default_host_ports(&mut sent);
        let mut names = Names::of(&sent);
        let mut assumed = Assumed {
            pod: sent,
            by: Vec::new(),
            clauses: Vec::new(),
            added: Vec::new(),
            untouched: Vec::new(),
        };
        for injection in &self.injections {
            match injection.inject(&mut assumed.pod, scene)? {
                Effect::Untouched(why) => assumed.untouched.push(format!("{injection}: {why}")),
                Effect::Injected => {
                    let mesh = injection.mesh.as_str();
                    assumed.clauses.push(format!("{mesh} has injected its sidecar"));
                    assumed.note(injection.to_string(), &mut names);
                }
            }
        }
        for patch in &self.patches {
            let before = assumed.pod.clone();
            patch.apply(&mut assumed.pod)?;
            if assumed.pod == before {
                assumed.untouched.push(format!("{}: it changes nothing", patch.name));
                continue;
            }
            assumed.clauses.push(format!("{} is applied", patch.name));
            assumed.note(patch.name.clone(), &mut names);
        }
        sent::forget_host_ports(&mut assumed.pod, &host_ports);
        Ok(assumed)
    }
}

impl Assumed {
    /// Takes notice of what has changed the pod, and of what it has added.
    fn note(&mut self, by: String, names: &mut Names) {
        let now = Names::of(&self.pod);
        self.added.extend(now.new_since(names).map(|(list, name)| Added {
            list,
            name: name.to_owned(),
            by: by.clone(),
        }));
        *names = now;
        self.by.push(by);
    }
}

impl fmt::Display for Added {
    /// `spec.initContainers[istio-init]`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spec.{}[{}]", self.list, self.name)
    }
}

impl PatchFile {
    fn apply(&self, pod: &mut Json) -> Result<(), Unknown> {
        match &self.change {
            Change::Merge(patch) => json_patch::merge(pod, patch),
            Change::Operations(patch) => patch.apply(pod).map_err(|failed| Unknown {
                why: format!(
                    "{}: {failed}; a webhook that answers so makes the API server refuse the pod with an internal error",
                    self.name
                ),
                hint: "correct the patch, or take a merge patch, which always applies",
            })?,
        }
        if !pod.get("spec").is_some_and(Json::is_object) {
            return Err(Unknown {
                why: format!("{}: what is left is no pod: it has no spec", self.name),
                hint: "the patch is applied to pods: its paths begin with /metadata or /spec",
            });
        }
        Ok(())
    }
}

impl Injection {
    fn inject(self, pod: &mut Json, scene: &Scene<'_>) -> Result<Effect, Unknown> {
        let effect = match self.mesh {
            Mesh::Istio => istio::inject(pod, scene, self.cni),
            Mesh::Linkerd => linkerd::inject(pod, scene, self.cni),
        }?;
        if matches!(effect, Effect::Injected) && spec::is_windows(pod) {
            return Err(Unknown {
                why: format!(
                    "{self}: the pod is for Windows, and what is injected is not: the API server refuses it before Pod Security sees it"
                ),
                hint: "switch injection off for this pod",
            });
        }
        Ok(effect)
    }
}

impl Mesh {
    fn as_str(self) -> &'static str {
        match self {
            Self::Istio => "istio",
            Self::Linkerd => "linkerd",
        }
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mesh.as_str())?;
        if self.cni { f.write_str(" (cni)") } else { Ok(()) }
    }
}

impl FromStr for Injection {
    type Err = String;

    /// `istio`, `istio,cni`, `linkerd`, `linkerd,cni`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mesh, cni) = match text.split_once(',') {
            None => (text, false),
            Some((mesh, "cni" | "cni=true")) => (mesh, true),
            Some((mesh, "cni=false")) => (mesh, false),
            Some(_) => return Err("after the comma goes cni".to_owned()),
        };
        let mesh = match mesh {
            "istio" => Mesh::Istio,
            "linkerd" => Mesh::Linkerd,
            _ => return Err("known are istio and linkerd, each with ,cni behind it".to_owned()),
        };
        Ok(Self { mesh, cni })
    }
}

#[cfg(test)]
mod tests;
