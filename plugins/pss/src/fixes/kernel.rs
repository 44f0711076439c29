//! What a pod sets of the kernel: `/proc`, `SELinux`, parameters.

use std::borrow::Cow;

use posture::model::edit::Edit;
use posture::model::path::Segment;

use super::table;
use super::{Proposal, Scene};
use crate::violation::{Fault, Violation};

/// The fields of `seLinuxOptions` beside `level`.
const SE_LINUX: [&str; 3] = ["role", "type", "user"];

/// `procMount`.
pub(super) fn proc_mount(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let hint = "with hostUsers: false the level baseline allows it, from policy version v1.35 on";
    scene
        .removal(&table::PROC_MOUNT, "procMount", "cover /proc again?", || {
            vec![Edit::remove(violation.path.clone())]
        })
        .hint(scene, || Some(Cow::Borrowed(hint)))
}

/// `seLinuxOptions`.
pub(super) fn se_linux(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let question = "let the runtime choose the SELinux type?";
    scene.removal(&table::SE_LINUX, "seLinuxOptions", question, || {
        let options = violation.path.clone().parent();
        // An allowed type is kept, if it is another field that is wrong.
        let is_type_wrong = matches!(&violation.path.segments().last(), Some(Segment::Field(field)) if field == "type");
        let goes = |field: &str| SE_LINUX.contains(&field) && (field != "type" || is_type_wrong);
        let mut written = scene.at(&options).into_iter().flat_map(|options| options.entries());
        let is_all = written.all(|(key, _)| goes(key.as_str().unwrap_or_default()));
        vec![Edit::remove(if is_all { options } else { violation.path.clone() })]
    })
}

/// `sysctls`.
pub(super) fn sysctl(scene: &Scene<'_, '_>, violation: &Violation) -> Proposal {
    let name = match &violation.fault {
        Fault::Forbidden(name) => name.as_str(),
        _ => "",
    };
    let goes = scene.answers.removes("sysctls") || scene.answers.removes(name);
    let edits = || {
        let list = crate::pod::Pod::security_path("sysctls");
        let element = violation.path.clone().parent();
        let count = scene.at(&list).map_or(0, |list| list.items().count());
        match goes {
            false => Vec::new(),
            true if count == 1 => vec![Edit::remove(list)],
            true => vec![Edit::remove(element)],
        }
    };
    let mut proposal = scene.patch(&table::SYSCTL, edits).want(scene, || {
        let what = if name.contains(['.', '/']) { name } else { "sysctls" };
        super::answers::Wanted::confirm(format!("remove={what}"), "remove the kernel parameter?")
    });
    proposal = proposal.titled(scene, || Cow::Owned(format!("remove the kernel parameter {name}")));
    if let Some(since) = crate::checks::sysctl_since(name) {
        proposal = proposal.hint(scene, || {
            Some(Cow::Owned(format!(
                "from policy version v{since} on it is allowed: compare the two versions with diff before you raise the label"
            )))
        });
    }
    proposal
}
