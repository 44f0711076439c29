//! What mutating admission adds: `--assume-injection` and `--assume-patch`.
#![cfg(test)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use kubectl_pss::assume::{Assumptions, Change, Injection, Namespace, PatchFile, Scene};
use kubectl_pss::evaluate::Evaluator;
use kubectl_pss::level::PolicyVersion;
use kubectl_pss::pod::Pod;
use posture::input::yaml;
use posture::model::json_patch::Patch;
use posture::model::source::Source;
use posture::model::version::NEWEST;
use posture_e2e::folder::with as folder;
use posture_e2e::object;
use posture_e2e::pss::policy::policies;
use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, wrap};
use posture_harness::binary::{Finished, Run};
use posture_harness::seed;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Pods on which an empty patch must change nothing, normally and in the long run.
const PODS: [usize; 2] = [1_000, 20_000];

/// How many samples of each mesh there must be.
const LEAST: usize = 20;

/// The fields of security contexts that Pod Security reads.
const SECURITY: [&str; 11] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "sysctls",
    "windowsOptions",
];

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/assume").join(name);
    let source = Arc::new(Source::new(name, fs::read(&path).expect("a fixture")));
    let tree = yaml::single_document(&source).expect("it can be read").expect("a document");
    tree.root().to_json()
}

/// The fields of a mapping that are named.
fn chosen(value: &Value, keys: &[&str]) -> Value {
    let fields = value.as_object().into_iter().flatten();
    let fields = fields.filter(|(key, _)| keys.contains(&key.as_str()));
    Value::Object(fields.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The hosts that the probes and hooks of a container name.
fn hosts(container: &Value) -> Vec<String> {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|key| &container[key]);
    let hooks = ["postStart", "preStop"].map(|key| &container["lifecycle"][key]);
    let handlers = probes.into_iter().chain(hooks);
    let actions = handlers.flat_map(|handler| [&handler["httpGet"], &handler["tcpSocket"]]);
    actions.filter_map(|action| action["host"].as_str().map(str::to_owned)).collect()
}

fn items<'a>(pod: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    pod["spec"][list].as_array().into_iter().flatten()
}

/// All of a pod that Pod Security looks at, in order.
fn relevant(pod: &Value) -> Value {
    let mut shown = chosen(&pod["spec"], &["hostNetwork", "hostPID", "hostIPC", "hostUsers", "os"]);
    shown["securityContext"] = chosen(&pod["spec"]["securityContext"], &SECURITY);
    for list in ["initContainers", "containers"] {
        let container = |container: &Value| {
            let ports = container["ports"].as_array().into_iter().flatten();
            let ports: Vec<&Value> = ports.map(|port| &port["hostPort"]).collect();
            json!({
                "name": container["name"],
                "hostPorts": ports,
                "hosts": hosts(container),
                "securityContext": chosen(&container["securityContext"], &SECURITY),
            })
        };
        shown[list] = items(pod, list).map(container).collect();
    }
    // The volume of the service account's token is no work of the injector's.
    let own = |volume: &&Value| volume["name"] != "kube-api-access-xxxxx";
    let volume = |volume: &Value| {
        let mut keys = volume.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
        let source = keys.find(|key| *key != "name").unwrap_or("emptyDir");
        json!([volume["name"], source])
    };
    shown["volumes"] = items(pod, "volumes").filter(own).map(volume).collect();
    shown
}

/// Every policy's words about a pod that is being created.
fn words(pod: &Value, evaluator: &Evaluator) -> Vec<String> {
    let mut pod = pod.clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    let server = evaluator.server();
    let versions = [0, 18, 21, 24, 31, 34, server.0].map(PolicyVersion::of);
    let object = object::from_json(&pod);
    let template = object::template(&object);
    let created = Pod::created_from(&template, server);
    let mut session = evaluator.session(&created);
    policies(&versions).into_iter().map(|policy| session.evaluate(policy).detail()).collect()
}

