//! Plans in every format.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::finding::fix::Grade;
use crate::finding::report::{Target, Tool};
use crate::input::inventory::Inventory;
use crate::model::edit::Edit;
use crate::model::gap::Gap;
use crate::model::object::{Object, ObjectRef};
use crate::model::path::FieldPath;
use crate::model::source::{Mark, Source};
use crate::patch::plan::{Change, Left, Plan, Refused, Step};
use crate::patch::report::{Came, Carried, Fate};
use crate::patch::text::Rewritten;

const MANIFEST: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: x\n";

fn objects(source: Source) -> Vec<Object> {
    let mut inventory = Inventory::default();
    inventory.add(&Arc::new(source));
    assert!(inventory.gaps.is_empty());
    inventory.objects
}

fn change(object: Object, namespace: Option<&str>) -> Change {
    let seccomp = FieldPath::of("spec.template.spec.securityContext.seccompProfile.type");
    let step = Step {
        title: "set seccompProfile to RuntimeDefault for the pod".into(),
        check: Some("seccompProfile_restricted"),
        grade: Some(Grade::B),
        evidence: "the node's default is not known".into(),
        edits: vec![Edit::set(seccomp, "RuntimeDefault")],
    };
    let reference = object.reference(namespace);
    let notes = vec!["its pods are replaced, one after the other".to_owned()];
    Change::new(object, reference, vec![step], notes).expect("it can be made")
}

fn tool() -> Tool {
    let word = str::to_owned;
    Tool { name: word("kubectl-pss"), version: word("0"), verb: word("fix") }
}

/// A plan of one change in a file.
fn of_files(carried: impl FnOnce(Carried, &Change) -> Carried) -> PlanReport<()> {
    let file = Source::file("web.yaml".as_ref(), MANIFEST.into());
    let change = change(objects(file).remove(0), Some("shop"));
    let source = Arc::clone(change.object.tree().source());
    let line = "        image: x\n";
    let after = MANIFEST.replace(
        line,
        &format!(
            "{line}      securityContext:\n        seccompProfile: {{type: RuntimeDefault}}\n"
        ),
    );
    let rewritten = Rewritten { source, after, splices: Vec::new(), positions: vec![0] };
    let carried = carried(Carried { rewritten: vec![rewritten], ..Carried::default() }, &change);
    let plan = Plan { changes: vec![change], ..Plan::default() };
    PlanReport::new(tool(), Target::default(), plan, carried)
}

/// The same of an object in a cluster.
fn live() -> PlanReport<()> {
    let object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "managedFields": []},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "x"}]}}},
        "status": {"replicas": 1},
    });
    let change = change(objects(Source::live(object.to_string().into())).remove(0), Some("shop"));
    let plan = Plan { changes: vec![change], ..Plan::default() };
    PlanReport::new(tool(), Target::default(), plan, Carried::default())
}

