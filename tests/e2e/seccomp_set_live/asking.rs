//! Somebody at a terminal: sees what is about to happen, with the count, and is asked.

use posture_harness::binary::Run;
use posture_harness::cluster::{ADMIN, Cluster, Namespace};
use posture_harness::terminal::{CTRL_C, Session, Streams};
use serde_json::{Value, json};

use super::world::{create, pod_spec, profile, read, workload};

const TEMPLATE: &str = "/spec/template/spec";

/// A namespace with two Deployments, and one that Helm manages.
fn world(namespace: &str) -> [Value; 3] {
    let cluster = Cluster::shared();
    cluster.seed(&[Namespace::new(namespace)]);
    let [first, second, mut helm] =
        ["first", "second", "third"].map(|name| workload("Deployment", name, &pod_spec()));
    helm["metadata"]["annotations"] = json!({ "meta.helm.sh/release-name": "shop" });
    [first, second, helm].map(|object| create(cluster, namespace, object))
}

fn start(namespace: &str) -> Session {
    let kubeconfig = Cluster::shared().kubeconfig(ADMIN);
    Run::new("kubectl-seccomp")
        .env("KUBECONFIG", kubeconfig.to_str().expect("a path in UTF-8"))
        .args(["set", "RuntimeDefault", "-n", namespace])
        .on_terminal(Streams::All)
}

fn changed(objects: &[Value]) -> Vec<bool> {
    let cluster = Cluster::shared();
    objects.iter().map(|object| !profile(&read(cluster, object), TEMPLATE).is_null()).collect()
}

#[test]
fn everything_is_shown_before_the_first_question() {
    let objects = world("seccomp-asked");
    let mut session = start("seccomp-asked");
    session.expect("deployment.apps/first in seccomp-asked: 1 pod restarts");
    session.expect("managed by the Helm release shop");
    session.expect("2 to change (2 pods restart), 0 need no change, 1 left alone");
    session.expect("+          type: RuntimeDefault");
    session.expect("(1 of 2)");
    session.expect("[q]uit ");
    assert_eq!(changed(&objects), [false, false, false]);
    session.send("y\r");
    session.expect("(2 of 2)");
    session.expect("[q]uit ");
    session.send("n\r");
    let ended = session.finish();
    assert_eq!(ended.code, Some(1), "{}", ended.screen);
    assert!(ended.screen.contains("kubectl seccomp undo "), "{}", ended.screen);
    assert_eq!(changed(&objects), [true, false, false]);
}

#[test]
fn whoever_goes_away_changes_nothing() {
    let objects = world("seccomp-quit");
    for keys in ["q\r", CTRL_C] {
        let mut session = start("seccomp-quit");
        session.expect("(1 of 2)");
        session.expect("[q]uit ");
        session.send(keys);
        let ended = session.finish();
        assert_ne!(ended.code, Some(0), "{}", ended.screen);
        assert_eq!(changed(&objects), [false, false, false], "{}", ended.screen);
    }
}
