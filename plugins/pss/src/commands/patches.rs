//! The files of `--assume-patch`.

use posture::input::files::{self, FileArgs};
use posture::input::yaml;
use posture::model::error::{Error, Result};
use posture::model::json_patch::Patch;
use posture::model::node::{Type, Value};
use posture::model::source::Mark;

use crate::assume::{Change, PatchFile};

/// Reads patches of pods: each file is one document, YAML or JSON, a list for a JSON Patch or a
/// mapping for a merge patch. Fails with the place of what is neither.
pub fn read(names: &[String]) -> Result<Vec<PatchFile>> {
    names.iter().map(|name| one(name)).collect()
}

fn one(name: &str) -> Result<PatchFile> {
    if name == "-" {
        return Err(Error::usage("--assume-patch -: name a file"));
    }
    let (sources, gaps) =
        files::read(&FileArgs { names: vec![name.to_owned()], ..FileArgs::default() })?;
    if let Some(gap) = gaps.first() {
        return Err(Error::usage(format!("--assume-patch {name}: {}", gap.why)));
    }
    let mut trees = Vec::new();
    for outcome in sources.iter().flat_map(yaml::read) {
        match outcome {
            Ok(document) => trees.push(document.tree),
            Err(gap) => return Err(refused(name, gap.place.as_ref(), &gap.why)),
        }
    }
    let [tree] = &trees[..] else {
        let why = if trees.is_empty() { "nothing in it" } else { "more than one document" };
        return Err(refused(name, None, why));
    };
    let root = tree.root();
    let change = match root.value_type() {
        Type::Array => Change::Operations(Patch::read(root).map_err(|malformed| {
            refused(name, Some(&tree.value(malformed.node).mark()), &malformed.why)
        })?),
        Type::Object => merge_patch(name, root)?,
        _ => {
            let why = "neither a JSON Patch (a list of operations) nor a merge patch (a mapping)";
            return Err(refused(name, Some(&root.mark()), why));
        }
    };
    Ok(PatchFile { name: name.to_owned(), change })
}

/// A merge patch of a pod and of no other kind: that of a workload would change nothing.
fn merge_patch(name: &str, root: Value<'_>) -> Result<Change> {
    if let Some(kind) = root.field("kind").filter(|kind| kind.as_str() != Some("Pod")) {
        let why = "the patch is applied to pods, not to what makes them";
        return Err(refused(name, Some(&kind.mark()), why));
    }
    Ok(Change::Merge(root.to_json()))
}

fn refused(name: &str, mark: Option<&Mark>, why: &str) -> Error {
    let at = mark.map(Mark::place).map_or_else(
        || name.to_owned(),
        |place| format!("{}:{}:{}", place.file, place.line, place.column),
    );
    Error::usage(format!("{at}: {why}"))
        .hint("--assume-patch wants one document that changes a pod: [{op: add, path: /spec/…, value: …}] or {spec: {…}}")
}
