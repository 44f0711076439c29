//! Root or not: `runAsNonRoot` and `runAsUser`.

use std::borrow::Cow;

use posture::finding::fix::Grade;
use posture::model::edit::Edit;
use posture::model::path::FieldPath;

use super::answers::{Kind, Wanted};
use super::table::{self, Row};
use super::{Proposal, Scene};
use crate::container::{Container, SecurityContext};
use crate::pod::Pod;
use crate::violation::{Fault, Violation};

/// The one user whom the kubelet takes for root on Windows, in any case (`verifyRunAsNonRoot`).
const WINDOWS_ROOT: &str = "ContainerAdministrator";

/// Who a container runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// A UID above 0.
    Other,
    /// UID 0.
    Root,
    /// Whatever the image says.
    Image,
}

fn uid(security: &SecurityContext<'_>) -> Option<i64> {
    security.run_as_user.and_then(|value| value.as_i64())
}

fn flag(security: &SecurityContext<'_>) -> Option<bool> {
    security.run_as_non_root.and_then(|value| value.as_bool())
}

impl<'a> Scene<'_, 'a> {
    /// Who a container runs as, as far as the manifest says.
    pub(super) fn user(&self, container: &Container<'_>) -> User {
        match uid(&container.security).or_else(|| uid(self.pod.security())) {
            Some(0) => User::Root,
            Some(1..) => User::Other,
            _ => User::Image,
        }
    }

    /// The name that a Windows container runs under.
    fn user_name(&self, container: &Container<'a>) -> Option<&'a str> {
        let name =
            |security: &SecurityContext<'a>| security.windows?.field("runAsUserName")?.as_str();
        name(&container.security).or_else(|| name(self.pod.security()))
    }

    /// The containers that `runAsNonRoot` of the pod holds for.
    fn inheriting(&self) -> impl Iterator<Item = &Container<'a>> {
        self.pod.containers().iter().filter(|container| flag(&container.security).is_none())
    }
}

/// `runAsNonRoot`.
pub(super) fn non_root(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let row = row(scene, violation);
    if row.grade < Grade::C {
        return scene.patch(row, || vec![Edit::set(of_pod("runAsNonRoot"), true)]);
    }
    let mut proposal = scene.patch(row, || decided(scene));
    if scene.answers.user.is_none() && scene.answers.non_root {
        proposal = proposal.titled(scene, || Cow::Borrowed("set runAsNonRoot to true"));
    }
    if !scene.pod.is_windows() {
        proposal = proposal.want(scene, wanted_user);
    }
    if row != &table::USER_ROOT {
        proposal = proposal.want(scene, || {
            Wanted::confirm(
                "runAsNonRoot=true",
                "do all its images have users by number that are not root?",
            )
        });
    }
    proposal.hint(scene, || Some(Cow::Borrowed(OWNERSHIP))).hint(scene, || user_namespace(scene))
}

fn row(scene: &Scene<'_, '_>, violation: &Violation) -> &'static Row {
    if violation.fault != Fault::Missing || flag(scene.pod.security()) == Some(false) {
        return &table::USER_FALSE;
    }
    if scene.pod.is_windows() {
        let is_other = |container: &Container<'_>| {
            scene.user_name(container).is_some_and(|name| !name.eq_ignore_ascii_case(WINDOWS_ROOT))
        };
        let all = scene.inheriting().all(is_other);
        return if all { &table::USER_NAMED } else { &table::USER_UNKNOWN };
    }
    if may_be_windows(scene) {
        return &table::USER_UNKNOWN;
    }
    let is_root = |container: &Container<'_>| {
        scene.user(container) == User::Root
            || (scene.user(container) == User::Image
                && scene.facts.users.get(container.name) == Some(&0))
    };
    if uid(scene.pod.security()) == Some(0) || scene.inheriting().any(is_root) {
        return &table::USER_ROOT;
    }
    let mut users =
        scene.inheriting().filter(|container| scene.user(container) == User::Image).peekable();
    if users.peek().is_none() {
        return &table::USER_KNOWN;
    }
    let is_seen = |container: &Container<'_>| {
        scene.facts.users.get(container.name).is_some_and(|uid| *uid > 0)
    };
    if users.all(is_seen) { &table::USER_SEEN } else { &table::USER_UNKNOWN }
}

/// Whether a pod that does not say so may be for Windows nodes, where nobody heeds `runAsUser`.
fn may_be_windows(scene: &Scene<'_, '_>) -> bool {
    let containers = scene.pod.containers().iter().map(|container| &container.security);
    let mut all = containers.chain([scene.pod.security()]);
    let names_windows = |field: &str| {
        let value = scene.at(&FieldPath::of("spec").field(field.to_owned()));
        value.is_some_and(|value| value.to_json().to_string().contains("\"windows\""))
    };
    all.any(|security| security.windows.is_some())
        || names_windows("nodeSelector")
        || names_windows("affinity")
}