fn namespace(case: &Value) -> Option<Namespace> {
    let map = |key: &str| {
        let entries = case["namespace"][key].as_object().into_iter().flatten();
        entries
            .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect()
    };
    let known = Namespace { labels: map("labels"), annotations: map("annotations") };
    (known != Namespace::default()).then_some(known)
}

/// A sample in an object of a kind, with its own labels.
fn inside(kind: &str, pod: &Value) -> Value {
    let mut object = wrap(kind, pod);
    if kind == "Pod" {
        object["apiVersion"] = "v1".into();
        object["kind"] = "Pod".into();
        return object;
    }
    let template = match kind {
        "PodTemplate" => "/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    };
    object.pointer_mut(template).expect("a template")["metadata"] = pod["metadata"].clone();
    object
}

/// One sample through our injection, as a Pod and as the template of every workload.
fn holds(case: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let injection: Injection = text(&case["assume"]).parse().expect("a mesh");
    let assumptions = Assumptions { injections: vec![injection], patches: Vec::new() };
    let server = case
        .get("server")
        .map_or(NEWEST, |server| server.to_string().trim_matches('"').parse().expect("a release"));
    let evaluator = Evaluator::new(server);
    let known = namespace(case);
    let name = case["namespace"]["name"].as_str().unwrap_or("shop");
    let scene = Scene { namespace: name, known: known.as_ref(), server };
    for kind in KINDS {
        let context = format!("{} as a {kind}", case["name"]);
        let object = object::from_json(&inside(kind, &case["pod"]));
        let assumed = assumptions.apply(&object::template(&object), &scene, false);
        if let Some(why) = case["unknown"].as_str() {
            assert_eq!(assumed.expect_err(&context).why, why, "{context}");
            continue;
        }
        let assumed = assumed.expect(&context);
        if let Some(why) = case["untouched"].as_str() {
            assert_eq!(assumed.untouched, [format!("{injection}: {why}")], "{context}");
            assert!(assumed.by.is_empty() && assumed.added.is_empty(), "{context}");
            assert_eq!(relevant(&assumed.pod), relevant(&case["pod"]), "{context}");
            continue;
        }
        let wanted = &case["injected"];
        assert_eq!(assumed.by, [injection.to_string()], "{context}");
        assert_eq!(relevant(&assumed.pod), relevant(wanted), "{context}");
        assert_eq!(words(&assumed.pod, &evaluator), words(wanted, &evaluator), "{context}");
        let names = |pod: &Value| -> Vec<Value> {
            ["initContainers", "containers"]
                .iter()
                .flat_map(|list| items(pod, list).map(|container| container["name"].clone()))
                .collect()
        };
        let before = names(&case["pod"]);
        let added = assumed.added.iter().filter(|added| added.list != "volumes");
        let mut added: Vec<Value> = added.map(|added| added.name.clone().into()).collect();
        let mut new = names(wanted);
        new.retain(|name| !before.contains(name));
        added.retain(|name| !before.contains(name));
        added.sort_by_key(ToString::to_string);
        new.sort_by_key(ToString::to_string);
        assert_eq!(added, new, "{context}");
    }
}

#[test]
fn what_meshes_inject_is_what_their_injectors_inject() {
    for name in ["istio.yaml", "linkerd.yaml"] {
        let samples = fixture(name);
        let cases = samples["cases"].as_array().expect("cases");
        assert!(cases.len() >= LEAST, "{name} has {} samples", cases.len());
        for outcome in ["injected", "untouched", "unknown"] {
            assert!(cases.iter().any(|case| case.get(outcome).is_some()), "{name}: no {outcome}");
        }
        cases.iter().for_each(holds);
    }
}

#[test]
fn a_patch_that_says_nothing_changes_nothing() {
    let nothing = |change| PatchFile { name: "p".to_owned(), change };
    let patches = [
        nothing(Change::Operations(Patch::default())),
        nothing(Change::Merge(Value::Object(Map::new()))),
    ];
    let assumptions = Assumptions { injections: Vec::new(), patches: patches.into() };
    let scene = Scene { namespace: "shop", known: None, server: NEWEST };
    let evaluator = Evaluator::new(NEWEST);
    let pods = Pods::new(seed::seed(), Values::Odd).take(PODS[usize::from(seed::long())]);
    for (number, pod) in pods.enumerate() {
        let kind = KINDS[number % KINDS.len()];
        let written = object::from_json(&wrap(kind, &pod));
        let template = object::template(&written);
        let stored = kind == "Pod" && number % 2 == 0;
        let assumed = assumptions.apply(&template, &scene, stored).expect("it applies");
        assert!(assumed.added.is_empty(), "{:?}", assumed.added);
        let (after, before) = (words(&assumed.pod, &evaluator), words(&pod, &evaluator));
        assert_eq!(after, before, "as a {kind}: {pod}");
    }
}

/// A Deployment that meets restricted.
const RESTRICTED: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      securityContext:
        seccompProfile: {type: RuntimeDefault}
      containers:
      - name: app
        image: x
        securityContext:
          runAsNonRoot: true
          allowPrivilegeEscalation: false
          capabilities: {drop: [ALL]}
";

fn check(folder: &TempDir, arguments: &str) -> Finished {
    Run::new("kubectl-pss")
        .args(["check"].into_iter().chain(arguments.split_whitespace()))
        .in_folder(folder.path())
        .env("COLUMNS", "300")
        .finish()
}

/// What a run has printed, without its line breaks.
fn one_line(run: &Finished) -> String {
    run.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(folder: &TempDir, arguments: &str) -> (i32, Value) {
    let run = check(folder, &format!("{arguments} -o json"));
    (run.code, run.json())
}

#[test]
fn a_mesh_breaks_what_its_cni_plugin_does_not() {
    let folder = folder(&[("web.yaml", RESTRICTED)]);
    for (arguments, code, verdict, breaks) in [
        ("--level restricted", 0, "allowed", &[][..]),
        (
            "--level restricted --assume-injection istio",
            1,
            "rejected",
            &["capabilities_restricted", "runAsNonRoot", "runAsUser"],
        ),
        ("--level baseline --assume-injection istio", 1, "rejected", &["capabilities_baseline"]),
        ("--level restricted --assume-injection istio,cni", 0, "allowed", &[]),
        ("--level baseline --assume-injection istio,cni", 0, "allowed", &[]),
        (
            "--level restricted --assume-injection linkerd",
            1,
            "rejected",
            &["capabilities_restricted"],
        ),
        ("--level baseline --assume-injection linkerd", 1, "rejected", &["capabilities_baseline"]),
        ("--level restricted --assume-injection linkerd,cni", 0, "allowed", &[]),
        ("--level privileged --assume-injection istio", 0, "allowed", &[]),
    ] {
        let (exit, report) = json(&folder, &format!("-f web.yaml {arguments}"));
        let object = &report["objects"][0];
        assert_eq!((exit, object["verdict"].as_str()), (code, Some(verdict)), "{arguments}");
        // The template is admitted as before: nobody changes it.
        assert_eq!(object["modes"]["warn"]["allowed"], true, "{arguments}");
        assert_eq!(object["pod"]["modes"]["enforce"]["allowed"], true, "{arguments}");
        let Some(assumed) = object.get("assumed") else {
            assert!(!arguments.contains("assume"), "{arguments}");
            continue;
        };
        assert_eq!(assumed["breaks"], json!(breaks), "{arguments}");
        assert_eq!(assumed["modes"]["enforce"]["allowed"], code == 0, "{arguments}");
        let findings = report["findings"].as_array().expect("findings");
        assert_eq!(findings.is_empty(), code == 0, "{arguments}");
        for finding in findings {
            let by = assumed["by"][0].as_str().expect("what has changed it");
            let message = finding["message"].as_str().expect("a message");
            assert!(message.ends_with(&format!("({by} adds this container)")), "{message}");
            let path = finding["path"].as_str().expect("a path");
            assert!(
                path.starts_with("spec.template.spec.initContainers[")
                    || path.starts_with("spec.initContainers["),
                "{path}"
            );
            // The pod's spec in the manifest.
            assert_eq!(finding["place"]["line"], 10, "{message}");
        }
    }
}

#[test]
fn the_view_for_people_says_when_and_what() {
    let folder = folder(&[("web.yaml", RESTRICTED)]);
    let run = check(&folder, "-f web.yaml --level baseline --assume-injection istio");
    let said = "its pods are refused once istio has injected its sidecar, though the Deployment itself is admitted: violates PodSecurity \"baseline:latest\": non-default capabilities (container \"istio-init\" must not include \"NET_ADMIN\", \"NET_RAW\" in securityContext.capabilities.add)";
    assert!(one_line(&run).contains(said), "{}", run.stdout);
    let note = "before istio: allowed; after: rejected; breaks capabilities_baseline; adds initContainers istio-init, istio-proxy";
    assert!(one_line(&run).contains(note), "{}", run.stdout);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: x}]}\n";
    fs::write(folder.path().join("pod.yaml"), pod).expect("written");
    let run = check(&folder, "-f pod.yaml --level baseline --assume-injection linkerd");
    let said = "pods \"a\" is forbidden once linkerd has injected its sidecar: violates PodSecurity \"baseline:latest\": ";
    assert!(one_line(&run).contains(said), "{}", run.stdout);
    // What is refused all the same is said as without.
    let run = check(&folder, "-f pod.yaml --assume-injection istio,cni");
    assert!(one_line(&run).contains("once istio has injected"), "{}", run.stdout);
    let off =
        pod.replace("{name: a}\n", "{name: a, annotations: {sidecar.istio.io/inject: 'false'}}\n");
    fs::write(folder.path().join("pod.yaml"), off).expect("written");
    let run = check(&folder, "-f pod.yaml --assume-injection istio");
    assert!(one_line(&run).contains("pods \"a\" is forbidden: violates"), "{}", run.stdout);
    let note = "not changed by istio: the annotation sidecar.istio.io/inject is \"false\"";
    assert!(one_line(&run).contains(note), "{}", run.stdout);
}

