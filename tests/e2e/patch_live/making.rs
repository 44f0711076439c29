//! Changes that are made, asked about, refused, and overtaken.

use posture::model::edit::Edit;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::patch::audience::Answer;
use posture::patch::live::{DryRun, Options, Target, carry_out};
use posture::patch::plan::Planned;
use posture::patch::undo::Undo;
use posture_e2e::change::{Scripted, deployment, deployments, options, plan, plan_edits, target};
use posture_e2e::live;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use serde_json::{Value, json};

use super::{connect, json, path, somebody, undo_file};

const SECURITY: &str = "/spec/template/spec/securityContext";

fn is_set(namespace: &str, name: &str) -> bool {
    let object = json(&path(namespace, name));
    object.pointer(&format!("{SECURITY}/seccompProfile/type")) == Some(&json!("RuntimeDefault"))
}

fn template(security: &Value) -> Value {
    json!({ "spec": { "template": { "spec": { "securityContext": security } } } })
}

#[test]
fn what_is_said_is_done() {
    let connection = connect();
    let names = ["a", "b", "c", "d", "e"];
    let namespace = names
        .iter()
        .fold(Namespace::new("answers"), |namespace, name| namespace.object(deployment(name)));
    Cluster::shared().seed(&[namespace]);
    let targets = |names: &[&str]| -> Vec<Target> {
        let target = |name: &&str| target(&connection, &deployments(), ("answers", name), plan);
        names.iter().map(target).collect()
    };
    let (_folder, undo) = undo_file();
    let mut audience = Scripted::default().says(Answer::Yes).says(Answer::No).says(Answer::Quit);
    let outcome = carry_out(&connection, targets(&names), &plan, &mut audience, &options(&undo));
    let outcome = outcome.expect("the server is there");
    let names_of = |objects: &[posture::model::object::ObjectRef]| -> Vec<String> {
        objects.iter().map(|object| object.name.clone()).collect()
    };
    assert_eq!(outcome.done.len(), 1, "{outcome:#?}");
    assert_eq!(names_of(&outcome.declined), ["b", "c", "d", "e"]);
    assert!(outcome.failed.is_empty() && outcome.left.is_empty() && outcome.shown.is_empty());
    assert_eq!(names.map(|name| is_set("answers", name)), [true, false, false, false, false]);
    let question = |name: &str| format!("Change deployment.apps/{name} in namespace answers?");
    assert_eq!(
        audience.asked,
        [(question("a"), 1, 5), (question("b"), 2, 5), (question("c"), 3, 5)]
    );
    let diff = &audience.diffs[0];
    assert!(diff.contains("+        seccompProfile:\n+          type: RuntimeDefault\n"), "{diff}");
    assert!(!diff.contains("resourceVersion") && !diff.contains("managedFields"), "{diff}");
    let written = Undo::read(&undo).expect("an undo file");
    assert_eq!((outcome.undo.as_deref(), written.objects.len()), (Some(undo.as_path()), 1));
    let managers = json(&path("answers", "a"))["metadata"]["managedFields"].to_string();
    assert!(managers.contains("\"manager\":\"kubectl-test\""), "{managers}");

    // There is a file already: it is what takes the change of `a` back.
    let refused = carry_out(&connection, targets(&["b"]), &plan, &mut audience, &options(&undo));
    assert!(refused.expect_err("not over it").to_string().contains("there is a file already"));

    let (_folder, undo) = undo_file();
    let mut audience = Scripted::default().says(Answer::No).says(Answer::All);
    let rest = targets(&["b", "c", "d", "e"]);
    let outcome = carry_out(&connection, rest, &plan, &mut audience, &options(&undo));
    let outcome = outcome.expect("the server is there");
    assert_eq!((outcome.done.len(), audience.asked.len(), audience.diffs.len()), (3, 2, 4));
    assert_eq!(names.map(|name| is_set("answers", name)), [true, false, true, true, true]);
    assert_eq!(Undo::read(&undo).expect("an undo file").objects.len(), 3);

    // Nobody is asked, and nothing is left to be done twice.
    let (_folder, undo) = undo_file();
    let mut audience = Scripted::default();
    let yes = Options { yes: true, ..options(&undo) };
    let last = targets(&["b"]);
    let twice = [last.clone(), last].concat();
    let outcome = carry_out(&connection, twice, &plan, &mut audience, &yes).expect("there");
    assert_eq!((outcome.done.len(), audience.asked.len()), (1, 0), "{outcome:#?}");
    assert_eq!(names_of(&outcome.already), ["b"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let (connection, heard) = live::open(&Cluster::shared().kubeconfig(ADMIN), None, 6);
    Cluster::shared().seed(&[Namespace::new("dry").object(deployment("a"))]);
    let before = json(&path("dry", "a"));
    let (_folder, undo) = undo_file();
    let targets = vec![target(&connection, &deployments(), ("dry", "a"), plan)];
    for (dry_run, requests) in [(DryRun::Client, 0), (DryRun::Server, 1)] {
        let mut audience = Scripted::default();
        let so_far = heard.lines().len();
        let dry = Options { dry_run, ..options(&undo) };
        let outcome = carry_out(&connection, targets.clone(), &plan, &mut audience, &dry);
        let outcome = outcome.expect("the server is there");
        assert_eq!((outcome.shown.len(), outcome.done.len(), audience.asked.len()), (1, 0, 0));
        assert!(audience.diffs[0].contains("+          type: RuntimeDefault\n"));
        assert_eq!((outcome.undo, undo.exists()), (None, false));
        let lines = &heard.lines()[so_far..];
        assert_eq!(lines.len(), requests, "{lines:#?}");
        assert!(lines.iter().all(|line| line.contains("dryRun=All")), "{lines:#?}");
    }
    assert_eq!(json(&path("dry", "a")), before);
}

#[test]
fn somebody_else_is_never_overwritten() {
    let connection = connect();
    Cluster::shared().seed(&[["same", "meanwhile", "beside", "done", "again", "gone"]
        .iter()
        .fold(Namespace::new("others"), |namespace, name| namespace.object(deployment(name)))]);
    let theirs = template(&json!({ "seccompProfile": { "type": "Unconfined" } }));
    let run = |name: &str, before: &dyn Fn(), mut audience: Scripted<'_>| {
        let targets = vec![target(&connection, &deployments(), ("others", name), plan)];
        before();
        let (_folder, undo) = undo_file();
        let outcome = carry_out(&connection, targets, &plan, &mut audience, &options(&undo));
        let written = Undo::read(&undo).map_or(0, |undo| undo.objects.len());
        let outcome = outcome.expect("the server is there");
        assert_eq!(outcome.undo.is_some(), written > 0);
        (outcome, audience.notes, audience.diffs, written)
    };

    // Between reading and dry run, at the same field: what is theirs is what is shown and asked.
    let overtaken = || somebody(&path("others", "same"), &theirs);
    let (outcome, notes, diffs, _) = run("same", &overtaken, Scripted::default().says(Answer::No));
    assert_eq!((outcome.declined.len(), notes.len(), diffs.len()), (1, 1, 1), "{notes:?}");
    assert!(notes[0].contains("changed by somebody else"), "{notes:?}");
    assert!(diffs[0].contains("-          type: Unconfined\n+          type: RuntimeDefault\n"));
    assert!(!is_set("others", "same"));

    // Between question and answer: shown and asked again, with what is theirs in it.
    let meanwhile = || somebody(&path("others", "meanwhile"), &theirs);
    let audience = Scripted::default().after(meanwhile, Answer::Yes).says(Answer::Yes);
    let (outcome, notes, diffs, written) = run("meanwhile", &|| {}, audience);
    assert_eq!((outcome.done.len(), notes.len(), diffs.len(), written), (1, 1, 2, 1));
    assert!(!diffs[0].contains("Unconfined"), "{}", diffs[0]);
    assert!(diffs[1].contains("-          type: Unconfined\n"), "{}", diffs[1]);
    assert!(is_set("others", "meanwhile"));

    // Elsewhere: both changes are there, and the diff shows ours alone.
    let elsewhere = template(&json!({ "runAsUser": 7 }));
    let first = || somebody(&path("others", "beside"), &json!({ "spec": { "replicas": 3 } }));
    let second = || somebody(&path("others", "beside"), &elsewhere);
    let audience = Scripted::default().after(second, Answer::Yes);
    let (outcome, notes, diffs, _) = run("beside", &first, audience);
    assert_eq!((outcome.done.len(), diffs.len(), notes.len()), (1, 1, 0), "{notes:?}");
    assert!(!diffs[0].contains("replicas: 1"), "{}", diffs[0]);
    let object = json(&path("others", "beside"));
    assert_eq!(object["spec"]["replicas"], 3);
    let expected = json!({ "runAsUser": 7, "seccompProfile": { "type": "RuntimeDefault" } });
    assert_eq!(object.pointer(SECURITY), Some(&expected));

    // Somebody has done the same.
    let ours = template(&json!({ "seccompProfile": { "type": "RuntimeDefault" } }));
    let done = || somebody(&path("others", "done"), &ours);
    let audience = Scripted::default().after(done, Answer::Yes);
    let (outcome, _, _, written) = run("done", &|| {}, audience);
    assert_eq!((outcome.already.len(), outcome.done.len(), written), (1, 0, 0));

    // Another object of the same name.
    let again = || {
        let admin = Cluster::shared().admin();
        assert!(admin.delete(&path("others", "again")).is_success());
        let mut other = deployment("again");
        other["metadata"]["namespace"] = json!("others");
        let collection = Cluster::shared().collection(&other);
        assert!(Cluster::shared().create(&collection, &other, "").is_success());
    };
    let audience = Scripted::default().after(again, Answer::Yes);
    let (outcome, notes, diffs, written) = run("again", &|| {}, audience);
    assert_eq!((outcome.declined.len(), diffs.len(), written), (1, 2, 0), "{notes:?}");
    let gone = || assert!(Cluster::shared().admin().delete(&path("others", "gone")).is_success());
    let audience = Scripted::default().after(gone, Answer::Yes);
    let (outcome, ..) = run("gone", &|| {}, audience);
    assert_eq!(outcome.failed[0].why, "deployments.apps \"gone\" not found");
}

/// Sets what no Job takes.
fn non_root(object: Object) -> Planned {
    let path = FieldPath::of("spec.template.spec.securityContext.runAsNonRoot");
    plan_edits(object, vec![Edit::set(path, true)])
}

#[test]
fn what_the_server_refuses_is_said_and_the_rest_goes_on() {
    let connection = connect();
    let mut job = deployment("job");
    job["apiVersion"] = json!("batch/v1");
    job["kind"] = json!("Job");
    job["spec"] = json!({ "template": deployment("job")["spec"]["template"] });
    job["spec"]["template"]["metadata"] = json!({});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": { "name": "no-profiles" },
        "spec": { "failurePolicy": "Fail",
            "matchConstraints": { "resourceRules": [{ "apiGroups": ["apps"],
                "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"] }] },
            "validations": [{ "expression": "object.metadata.name != 'policed'",
                "message": "hands off" }] } });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": { "name": "no-profiles" },
        "spec": { "policyName": "no-profiles", "validationActions": ["Deny"],
            "matchResources": { "namespaceSelector": { "matchLabels": {
                "kubernetes.io/metadata.name": "refusing" } } } } });
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("refusing")
        .object(job)
        .object(deployment("policed"))
        .object(deployment("free"))]);
    for object in [&policy, &binding] {
        let created = cluster.create(&cluster.collection(object), object, "");
        assert!(created.is_success(), "{}", created.message());
    }
    // The server learns of policies from its own watch.
    let started = std::time::Instant::now();
    let probe = template(&json!({ "runAsUser": 8 }));
    let probing = format!("{}?dryRun=All", path("refusing", "policed"));
    while cluster.admin().merge(&probing, &probe).is_success() {
        assert!(started.elapsed().as_secs() < 30, "the policy is not in force");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    let jobs = posture::client::resource::Resource::new("batch", "v1", "jobs", "Job", true);
    let mut targets = vec![target(&connection, &jobs, ("refusing", "job"), non_root)];
    targets.extend(
        ["policed", "free"]
            .map(|name| target(&connection, &deployments(), ("refusing", name), plan)),
    );
    let (_folder, undo) = undo_file();
    let mut audience = Scripted::default().says(Answer::Yes);
    let outcome = carry_out(&connection, targets, &plan, &mut audience, &options(&undo));
    let outcome = outcome.expect("the server is there");
    assert_eq!((outcome.done.len(), outcome.failed.len()), (1, 2), "{outcome:#?}");
    assert_eq!(audience.asked.len(), 1);
    let [job, policed] = &outcome.failed[..] else { panic!("{outcome:#?}") };
    assert_eq!(job.object.as_deref(), Some("job.batch/job in namespace refusing"));
    assert!(job.why.contains("field is immutable"), "{}", job.why);
    assert!(
        policed.why.contains("no-profiles") && policed.why.contains("hands off"),
        "{policed:?}"
    );
    assert!(is_set("refusing", "free") && !is_set("refusing", "policed"));
    assert_eq!(Undo::read(&undo).expect("an undo file").objects.len(), 1);
    assert_eq!(json("/apis/batch/v1/namespaces/refusing/jobs/job")["metadata"]["generation"], 1);
}