/// `runAsUser: 0`.
pub(super) fn root(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let edits = || match scene.answers.user {
        Some(user) if !scene.pod.is_windows() => {
            let mut edits = vec![Edit::set(violation.path.clone(), user)];
            edits.extend(groups(scene));
            edits
        }
        _ if scene.answers.removes("runAsUser") => vec![Edit::remove(violation.path.clone())],
        _ => Vec::new(),
    };
    let remove =
        || Wanted::confirm("remove=runAsUser", "does its image have a user that is not root?");
    let mut proposal = scene.patch(&table::USER_ROOT, edits);
    if scene.answers.user.is_none() && scene.answers.removes("runAsUser") {
        proposal = proposal.titled(scene, || Cow::Borrowed("remove runAsUser: 0"));
    }
    if !scene.pod.is_windows() {
        proposal = proposal.want(scene, wanted_user);
    }
    proposal
        .want(scene, remove)
        .hint(scene, || Some(Cow::Borrowed(OWNERSHIP)))
        .hint(scene, || user_namespace(scene))
}

fn wanted_user() -> Wanted {
    let question = "the UID that its containers shall run as";
    Wanted { name: Cow::Borrowed("runAsUser"), kind: Kind::Uid, question }
}

fn of_pod(field: &'static str) -> FieldPath {
    Pod::security_path(field)
}

/// All that makes every container run as another user than root, once somebody has said as whom.
/// Nothing is left with `runAsNonRoot: true` and `runAsUser: 0`: the kubelet starts no such
/// container.
fn decided(scene: &Scene<'_, '_>) -> Vec<Edit> {
    let pod = scene.pod;
    let mut edits = Vec::new();
    match scene.answers.user {
        Some(user) if !pod.is_windows() => {
            edits.extend(users(scene, user));
            edits.extend(groups(scene));
        }
        _ if scene.answers.non_root && !has_root(scene) => {}
        _ => return edits,
    }
    let says = flag(pod.security());
    if says == Some(false) || (says.is_none() && scene.inheriting().next().is_some()) {
        edits.push(Edit::set(of_pod("runAsNonRoot"), true));
    }
    let allowing = pod.containers().iter().filter(|own| flag(&own.security) == Some(false));
    edits.extend(allowing.map(|own| Edit::set(own.security_path("runAsNonRoot"), true)));
    edits
}

/// Whether anything asks for root, or is known to be it.
fn has_root(scene: &Scene<'_, '_>) -> bool {
    let is_root = |container: &Container<'_>| {
        let name = scene.user_name(container).filter(|_| scene.pod.is_windows());
        name.map_or(scene.user(container) == User::Root, |name| {
            name.eq_ignore_ascii_case(WINDOWS_ROOT)
        })
    };
    uid(scene.pod.security()) == Some(0) || scene.pod.containers().iter().any(is_root)
}

/// Gives a user to whatever has root or none: in one line where no other container would change.
fn users(scene: &Scene<'_, '_>, user: i64) -> Vec<Edit> {
    let pod = scene.pod;
    let mut edits = Vec::new();
    let of_all = uid(pod.security());
    if of_all == Some(0) {
        edits.push(Edit::set(of_pod("runAsUser"), user));
    }
    for container in pod.containers().iter().filter(|own| uid(&own.security) == Some(0)) {
        edits.push(Edit::set(container.security_path("runAsUser"), user));
    }
    if of_all.is_some() {
        return edits;
    }
    let is_settled = |own: &&Container<'_>| {
        flag(&own.security) == Some(true)
            || scene.facts.users.get(own.name).is_some_and(|known| *known > 0)
    };
    let of_image = || pod.containers().iter().filter(|own| uid(&own.security).is_none());
    let (settled, others) =
        (of_image().filter(is_settled), of_image().filter(|own| !is_settled(own)));
    if settled.count() == 0 {
        if of_image().next().is_some() {
            edits.push(Edit::set(of_pod("runAsUser"), user));
        }
    } else {
        edits.extend(others.map(|own| Edit::set(own.security_path("runAsUser"), user)));
    }
    edits
}

/// The groups that were given with the user, where the pod has none.
fn groups(scene: &Scene<'_, '_>) -> Vec<Edit> {
    let given = [("runAsGroup", scene.answers.group), ("fsGroup", scene.answers.fs_group)];
    let missing = given.into_iter().filter(|(field, _)| scene.at(&of_pod(field)).is_none());
    missing.filter_map(|(field, group)| Some(Edit::set(of_pod(field), group?))).collect()
}

/// What to look at with a new user.
const OWNERSHIP: &str = "files in the image and in volumes may belong to root: fsGroup gives volumes to a group; ports below 1024 may be closed to it";

/// A user namespace is another way, from policy version 1.35 on, for a pod that has none and
/// shares none with the node.
fn user_namespace(scene: &Scene<'_, '_>) -> Option<Cow<'static, str>> {
    let pod = scene.pod;
    let shares = [pod.host_network, pod.host_pid, pod.host_ipc].iter().any(Option::is_some);
    (!shares && !pod.is_windows() && !pod.has_user_namespace()).then_some(Cow::Borrowed(
        "what must be root inside can have a user namespace, with policy version v1.35 or later: hostUsers: false",
    ))
}