#[test]
fn a_finding_is_the_same_with_and_without_what_is_assumed() {
    let bad = RESTRICTED.replace("drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]");
    let folder = folder(&[("web.yaml", &bad), ("none.yaml", "[]")]);
    let (_, before) = json(&folder, "-f web.yaml --level baseline");
    let (_, after) = json(&folder, "-f web.yaml --level baseline --assume-injection linkerd");
    let find = |report: &Value| -> Value {
        let findings = report["findings"].as_array().expect("findings");
        let own = |finding: &&Value| finding["container"] == "app";
        findings.iter().find(own).cloned().expect("a finding")
    };
    assert_eq!(find(&before), find(&after));
    let (_, patched) = json(&folder, "-f web.yaml --level baseline --assume-patch none.yaml");
    assert_eq!(before["findings"], patched["findings"]);
}

#[test]
fn namespaces_that_are_labelled_off_are_left_alone() {
    let off = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    istio-injection: disabled\n    pod-security.kubernetes.io/enforce: restricted\n";
    let folder = folder(&[("web.yaml", RESTRICTED), ("ns.yaml", off)]);
    let (code, report) = json(&folder, "-f web.yaml -f ns.yaml --assume-injection istio");
    assert_eq!(code, 0);
    let assumed = &report["objects"][0]["assumed"];
    let why = "istio: namespace shop is labelled istio-injection=disabled";
    assert_eq!(assumed["untouched"], json!([why]));
    assert_eq!(assumed["by"], json!([]));
    let on = off.replace("disabled", "enabled");
    fs::write(folder.path().join("ns.yaml"), on).expect("written");
    let (code, report) = json(&folder, "-f web.yaml -f ns.yaml --assume-injection istio");
    assert_eq!((code, &report["objects"][0]["verdict"]), (1, &json!("rejected")));
}

