//! What a pod, or a template, says about profiles: read once, decided for each kind of node.

use posture::model::container::{Container, ContainerKind, containers};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use posture::model::version::Minor;
use posture::model::workload::{Carrier, PodTemplate};
use serde_json::Value as Json;

use super::field::{self, Said};
use super::node::{Kubelet, SeccompDefault};
use super::scene::{Eligible, View, names_windows, wants_windows};
use super::{Effective, Scene, Source};
use crate::capabilities::is_privileged;
use crate::named::{FIELD, Profile, describe};
use crate::set::annotations::{self, Annotation};

/// The last kubelets that read the annotations.
const KUBELETS_READ: Minor = Minor(24);

/// The last servers that write the annotations into the fields of a Pod that is created.
///
/// Source: `applySeccompVersionSkew` in `pkg/registry/core/pod/strategy.go` of Kubernetes.
const SERVERS_COPY: Minor = Minor(26);

/// The first servers for which `spec.os.name` forbids the fields of the other system.
///
/// Source: `validateWindows` of Kubernetes' `pkg/apis/core/validation`; `IdentifyPodOS` is on by
/// default since 1.24.
const OS_SINCE: Minor = Minor(24);

/// A profile where it stands in a field.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The value of `seccompProfile`.
    pub value: Value<'a>,
    /// What it says.
    pub said: Said,
}

impl Field<'_> {
    /// What it says, for people: `Localhost profiles/web.json`.
    pub fn text(&self) -> String {
        match self.said {
            Said::EmptyPath => "Localhost with an empty path".to_owned(),
            _ => describe(self.value),
        }
    }
}

/// A container, as far as it says something about profiles.
#[derive(Clone, Debug)]
pub struct Own<'a> {
    /// The container.
    pub container: Container<'a>,
    /// `securityContext.privileged` is true.
    pub is_privileged: bool,
    /// Its own profile; none where it is null.
    pub field: Option<Field<'a>>,
    /// The position of its annotation in [`Pod::annotations`].
    pub annotation: Option<usize>,
}

/// Something for which the API server takes no such Pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Where it stands.
    pub source: Source,
    /// The container that it is about; `None` for the pod.
    pub container: Option<String>,
    /// The way to it from the object's root.
    pub path: FieldPath,
    /// What stands there.
    pub value: Json,
    /// Why: a clause.
    pub why: String,
}

/// A pod, or a template of pods.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The cluster that it runs on or would run on.
    pub scene: &'a Scene,
    /// The value that holds `metadata` and `spec`.
    pub value: Value<'a>,
    /// The way to it from the object's root.
    pub path: FieldPath,
    /// It is a Pod that a server has created: what servers do on creation has happened.
    pub is_stored: bool,
    /// It is for Windows, by what it says itself.
    pub is_windows: bool,
    /// The pod's own profile; none where it is null.
    pub field: Option<Field<'a>>,
    /// The annotations of old that are about seccomp, in their order.
    pub(crate) annotations: Vec<Annotation>,
    /// The position of the annotation for the whole pod.
    pub annotation: Option<usize>,
    /// The containers: init, normal, ephemeral.
    pub containers: Vec<Own<'a>>,
    /// Why no server takes it; of a stored Pod nothing, for one did.
    pub refusals: Vec<Refusal>,
    pub(super) eligible: Eligible,
}

