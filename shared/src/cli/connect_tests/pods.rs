//! Inside of a pod.

use super::*;

fn pod() -> World {
    let mut world = World::new();
    world.set("KUBERNETES_SERVICE_HOST", "fd00::1");
    world.set("KUBERNETES_SERVICE_PORT", "443");
    world.file("account/token", "pod-token\n");
    world.file("account/namespace", " team-a\n");
    world
}

#[test]
fn a_pod_without_a_kubeconfig_is_its_service_account() {
    let mut world = pod();
    let target = world.target();
    assert_eq!(target.server, "https://[fd00::1]:443");
    assert_eq!(target.namespace, "team-a");
    assert_eq!(target.login, target::Login::ServiceAccount);
    assert_eq!(auth(&target, "token"), "pod-token");
    assert_eq!((target.context.as_deref(), target.config.root_cert.as_ref()), (None, None));
    world.set("POD_NAMESPACE", "team-b");
    assert_eq!(world.target().namespace, "team-b");
    world.options.namespace = Some("team-c".to_owned());
    assert_eq!(world.target().namespace, "team-c");
}

#[test]
fn flags_replace_token_and_authority_of_a_pod() {
    let mut world = pod();
    world.file("account/ca.crt", "no certificate");
    assert_eq!(world.target().config.root_cert, None);
    let pem = "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    world.file("account/ca.crt", pem);
    assert_eq!(world.target().config.root_cert, Some(vec![b"abc".to_vec()]));
    world.options.token = Some("flag".to_owned());
    world.options.certificate_authority = Some(world.file("ca", &pem.replace("YWJj", "ZGVm")));
    let target = world.target();
    assert_eq!(auth(&target, "token"), "flag");
    assert_eq!(target.config.root_cert, Some(vec![b"def".to_vec()]));
}

#[test]
fn a_kubeconfig_goes_before_the_pod_but_for_the_namespace() {
    let world = pod();
    world.file("home/.kube/config", KUBECONFIG);
    let target = world.target();
    assert_eq!(target.server, "https://red:6443");
    assert_eq!(target.namespace, "team-a");
    world.file("home/.kube/config", &KUBECONFIG.replace("namespace: ''", "namespace: default"));
    let mut world = world;
    world.options.context = Some("empty".to_owned());
    assert_eq!(world.target().namespace, "default");
}

#[test]
fn what_a_pod_would_lose_keeps_it_from_being_used() {
    let refused = |change: fn(&mut ConnectOptions)| {
        let mut world = pod();
        change(&mut world.options);
        world.refusal().starts_with("no cluster configured")
    };
    assert!(refused(|options| options.impersonate = Some("bob".to_owned())));
    assert!(refused(|options| options.disable_compression = Some(true)));
    assert!(refused(|options| {
        options.request_timeout = Some(std::time::Duration::from_secs(5));
    }));
    let mut world = pod();
    world.options.server = Some("https://other".to_owned());
    world.options.token = Some("t".to_owned());
    assert_eq!(world.target().server, "https://other");
    for name in ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] {
        let mut world = pod();
        world.set(name, "");
        assert!(world.refusal().starts_with("no cluster configured"));
    }
    let world = pod();
    std::fs::remove_file(world.path("account/token")).expect("it is there");
    assert!(world.refusal().starts_with("no cluster configured"));
}