#[test]
fn patches_of_both_kinds_change_the_pod() {
    let jsonpatch = "# what a webhook answers\n- op: test\n  path: /spec/restartPolicy\n  value: Always\n- op: add\n  path: /spec/securityContext/seccompProfile\n  value: {type: RuntimeDefault}\n- {op: add, path: /spec/volumes/-, value: {name: node, hostPath: {path: /}}}\n";
    let folder = folder(&[
        ("web.yaml", RESTRICTED),
        ("patch.yaml", jsonpatch),
        ("merge.json", r#"{"spec": {"hostPID": true, "securityContext": {"runAsUser": 0}}}"#),
        ("mend.yaml", "spec: {hostPID: null}\n"),
    ]);
    let (code, report) = json(&folder, "-f web.yaml --level restricted --assume-patch patch.yaml");
    let object = &report["objects"][0];
    assert_eq!((code, &object["verdict"]), (1, &json!("rejected")));
    assert_eq!(
        object["message"],
        "restricted volume types (volume \"node\" uses restricted volume type \"hostPath\")"
    );
    assert_eq!(object["assumed"]["by"], json!(["patch.yaml"]));
    assert_eq!(object["assumed"]["added"], json!(["spec.volumes[node]"]));
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("(patch.yaml adds this volume)"), "{message}");
    let both = "-f web.yaml --level restricted --assume-patch merge.json --assume-patch mend.yaml";
    let (_, report) = json(&folder, both);
    let object = &report["objects"][0];
    assert_eq!(object["message"], "runAsUser=0 (pod must not set runAsUser=0)");
    assert_eq!(object["assumed"]["breaks"], json!(["runAsUser"]));
    assert_eq!(object["assumed"]["by"], json!(["merge.json", "mend.yaml"]));
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(
        message.ends_with("(once merge.json is applied and mend.yaml is applied)"),
        "{message}"
    );
    // A patch may mend the pod, which does not silence the template's own warning.
    let bad = RESTRICTED.replace("      containers:", "      hostPID: true\n      containers:");
    fs::write(folder.path().join("web.yaml"), bad).expect("written");
    let (code, report) = json(&folder, "-f web.yaml --level restricted --assume-patch mend.yaml");
    let object = &report["objects"][0];
    assert_eq!((code, &object["verdict"]), (0, &json!("warned")));
    assert_eq!(object["assumed"]["mends"], json!(["hostNamespaces"]));
    assert_eq!(object["pod"]["modes"]["enforce"]["allowed"], false);
    assert_eq!(object["assumed"]["modes"]["enforce"]["allowed"], true);
}

