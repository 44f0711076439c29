//! Random pods and workloads: good ones, and such as nobody should write.

use posture_generators::random::Random;
use posture_generators::workload::{KINDS, wrap};
use serde_json::{Value, json};

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// A pod, or something that makes some.
pub(super) fn object(random: &mut Random) -> Value {
    // Mostly good: among many bad fields nothing would ever be stored.
    let is_good = random.percent(75);
    let mut pod = pod(random, is_good);
    let kind = if random.percent(50) { "Pod" } else { random.pick(&KINDS) };
    pod["spec"]["restartPolicy"] = if kind.ends_with("Job") { "Never" } else { "Always" }.into();
    wrap(kind, &pod)
}

fn pod(random: &mut Random, is_good: bool) -> Value {
    let is_windows = random.percent(5);
    let mut spec = json!({});
    if is_windows {
        spec["os"] = json!({ "name": "windows" });
    } else if random.percent(10) {
        spec["os"] = json!({ "name": "linux" });
    }
    // A Windows pod with a profile is refused: most have none.
    let has_profiles = !is_windows || random.percent(30);
    if let Some(context) = context(random, is_good, has_profiles, false) {
        spec["securityContext"] = context;
    }
    let mut names = Vec::new();
    for (list, least) in [("initContainers", 0), ("containers", 1)] {
        let count = least + random.below(3 - least);
        let containers: Vec<Value> = (0..count)
            .map(|number| {
                let name = format!("{}{number}", &list[..1]);
                let mut container = json!({ "name": name, "image": "x",
                    "terminationMessagePolicy": "File", "imagePullPolicy": "Always" });
                if let Some(context) = context(random, is_good, has_profiles, !is_windows) {
                    container["securityContext"] = context;
                }
                if list == "initContainers" && random.percent(30) {
                    container["restartPolicy"] = "Always".into();
                }
                names.push(name);
                container
            })
            .collect();
        if !containers.is_empty() {
            spec[list] = json!(containers);
        }
    }
    let mut metadata = json!({ "name": "generated", "namespace": "default" });
    if let Some(annotations) = annotations(random, is_good, &names) {
        metadata["annotations"] = annotations;
    }
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec })
}

/// The `securityContext` of a pod, or of a container that may be privileged.
fn context(
    random: &mut Random,
    is_good: bool,
    has_profiles: bool,
    may_be_privileged: bool,
) -> Option<Value> {
    if random.percent(20) {
        return random.percent(20).then_some(Value::Null);
    }
    let mut context = json!({});
    if has_profiles && random.percent(60) {
        context["seccompProfile"] = if is_good { good(random) } else { any(random) };
    }
    if may_be_privileged && random.percent(12) {
        context["privileged"] = random.percent(80).into();
    }
    Some(context)
}

/// A profile that servers take.
fn good(random: &mut Random) -> Value {
    match random.below(20) {
        0..=8 => json!({ "type": "RuntimeDefault" }),
        9..=13 => json!({ "type": "Localhost", "localhostProfile": path(random) }),
        14..=16 => json!({ "type": "Unconfined" }),
        17 => Value::Null,
        18 => json!({ "type": "Localhost", "localhostProfile": "" }),
        _ => json!({ "type": "RuntimeDefault", "localhostProfile": null }),
    }
}

fn path(random: &mut Random) -> &'static str {
    random.pick(&["a.json", "profiles/web.json", "operator/shop/web.json", "a..b/c", ".a", " "])
}

/// A profile as somebody may write it.
fn any(random: &mut Random) -> Value {
    let kind = [
        "RuntimeDefault",
        "Unconfined",
        "Localhost",
        "",
        "runtime/default",
        "OCI",
        "localhost",
        "RuntimeDefault ",
    ];
    match random.below(16) {
        0..=4 => good(random),
        5 | 6 => json!({ "type": random.pick(&kind) }),
        7 | 8 => json!({ "type": random.pick(&kind), "localhostProfile": path(random) }),
        9 | 10 => {
            let path = random.pick(&["/a.json", "a/../b", "..", "../a", "/", "a/..", ""]);
            json!({ "type": random.pick(&["Localhost", "RuntimeDefault"]), "localhostProfile": path })
        }
        11 => json!({}),
        12 => json!({ "type": null, "localhostProfile": null }),
        13 => json!({ "type": "Localhost", "localhostProfile": null }),
        14 => json!({ "localhostProfile": path(random) }),
        _ => [
            json!("RuntimeDefault"),
            json!([]),
            json!({ "type": 5 }),
            json!({ "type": "Localhost", "localhostProfile": true }),
        ][random.below(4)]
        .clone(),
    }
}

/// The annotations of old.
fn annotations(random: &mut Random, is_good: bool, names: &[String]) -> Option<Value> {
    if random.percent(75) {
        return None;
    }
    let mut annotations = json!({ "example.com/other": "yes" });
    let good = ["runtime/default", "docker/default", "unconfined", "localhost/a.json"];
    let bad = [
        "",
        "RuntimeDefault",
        "localhost",
        "localhost//a",
        "localhost/../a",
        "localhost/",
        "Unconfined",
    ];
    let value = |random: &mut Random| -> Value {
        let is_bad = !is_good && random.percent(50);
        if is_bad { random.pick(&bad) } else { random.pick(&good) }.into()
    };
    if random.percent(60) {
        annotations[POD] = value(random);
    }
    for name in names {
        if random.percent(30) {
            annotations[format!("{CONTAINER}{name}")] = value(random);
        }
    }
    if random.percent(10) {
        annotations[format!("{CONTAINER}gone")] = value(random);
    }
    Some(annotations)
}

/// The same with its first container once more, as one that was added later.
pub(super) fn with_later(object: &Value) -> Value {
    let mut object = object.clone();
    for pointer in
        ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec", "/template/spec", "/spec"]
    {
        let Some(spec) = object.pointer_mut(pointer) else { continue };
        let mut later = spec["containers"][0].clone();
        later["name"] = "later".into();
        spec["ephemeralContainers"] = json!([later]);
        return object;
    }
    object
}
