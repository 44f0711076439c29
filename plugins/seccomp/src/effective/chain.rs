//! From what a pod says to what confines each of its containers, with everything that had a say.

use std::sync::Arc;

use posture::model::path::FieldPath;

use super::pod::{Own, Pod};
use super::scene::View;
use super::{Confinement, Effective, Link, Place, Role, Source};
use crate::set::annotations::Annotation;

/// The annotations that CRI-O reads itself, in both spellings.
///
/// Source: `pkg/annotations` of github.com/cri-o/cri-o.
const CRI_O: [&str; 2] = ["seccomp-profile.kubernetes.cri-o.io", "seccomp-profile.crio.io"];

impl Pod<'_> {
    /// What confines each container, in the order of [`Pod::containers`].
    pub fn confinements(&self) -> Vec<Confinement> {
        self.containers.iter().map(|own| self.confinement(own)).collect()
    }

    fn confinement(&self, own: &Own<'_>) -> Confinement {
        let places = self.places(own);
        let effective = match places.as_slice() {
            [first, rest @ ..] if rest.iter().all(|place| place.effective == first.effective) => {
                first.effective.clone()
            }
            _ => Effective::Depends,
        };
        let restarts = own.container.value.get("restartPolicy").and_then(|value| value.as_str());
        let is_init = own.container.kind == posture::model::container::ContainerKind::Init;
        Confinement {
            kind: own.container.kind,
            is_sidecar: is_init && restarts == Some("Always"),
            name: own.container.name.to_owned(),
            path: self.container_path(own),
            chain: self.chain(own, &places),
            notes: self.notes(own, &places),
            effective,
            places,
        }
    }

    fn places(&self, own: &Own<'_>) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for view in &self.eligible.views {
            let (effective, by) = self.decide(own, view);
            let same = places.iter_mut().find(|place| {
                place.by == by && place.effective == effective && place.runtime == view.runtime
            });
            match same {
                Some(place) => {
                    place.nodes = place.nodes.iter().chain(view.nodes.iter()).cloned().collect();
                }
                None => places.push(Place {
                    nodes: view.nodes.clone(),
                    effective,
                    by,
                    runtime: view.runtime.clone(),
                }),
            }
        }
        places
    }

    /// Every source that says something, or could, from the first that is asked on.
    fn chain(&self, own: &Own<'_>, places: &[Place]) -> Vec<Link> {
        let role = |source: Source, otherwise: Role| {
            if places.iter().any(|place| place.by == source) { Role::Decides } else { otherwise }
        };
        let link = |source: Source, role: Role, says: String, path: Option<FieldPath>| Link {
            source,
            role,
            says,
            path,
            nodes: Arc::from([]),
        };
        let mut chain = Vec::with_capacity(5);
        if self.is_windows || places.iter().any(|place| place.by == Source::Windows) {
            let says = "Windows has no seccomp".to_owned();
            chain.push(link(Source::Windows, role(Source::Windows, Role::Overruled), says, None));
        }
        if own.is_privileged {
            let path = self.container_path(own).fields("securityContext.privileged");
            let says = "privileged: no profile applies".to_owned();
            let role = role(Source::Privileged, Role::Overruled);
            chain.push(link(Source::Privileged, role, says, Some(path)));
        }
        let unset = || "not set".to_owned();
        let field = |source: Source, text: Option<String>, path: FieldPath| match text {
            Some(text) => link(source, role(source, Role::Overruled), text, Some(path)),
            None => link(source, Role::Silent, unset(), Some(path)),
        };
        let annotation = |source: Source, position: Option<usize>, own: Option<&Own<'_>>| {
            let position = position?;
            let says = self.annotations.get(position).map(|one: &Annotation| one.value.clone())?;
            let otherwise = if self.is_read(own) { Role::Overruled } else { Role::Void };
            let path = Some(self.annotation_path(position));
            Some(link(source, role(source, otherwise), says, path))
        };
        let text = own.field.as_ref().map(super::pod::Field::text);
        chain.push(field(Source::ContainerField, text, self.own_field_path(own)));
        chain.extend(annotation(Source::ContainerAnnotation, own.annotation, Some(own)));
        let text = self.field.as_ref().map(super::pod::Field::text);
        chain.push(field(Source::PodField, text, self.field_path()));
        chain.extend(annotation(Source::PodAnnotation, self.annotation, None));
        self.of_nodes(places, &mut chain);
        chain
    }

    /// What the nodes have a say in: the default of the kubelet, and what the runtime's is.
    fn of_nodes(&self, places: &[Place], chain: &mut Vec<Link>) {
        let views = &self.eligible.views;
        if places.iter().any(|place| place.by == Source::Kubelet) {
            let mut told: Vec<(&View, Vec<String>)> = Vec::new();
            for view in views.iter().filter(|view| !view.is_windows) {
                match told.iter_mut().find(|(one, _)| one.default == view.default) {
                    Some((_, nodes)) => nodes.extend(view.nodes.iter().cloned()),
                    None => told.push((view, view.nodes.to_vec())),
                }
            }
            let is_one = told.len() == 1;
            chain.extend(told.into_iter().map(|(view, nodes)| Link {
                source: Source::Kubelet,
                role: Role::Decides,
                says: view.default.to_string(),
                path: None,
                nodes: if is_one { Arc::from([]) } else { nodes.into() },
            }));
        }
        let defaults: Vec<&Place> =
            places.iter().filter(|place| place.effective == Effective::RuntimeDefault).collect();
        let is_one = places.iter().all(|place| place.runtime == places[0].runtime);
        let mut said: Vec<&str> = Vec::new();
        for place in &defaults {
            if said.contains(&&*place.runtime) {
                continue;
            }
            said.push(&place.runtime);
            let of_runtime = defaults.iter().filter(|other| other.runtime == place.runtime);
            chain.push(Link {
                source: Source::Runtime,
                role: Role::Means,
                says: match &*place.runtime {
                    "" => "the default of a runtime that is not known".to_owned(),
                    // As the node calls what is not known here.
                    runtime if runtime.contains("://") => {
                        format!("the default of {runtime}, of which nothing is known")
                    }
                    runtime => format!("the default that upstream builds into {runtime}"),
                },
                path: None,
                nodes: if is_one {
                    Arc::from([])
                } else {
                    of_runtime.flat_map(|place| place.nodes.iter().cloned()).collect()
                },
            });
        }
    }

    fn notes(&self, own: &Own<'_>, places: &[Place]) -> Vec<String> {
        let mut notes: Vec<String> = self.eligible.note.iter().cloned().collect();
        let is_linux = places.iter().any(|place| place.effective != Effective::NotApplicable);
        if let Some(class) = self.runtime_class().filter(|_| is_linux) {
            notes.push(format!(
                "runtimeClassName {class}: under a sandbox such as gVisor or Kata a profile, and RuntimeDefault above all, may mean something else"
            ));
        }
        let may_be_cri_o =
            |place: &&Place| place.runtime.is_empty() || place.runtime.starts_with("cri-o ");
        let none = places.iter().filter(|place| place.effective == Effective::Unconfined);
        let by_cri_o: Vec<&Place> = none.filter(may_be_cri_o).collect();
        if own.is_privileged && by_cri_o.iter().any(|place| !place.runtime.is_empty()) {
            notes.push(
                "CRI-O gives privileged containers the profile that privileged_seccomp_profile in its configuration names, where one is named"
                    .to_owned(),
            );
        }
        if !by_cri_o.is_empty() && !own.is_privileged {
            notes.extend(self.cri_o(own));
        }
        notes
    }

    /// The annotation by which CRI-O itself may give a container a profile.
    fn cri_o(&self, own: &Own<'_>) -> Option<String> {
        let all = self.value.get("metadata")?.get("annotations")?;
        let key = all.entries().filter_map(|(key, _)| key.as_str()).find(|key| {
            CRI_O.iter().filter_map(|prefix| key.strip_prefix(prefix)).any(|rest| {
                rest.is_empty() || matches!(rest.strip_prefix('/'), Some(name) if name == "POD" || name == own.container.name)
            })
        })?;
        Some(format!("CRI-O may apply a profile by the annotation {key}, where it lets pods do so"))
    }

    fn runtime_class(&self) -> Option<&str> {
        let class = self.value.get("spec")?.get("runtimeClassName")?.as_str()?;
        (!class.is_empty()).then_some(class)
    }
}