#[test]
fn a_patch_that_does_not_apply_is_a_gap() {
    let folder = folder(&[
        ("web.yaml", RESTRICTED),
        ("missing.yaml", "[{op: add, path: /spec/none/x, value: 1}]"),
        ("test.yaml", "[{op: test, path: /spec/restartPolicy, value: Never}]"),
        ("type.yaml", "spec: {hostPID: 'yes'}"),
        ("empty.yaml", "spec: {containers: null}"),
        ("spec.yaml", "spec: 5"),
    ]);
    for (file, why) in [
        (
            "missing.yaml",
            "missing.yaml: operation 1 (add /spec/none/x): there is nothing at the path above; a webhook that answers so makes the API server refuse the pod with an internal error",
        ),
        (
            "test.yaml",
            "test.yaml: operation 1 (test /spec/restartPolicy): the value is another one; a webhook that answers so makes the API server refuse the pod with an internal error",
        ),
        (
            "type.yaml",
            "type.yaml: Pod in version \"v1\" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.hostPID of type bool",
        ),
        ("empty.yaml", "empty.yaml: spec.containers: Required value"),
        ("spec.yaml", "spec.yaml: what is left is no pod: it has no spec"),
    ] {
        let (code, report) =
            json(&folder, &format!("-f web.yaml --level restricted --assume-patch {file}"));
        assert_eq!(code, 4, "{file}");
        assert_eq!(report["gaps"][0]["why"], why, "{file}");
        assert_eq!(report["gaps"][0]["object"], "deployment.apps/web", "{file}");
        assert_eq!(report["summary"]["complete"], false, "{file}");
        // What is known is said: as the manifest has it, it would be admitted.
        assert_eq!(report["objects"][0]["verdict"], "allowed", "{file}");
        assert!(report["objects"][0].get("assumed").is_none(), "{file}");
    }
}