#[test]
fn the_servers_warnings_are_heard() {
    let (connection, heard) = live::open(&Cluster::shared().kubeconfig(ADMIN), None, 0);
    let warned = Namespace::new("warned").pod_security("warn", "restricted");
    Cluster::shared().seed(&[warned.object(deployment("a"))]);
    let targets = vec![target(&connection, &deployments(), ("warned", "a"), plan)];
    let (_folder, undo) = undo_file();
    let yes = Options { yes: true, ..options(&undo) };
    carry_out(&connection, targets, &plan, &mut Scripted::default(), &yes).expect("there");
    let warnings = heard.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("would violate PodSecurity \"restricted:latest\""));
    assert!(!warnings[0].contains("seccompProfile"), "{warnings:?}");
}

#[test]
fn unknown_fields_are_refused() {
    let connection = connect();
    Cluster::shared().seed(&[Namespace::new("strict").object(deployment("a"))]);
    let misspelt = |object: Object| {
        let path = FieldPath::of("spec.template.spec.securityContext.seccompProfil");
        plan_edits(object, vec![Edit::set(path, json!({ "type": "RuntimeDefault" }))])
    };
    let targets = vec![target(&connection, &deployments(), ("strict", "a"), misspelt)];
    let (_folder, undo) = undo_file();
    let mut audience = Scripted::default();
    let outcome = carry_out(&connection, targets, &misspelt, &mut audience, &options(&undo));
    let outcome = outcome.expect("the server is there");
    assert!(outcome.failed[0].why.contains("unknown field"), "{:?}", outcome.failed);
    assert!(audience.asked.is_empty() && !undo.exists());
}