fn written(report: &PlanReport<()>, format: PlanFormat) -> String {
    let mut out = Vec::new();
    write(report, format, Style::plain(100), &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

fn said(report: &PlanReport<()>) -> String {
    let mut out = Vec::new();
    words::write(report, Style::plain(100), &mut out).expect("written");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_diff_is_all_there_is_on_standard_output() {
    let diff = "--- a/web.yaml\n+++ b/web.yaml\n@@ -7,3 +7,5 @@\n       containers:\n       - name: app\n         image: x\n+      securityContext:\n+        seccompProfile: {type: RuntimeDefault}\n";
    assert_eq!(written(&of_files(|carried, _| carried), PlanFormat::Diff), diff);
    let diff = written(&live(), PlanFormat::Diff);
    assert!(diff.starts_with("--- a/shop/deployment.apps/web.yaml\n"), "{diff}");
    let seen = PlanReport { is_shown: true, ..live() };
    assert_eq!(written(&seen, PlanFormat::Diff), "");
}

#[test]
fn patches_name_their_objects() {
    let patch = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  template:\n    spec:\n      securityContext:\n        seccompProfile:\n          type: RuntimeDefault\n";
    let file = of_files(|carried, _| carried);
    assert_eq!(written(&file, PlanFormat::Patch), patch);
    assert_eq!(written(&live(), PlanFormat::Patch), patch);
    let list: Json = serde_json::from_str(&written(&file, PlanFormat::Jsonpatch)).expect("JSON");
    assert_eq!(
        list[0]["target"],
        json!({"group": "apps", "version": "v1", "kind": "Deployment", "name": "web", "namespace": "shop"})
    );
    assert_eq!(list[0]["patch"][1]["op"], "add");
    let empty: PlanReport<()> =
        PlanReport::new(tool(), Target::default(), Plan::default(), Carried::default());
    assert_eq!(written(&empty, PlanFormat::Jsonpatch), "[]\n");
    assert_eq!(written(&empty, PlanFormat::Kustomize), "patches: []\n");
}

#[test]
fn kustomize_is_asked_for_a_namespace_only_where_the_manifest_has_it() {
    let file = written(&of_files(|carried, _| carried), PlanFormat::Kustomize);
    assert!(file.contains("    namespace: shop\n"), "{file}");
    let live = written(&live(), PlanFormat::Kustomize);
    assert!(!live.contains("namespace"), "{live}");
    assert!(live.starts_with("patches:\n- target:\n    group: apps\n    kind: Deployment\n"));
    let read: Json = serde_yaml::from_str(&live).expect("YAML");
    let patch = read["patches"][0]["patch"].as_str().expect("a patch");
    let patch: Json = serde_yaml::from_str(patch).expect("YAML");
    let pod = &patch["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
}

#[test]
fn the_whole_result_has_what_does_not_change_too() {
    let mut report = of_files(|carried, _| carried);
    report.sources = vec![
        Arc::new(Source::new("other.yaml", b"# nothing\nkind: Service".to_vec())),
        Arc::clone(&report.rewritten[0].source),
        Arc::new(Source::new("third.yaml", b"---\nkind: Secret\n".to_vec())),
    ];
    let after = &report.rewritten[0].after;
    let expected = format!("# nothing\nkind: Service\n---\n{after}---\nkind: Secret\n");
    assert_eq!(written(&report, PlanFormat::Yaml), expected);
    let live = written(&live(), PlanFormat::Yaml);
    assert!(!live.contains("status") && !live.contains("managedFields"), "{live}");
    assert!(live.contains("type: RuntimeDefault"), "{live}");
}

#[test]
fn people_are_told_what_is_done_and_what_is_not() {
    let report = of_files(|carried, _| Carried {
        came: vec![Came::Of(Fate::Made)],
        undo: Some("/home/a b/undo.yaml".into()),
        ..carried
    });
    let expected = "WRITTEN  deployment.apps/web in shop  web.yaml:1\n  B: set seccompProfile to RuntimeDefault for the pod (seccompProfile_restricted)\n    the node's default is not known\n  note: its pods are replaced, one after the other\n\n1 object: 1 written\nto take it back: kubectl pss undo '/home/a b/undo.yaml'\n";
    assert_eq!(said(&report), expected);
    let mut report = of_files(|carried, change| {
        let place = Mark::new(change.object.tree().source(), 20..24);
        let refused = Refused { position: 0, why: "the value is an alias".to_owned(), place };
        Carried { refused: vec![refused], rewritten: Vec::new(), ..carried }
    });
    report.left.push(Left {
        object: ObjectRef {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            namespace: None,
            name: "once".to_owned(),
        },
        why: "a Job's template cannot be changed".to_owned(),
        instead: vec!["delete it, and create it anew".to_owned()],
    });
    report.gaps.push(Gap {
        what: "change".to_owned(),
        place: None,
        object: Some("x.yaml".to_owned()),
        why: "not written: it is read-only".to_owned(),
        hint: String::new(),
    });
    report.count();
    let expected = "REFUSED  deployment.apps/web in shop  web.yaml:1\n  it cannot be changed in this file: the value is an alias (web.yaml:2:1)\n  B: set seccompProfile to RuntimeDefault for the pod (seccompProfile_restricted)\n    the node's default is not known\n  note: its pods are replaced, one after the other\n  by hand:\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: web\n      namespace: shop\n    spec:\n      template:\n        spec:\n          securityContext:\n            seccompProfile:\n              type: RuntimeDefault\n\nLEFT ALONE  job.batch/once\n  a Job's template cannot be changed\n  instead: delete it, and create it anew\n\nNOT DONE  x.yaml\n  not written: it is read-only\n\n2 objects: 1 refused, 1 left alone, 1 gap\n";
    assert_eq!(said(&report), expected);
}

#[test]
fn the_numbers_say_whether_all_is_done() {
    let report = of_files(|carried, _| carried);
    assert!(report.summary.complete && !report.is_declined());
    let of = |came: Came| of_files(|carried, _| Carried { came: vec![came], ..carried });
    assert!(of(Came::Of(Fate::Declined)).is_declined());
    assert!(!of(Came::Of(Fate::Failed)).summary.complete);
    let already = of(Came::Already);
    assert_eq!((already.summary.already, already.summary.changes), (1, 0));
    let mut left = of(Came::Left(Left {
        object: already.already[0].clone(),
        why: String::new(),
        instead: Vec::new(),
    }));
    assert!(!left.is_declined());
    left.left_fails = true;
    assert!(left.is_declined());
    let report = written(&of(Came::Of(Fate::Made)), PlanFormat::Json);
    let report: Json = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["kind"], "Plan");
    assert_eq!(report["changes"][0]["outcome"], "made");
    assert_eq!(report["changes"][0]["place"]["line"], 1);
    let path = "spec.template.spec.securityContext.seccompProfile.type";
    assert_eq!(report["changes"][0]["steps"][0]["paths"], json!([path]));
    assert_eq!(report["summary"]["made"], 1);
}