impl<'a> Pod<'a> {
    /// Reads a pod or a template. `None` where there is no `spec` with anything in it: no pod comes
    /// of that.
    pub fn read(template: &PodTemplate<'a>, scene: &'a Scene) -> Option<Self> {
        let value = template.value;
        let spec = value.get("spec").filter(|spec| spec.entries().next().is_some())?;
        let metadata = value.get("metadata");
        let uid = metadata.and_then(|metadata| metadata.get("uid")).and_then(|uid| uid.as_str());
        let is_stored = template.carrier == Carrier::Pod && uid.is_some_and(|uid| !uid.is_empty());
        let annotations = annotations::of(value);
        let field = |owner: Value<'a>| {
            let value = owner.get("securityContext")?.get(FIELD)?;
            let said = |value| Said::read(value, scene.server(), is_stored);
            // Servers that do not know the field drop it.
            let is_kept = scene.server() >= field::SINCE && !value.is_null();
            is_kept.then(|| Field { value, said: said(value) })
        };
        let own = |container: Container<'a>| Own {
            container,
            is_privileged: is_privileged(container.value),
            field: field(container.value),
            annotation: annotations.iter().position(|one| one.container() == Some(container.name)),
        };
        let mut pod = Self {
            scene,
            value,
            path: template.path.clone(),
            is_stored,
            is_windows: wants_windows(spec),
            field: field(spec),
            annotation: annotations.iter().position(|one| one.container().is_none()),
            containers: containers(spec).map(own).collect(),
            annotations,
            refusals: Vec::new(),
            eligible: scene.eligible(spec),
        };
        if !is_stored {
            pod.refusals = pod.refused();
        }
        Some(pod)
    }

    /// The way from the object's root to the pod's profile.
    pub fn field_path(&self) -> FieldPath {
        self.path.clone().fields("spec.securityContext").field(FIELD)
    }

    /// The way to a container.
    pub fn container_path(&self, own: &Own<'_>) -> FieldPath {
        self.path.clone().join(&own.container.path())
    }

    /// The way to a container's own profile.
    pub fn own_field_path(&self, own: &Own<'_>) -> FieldPath {
        self.container_path(own).field("securityContext").field(FIELD)
    }

    /// The way to an annotation.
    pub fn annotation_path(&self, position: usize) -> FieldPath {
        let key = self.annotations.get(position).map(|one| one.key.clone()).unwrap_or_default();
        self.path.clone().fields("metadata.annotations").field(key)
    }

    /// Whether the annotation at a position contradicts the field beside it.
    ///
    /// Source: `validateSeccompAnnotationsAndFieldsMatch` of Kubernetes'
    /// `pkg/apis/core/validation`.
    pub fn contradicts(&self, position: usize) -> bool {
        let Some(annotation) = self.annotations.get(position) else { return false };
        let differs = |field: &Field<'_>| match &field.said {
            Said::Profile(profile) => {
                Profile::of_annotation(&annotation.value).as_ref() != Some(profile)
            }
            Said::EmptyPath => annotation.value != "localhost/",
            Said::Other(_) | Said::Refused(_) => false,
        };
        match annotation.container() {
            None => self.field.as_ref().is_some_and(differs),
            Some(_) => self
                .containers
                .iter()
                .filter(|own| own.annotation == Some(position))
                .any(|own| own.field.as_ref().is_some_and(differs)),
        }
    }

    /// Everything for which no server takes such a Pod.
    fn refused(&self) -> Vec<Refusal> {
        let mut all = Vec::new();
        let is_windows =
            self.scene.server() >= OS_SINCE && self.value.get("spec").is_some_and(names_windows);
        let mut look = |field: Option<&Field<'_>>, own: Option<&Own<'_>>| {
            let Some(field) = field else { return };
            let why = match &field.said {
                _ if is_windows => "seccompProfile cannot be set for a Windows pod",
                Said::Refused(why) => why.as_str(),
                Said::Profile(_) | Said::EmptyPath | Said::Other(_) => return,
            };
            all.push(Refusal {
                source: own.map_or(Source::PodField, |_| Source::ContainerField),
                container: own.map(|own| own.container.name.to_owned()),
                path: own.map_or_else(|| self.field_path(), |own| self.own_field_path(own)),
                value: field.value.to_json(),
                why: why.to_owned(),
            });
        };
        look(self.field.as_ref(), None);
        for own in &self.containers {
            look(own.field.as_ref(), Some(own));
        }
        for (position, one) in self.annotations.iter().enumerate() {
            let names_one = Profile::of_annotation(&one.value).is_some();
            let why = if !names_one && one.value != "localhost/" {
                "the value names no seccomp profile"
            } else if self.contradicts(position) {
                "it says otherwise than the field, and the two must match"
            } else {
                continue;
            };
            let container = one.container().map(str::to_owned);
            all.push(Refusal {
                source: match container {
                    None => Source::PodAnnotation,
                    Some(_) => Source::ContainerAnnotation,
                },
                container,
                path: self.annotation_path(position),
                value: Json::from(one.value.clone()),
                why: why.to_owned(),
            });
        }
        all
    }

    /// Whether anything reads the annotations on a node: the kubelet, or before it the server, which
    /// writes them into the fields of a Pod that it creates. Ephemeral containers come later.
    fn reads(&self, kubelet: Option<Kubelet>, kind: Option<ContainerKind>) -> bool {
        let server = self.scene.server();
        let is_created = !self.is_stored && kind != Some(ContainerKind::Ephemeral);
        // A kubelet of which nothing is known is taken to be of the server's release.
        kubelet.map_or(server, |kubelet| kubelet.minor) <= KUBELETS_READ
            || is_created && server <= SERVERS_COPY
    }

    /// Whether anything reads an annotation on any node that the pod runs on or may run on.
    pub fn is_read(&self, own: Option<&Own<'_>>) -> bool {
        let kind = own.map(|own| own.container.kind);
        self.eligible.views.iter().any(|view| self.reads(view.kubelet, kind))
    }

    /// What an annotation comes to. An unknown value is none that servers take; kubelets took it
    /// for `unconfined`.
    fn of_annotation(&self, position: usize) -> Effective {
        let value = self.annotations.get(position).map_or("", |one| one.value.as_str());
        match Profile::of_annotation(value) {
            Some(profile) => Effective::from(&profile),
            None if value.starts_with("localhost/") => {
                Effective::Refused(format!("{value} names no file"))
            }
            None => Effective::Unconfined,
        }
    }

    /// What a container runs with on nodes of a kind, and what decides that.
    pub(super) fn decide(&self, own: &Own<'_>, view: &View) -> (Effective, Source) {
        if let Some(refusal) = self.refusals.first() {
            let why = format!("the API server refuses the pod: {}", refusal.why);
            return (Effective::Refused(why), refusal.source);
        }
        if self.is_windows || view.is_windows {
            return (Effective::NotApplicable, Source::Windows);
        }
        let of_field = |field: &Field<'_>| field.said.effective(view.kubelet, self.scene);
        if own.is_privileged {
            return self.privileged(own, view);
        }
        if let Some(field) = &own.field {
            return (of_field(field), Source::ContainerField);
        }
        let is_read = self.reads(view.kubelet, Some(own.container.kind));
        if let Some(position) = own.annotation.filter(|_| is_read) {
            return (self.of_annotation(position), Source::ContainerAnnotation);
        }
        if let Some(field) = &self.field {
            return (of_field(field), Source::PodField);
        }
        let is_read = self.reads(view.kubelet, None);
        if let Some(position) = self.annotation.filter(|_| is_read) {
            return (self.of_annotation(position), Source::PodAnnotation);
        }
        let effective = match &view.default {
            SeccompDefault::On(_) => Effective::RuntimeDefault,
            SeccompDefault::Off(_) => Effective::Unconfined,
            unknown @ SeccompDefault::Unknown(_) => {
                Effective::Unknown(format!("nothing is set, and {unknown}"))
            }
        };
        (effective, Source::Kubelet)
    }

    /// A privileged container has no profile; but the kubelet looks at what is asked for before, and
    /// without a path it creates no container at all.
    fn privileged(&self, own: &Own<'_>, view: &View) -> (Effective, Source) {
        let asked = match (&own.field, &self.field) {
            (Some(field), _) => Some((field, Source::ContainerField)),
            (None, Some(field)) if own.annotation.is_none() => Some((field, Source::PodField)),
            (None, _) => None,
        };
        if let Some((field, source)) = asked.filter(|(field, _)| field.said == Said::EmptyPath)
            && let effective @ Effective::Refused(_) =
                field.said.effective(view.kubelet, self.scene)
        {
            return (effective, source);
        }
        (Effective::Unconfined, Source::Privileged)
    }
}