#[test]
fn the_command_of_kubectl_does_the_same() {
    let connection = connect();
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new("same").object(deployment("a")).object(deployment("b"))]);
    let edits = |object: Object| {
        let args = FieldPath::of("spec.template.spec.containers").named(0, "web").field("args");
        plan_edits(object, vec![Edit::set(args, json!(["it's", "<$HOME>", "`x`", "a\nb"]))])
    };
    let (_folder, undo) = undo_file();
    let kubectl = posture_harness::judge::kubectl();
    let search = format!(
        "{}:{}",
        kubectl.parent().expect("a folder").display(),
        std::env::var("PATH").expect("a path")
    );
    for name in ["a", "b"] {
        let targets = vec![target(&connection, &deployments(), ("same", name), edits)];
        let dry_run = if name == "a" { DryRun::Server } else { DryRun::None };
        let given = Options { yes: true, dry_run, ..options(&undo) };
        let outcome = carry_out(&connection, targets, &edits, &mut Scripted::default(), &given);
        let outcome = outcome.expect("the server is there");
        for shown in outcome.shown {
            let run = std::process::Command::new("sh")
                .args(["-c", &shown.command])
                .env("PATH", &search)
                .env("KUBECONFIG", cluster.kubeconfig(ADMIN))
                .output()
                .expect("a shell");
            let said = String::from_utf8_lossy(&run.stderr).into_owned();
            assert!(run.status.success(), "{}\n{said}", shown.command);
        }
    }
    let [a, b] = ["a", "b"]
        .map(|name| json(&path("same", name)).pointer("/spec/template/spec/containers").cloned());
    assert!(a.is_some() && a == b, "{a:?}\n{b:?}");
    assert!(a.expect("containers").to_string().contains("<$HOME>"));
}