#[test]
fn a_patch_of_the_wrong_thing_is_no_pass() {
    let folder = folder(&[
        ("web.yaml", RESTRICTED),
        ("template.yaml", "spec: {template: {spec: {hostPID: true}}}\n"),
        ("same.yaml", "spec: {restartPolicy: Always}\n"),
    ]);
    let run = check(&folder, "-f web.yaml --level restricted --assume-patch template.yaml");
    assert_eq!(run.code, 4, "{}", run.stdout);
    assert!(one_line(&run).contains("a Pod has no field spec.template"), "{}", run.stdout);
    let run = check(&folder, "-f web.yaml --level restricted --assume-patch same.yaml");
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(one_line(&run).contains("same.yaml, which changes nothing here"), "{}", run.stdout);
    // What the manifest has itself is said of the manifest.
    let misspelt =
        RESTRICTED.replace("      containers:", "      hostPIDD: true\n      containers:");
    fs::write(folder.path().join("web.yaml"), misspelt).expect("written");
    fs::write(folder.path().join("same.yaml"), "spec: {hostPID: true}\n").expect("written");
    let run = check(&folder, "-f web.yaml --level restricted --assume-patch same.yaml");
    assert_eq!(run.code, 1, "{}", run.stdout);
}

#[test]
fn what_is_no_patch_is_refused_with_its_place() {
    let folder = folder(&[
        ("web.yaml", RESTRICTED),
        ("op.yaml", "- op: add\n  path: /spec/x\n  value: 1\n- op: put\n  path: /spec/y\n"),
        ("path.yaml", "- {op: remove, path: spec}"),
        ("scalar.yaml", "5"),
        ("kind.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n"),
        ("two.yaml", "a: 1\n---\nb: 2\n"),
        ("none.yaml", "# nothing\n"),
        ("broken.yaml", "a: [\n"),
    ]);
    for (file, why) in [
        ("op.yaml", "op.yaml:4:7: op is add, remove, replace, move, copy or test"),
        ("path.yaml", "path.yaml:1:22: path begins with a slash"),
        ("scalar.yaml", "scalar.yaml:1:1: neither a JSON Patch"),
        ("kind.yaml", "kind.yaml:2:7: the patch is applied to pods"),
        ("two.yaml", "two.yaml: more than one document"),
        ("none.yaml", "none.yaml: nothing in it"),
        ("broken.yaml", "broken.yaml:"),
        ("absent.yaml", "--assume-patch absent.yaml: "),
        ("-", "--assume-patch -: name a file"),
    ] {
        let run = check(&folder, &format!("-f web.yaml --assume-patch {file}"));
        assert_eq!(run.code, 2, "{file}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{file}: {}", run.stderr);
    }
    for mesh in ["consul", "istio,ambient", ""] {
        let run = Run::new("kubectl-pss")
            .args(["check", "-f", "web.yaml", "--assume-injection", mesh])
            .in_folder(folder.path())
            .finish();
        assert_eq!(run.code, 2, "{mesh}: {}", run.stderr);
    }
    let run = check(&folder, "ns -f web.yaml --assume-injection istio");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("do not go with ns"), "{}", run.stderr);
}
