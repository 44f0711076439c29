//! What confines containers: the order of the sources, the releases that read annotations, nodes
//! that differ, and what never comes to run.

use posture::model::object::Object;
use posture::model::version::Minor;
use posture::model::workload::pod_templates;

use super::{
    Confinement, Effective, How, Kubelet, Node, Pod, Role, Scene, SeccompDefault, Source,
    is_vulnerable,
};
use crate::testing::object;

const ON: SeccompDefault = SeccompDefault::On(How::Assumed);
const OFF: SeccompDefault = SeccompDefault::Off(How::Assumed);

fn unknown() -> SeccompDefault {
    SeccompDefault::Unknown("nobody asked".to_owned())
}

/// A node of a release with a runtime.
fn node(name: &str, kubelet: &str, runtime: &str, default: SeccompDefault) -> Node {
    let text = format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{kubernetes.io/os: linux, pool: {name}}}}}\nstatus: {{nodeInfo: {{operatingSystem: linux, architecture: amd64, kernelVersion: 6.8.0-31, kubeletVersion: {kubelet}, containerRuntimeVersion: \"{runtime}\"}}}}\n"
    );
    Node { seccomp_default: default, ..Node::of(&object(&text)) }
}

fn windows_node() -> Node {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: win}\nstatus: {nodeInfo: {operatingSystem: windows, containerRuntimeVersion: \"containerd://1.7.27\"}}\n";
    Node::of(&object(text))
}

/// A Pod; with a UID where a server has created it.
fn pod(metadata: &str, spec: &str) -> Object {
    object(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{metadata}}}\nspec: {{{spec}}}\n"
    ))
}

const STORED: &str = ", uid: u";

fn confinements(object: &Object, scene: &Scene) -> Vec<Confinement> {
    let templates = pod_templates(object);
    Pod::read(&templates[0], scene).unwrap().confinements()
}

/// What the first container runs with, where nothing is known of nodes.
fn alone(object: &Object, server: u16, default: SeccompDefault) -> (Effective, Source) {
    let scene = Scene::new(Minor(server), Vec::new(), default);
    let first = confinements(object, &scene).swap_remove(0);
    (first.effective, first.places[0].by)
}

fn of_spec(spec: &str, default: SeccompDefault) -> (Effective, Source) {
    alone(&pod("", spec), 33, default)
}

fn localhost(path: &str) -> Effective {
    Effective::Localhost(path.to_owned())
}

#[test]
fn the_container_then_the_pod_then_the_kubelet() {
    // The plain rule of the kubelet: the first of the three that says something.
    let fields = [
        ("", None),
        ("seccompProfile: null", None),
        ("seccompProfile: {type: RuntimeDefault}", Some(Effective::RuntimeDefault)),
        ("seccompProfile: {type: Unconfined}", Some(Effective::Unconfined)),
        ("seccompProfile: {type: Localhost, localhostProfile: a.json}", Some(localhost("a.json"))),
    ];
    let kubelets = [
        (ON, Effective::RuntimeDefault),
        (OFF, Effective::Unconfined),
        (
            unknown(),
            Effective::Unknown(
                "nothing is set, and whether seccompDefault is on is not known: nobody asked"
                    .to_owned(),
            ),
        ),
    ];
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (own, of_own) in &fields {
            for (pod, of_pod) in &fields {
                for (default, of_default) in &kubelets {
                    let spec = format!(
                        "securityContext: {{{pod}}}, {list}: [{{name: a, securityContext: {{{own}}}}}]"
                    );
                    let wanted = match (of_own, of_pod) {
                        (Some(own), _) => (own, Source::ContainerField),
                        (None, Some(pod)) => (pod, Source::PodField),
                        (None, None) => (of_default, Source::Kubelet),
                    };
                    let found = of_spec(&spec, default.clone());
                    assert_eq!((&found.0, found.1), wanted, "{spec} {default}");
                }
            }
        }
    }
}

#[test]
fn privileged_containers_and_windows_have_none() {
    let spec = |more: &str| {
        format!(
            "{more}containers: [{{name: a, securityContext: {{privileged: true, seccompProfile: {{type: RuntimeDefault}}}}}}]"
        )
    };
    let none = (Effective::Unconfined, Source::Privileged);
    assert_eq!(of_spec(&spec(""), ON), none);
    let windows = (Effective::NotApplicable, Source::Windows);
    let plain = "containers: [{name: a}]";
    assert_eq!(of_spec(&format!("os: {{name: windows}}, {plain}"), ON), windows);
    let selected = format!("nodeSelector: {{kubernetes.io/os: windows}}, {plain}");
    assert_eq!(of_spec(&selected, ON), windows);
    // The field makes the API server refuse a pod that names Windows.
    let (refused, _) = of_spec(&spec("os: {name: windows}, "), ON);
    assert!(matches!(refused, Effective::Refused(_)), "{refused:?}");
}

#[test]
fn what_servers_refuse() {
    let why = |profile: &str| {
        let spec =
            format!("securityContext: {{seccompProfile: {profile}}}, containers: [{{name: a}}]");
        match of_spec(&spec, ON).0 {
            Effective::Refused(why) => why,
            other => panic!("{profile}: {other:?}"),
        }
    };
    assert!(why("{}").ends_with("needs a type"));
    assert!(why("{type: null}").ends_with("needs a type"));
    assert!(why("RuntimeDefault").ends_with("must be a mapping"));
    assert!(why("{type: 7}").ends_with("must be strings"));
    assert!(why("{type: OCI}").ends_with("\"OCI\" is no type that servers of 1.33 know"));
    assert!(why("{type: Localhost}").ends_with("needs a localhostProfile"));
    assert!(why("{type: Localhost, localhostProfile: /x}").ends_with("must be a relative path"));
    assert!(why("{type: RuntimeDefault, localhostProfile: x}").contains("can only be set"));
    // What a server has taken, and one that is newer than this build may take.
    let oci = "securityContext: {seccompProfile: {type: OCI}}, containers: [{name: a}]";
    let other = (Effective::Other("OCI".to_owned()), Source::PodField);
    assert_eq!(alone(&pod(STORED, oci), 33, ON), other);
    assert_eq!(alone(&pod("", oci), 38, ON), other);
}

/// What an annotation comes to, by the releases of the server and of the kubelet.
fn annotated(metadata: &str, server: u16, kubelet: &str) -> (Effective, Source, Role) {
    let annotations = format!(
        "{metadata}, annotations: {{container.seccomp.security.alpha.kubernetes.io/a: localhost/a.json}}"
    );
    let one = pod(&annotations, "nodeName: one, containers: [{name: a}]");
    let nodes = vec![node("one", kubelet, "containerd://1.7.27", OFF)];
    let found = confinements(&one, &Scene::new(Minor(server), nodes, unknown())).swap_remove(0);
    let link = found.chain.iter().find(|link| link.source == Source::ContainerAnnotation).unwrap();
    (found.effective, found.places[0].by, link.role)
}

#[test]
fn annotations_by_release() {
    let lives = (localhost("a.json"), Source::ContainerAnnotation, Role::Decides);
    let dead = (Effective::Unconfined, Source::Kubelet, Role::Void);
    for (stored, server, kubelet, wanted) in [
        ("", 18, "v1.18.20", &lives),
        ("", 24, "v1.24.17", &lives),
        (STORED, 24, "v1.24.17", &lives),
        // The server copies it into the field of what is created.
        ("", 25, "v1.25.16", &lives),
        ("", 26, "v1.26.15", &lives),
        (STORED, 25, "v1.25.16", &dead),
        // An older kubelet under a newer server.
        (STORED, 26, "v1.24.17", &lives),
        ("", 27, "v1.27.16", &dead),
        ("", 33, "v1.33.0", &dead),
        (STORED, 33, "v1.33.0", &dead),
    ] {
        assert_eq!(annotated(stored, server, kubelet), *wanted, "{stored} {server} {kubelet}");
    }
}

#[test]
fn annotations_stand_below_the_field_of_their_level() {
    let annotations = ", annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/a: runtime/default}";
    let two = "containers: [{name: a}, {name: b}]";
    let scene = Scene::new(Minor(24), Vec::new(), ON);
    let found = confinements(&pod(annotations, two), &scene);
    assert_eq!(found[0].places[0].by, Source::ContainerAnnotation);
    assert_eq!(found[1].effective, Effective::Unconfined);
    assert_eq!(found[1].places[0].by, Source::PodAnnotation);
    // A field of the pod stands below the annotation of the container, and must match its own.
    let matching = format!("securityContext: {{seccompProfile: {{type: Unconfined}}}}, {two}");
    let found = confinements(&pod(annotations, &matching), &scene);
    assert_eq!(found[0].effective, Effective::RuntimeDefault);
    assert_eq!(found[1].places[0].by, Source::PodField);
    let other = format!("securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}, {two}");
    let found = confinements(&pod(annotations, &other), &scene);
    assert!(matches!(&found[0].effective, Effective::Refused(why) if why.contains("must match")));
    assert_eq!(found[0].places[0].by, Source::PodAnnotation);
    // Servers before 1.19 do not have the field.
    let old = Scene::new(Minor(18), Vec::new(), OFF);
    let found = confinements(&pod("", &other), &old);
    assert_eq!(found[0].places[0].by, Source::Kubelet);
}

#[test]
fn localhost_without_a_path_by_kubelet() {
    let read = |text: &str| Kubelet::read(text).unwrap();
    for (last, first) in [
        ("v1.24.13", "v1.24.14"),
        ("v1.25.9", "v1.25.10"),
        ("v1.26.4+k3s1", "v1.26.5+k3s1"),
        ("v1.27.1", "v1.27.2"),
    ] {
        assert!(is_vulnerable(read(last)) && !is_vulnerable(read(first)), "{last}");
    }
    assert!(is_vulnerable(read("v1.22.17")) && !is_vulnerable(read("v1.28.0")));
    assert_eq!(Kubelet::read("v1.27"), None);
    let empty = "nodeName: one, containers: [{name: a, securityContext: {seccompProfile: {type: Localhost, localhostProfile: \"\"}}}]";
    let on = |kubelet: &str| {
        let nodes = vec![node("one", kubelet, "containerd://1.7.27", ON)];
        let scene = Scene::new(Minor(27), nodes, unknown());
        confinements(&pod("", empty), &scene).swap_remove(0).effective
    };
    assert_eq!(on("v1.27.1"), Effective::Unconfined);
    assert!(matches!(on("v1.27.2"), Effective::Refused(_)));
    let unseen = |server| alone(&pod("", empty), server, ON).0;
    assert!(matches!(unseen(30), Effective::Unknown(_)));
    assert!(matches!(unseen(31), Effective::Refused(_)));
}

fn cluster() -> Scene {
    let nodes = vec![
        node("a", "v1.33.1", "containerd://1.7.27", ON),
        node("b", "v1.33.1", "cri-o://1.33.1", OFF),
        node("c", "v1.33.1", "containerd://1.7.27", ON),
        windows_node(),
    ];
    Scene::new(Minor(33), nodes, unknown())
}

#[test]
fn templates_are_judged_on_every_node_that_takes_them() {
    let scene = cluster();
    let plain = "containers: [{name: a}]";
    let first = |spec: &str| confinements(&pod("", spec), &scene).swap_remove(0);
    let anywhere = first(plain);
    assert_eq!(anywhere.effective, Effective::Depends);
    let places: Vec<(String, &Effective)> =
        anywhere.places.iter().map(|place| (place.nodes.join(" "), &place.effective)).collect();
    assert_eq!(
        places,
        [("a c".to_owned(), &Effective::RuntimeDefault), ("b".to_owned(), &Effective::Unconfined)]
    );
    let kubelets: Vec<(String, String)> = anywhere
        .chain
        .iter()
        .filter(|link| link.source == Source::Kubelet)
        .map(|link| (link.nodes.join(" "), link.says.clone()))
        .collect();
    assert_eq!(kubelets[0], ("a c".to_owned(), "seccompDefault is on, as assumed".to_owned()));
    assert_eq!(kubelets[1].0, "b");
    let means: Vec<&str> = anywhere
        .chain
        .iter()
        .filter(|link| link.source == Source::Runtime)
        .map(|link| link.says.as_str())
        .collect();
    assert_eq!(means, ["the default that upstream builds into containerd 1.7.27"]);
    let selected = first(&format!("nodeSelector: {{pool: b}}, {plain}"));
    assert_eq!(selected.effective, Effective::Unconfined);
    assert_eq!(first(&format!("nodeName: c, {plain}")).effective, Effective::RuntimeDefault);
    assert_eq!(first(&format!("nodeName: win, {plain}")).effective, Effective::NotApplicable);
    let lost = first(&format!("nodeName: z, {plain}"));
    assert!(matches!(lost.effective, Effective::Unknown(_)));
    assert_eq!(lost.notes, ["nothing is known of its node z"]);
    let nowhere = first(&format!("nodeSelector: {{pool: z}}, {plain}"));
    assert_eq!(nowhere.notes, ["none of the nodes that are known takes this pod"]);
}

#[test]
fn the_default_of_several_runtimes_is_told_apart() {
    let spec = "securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a}]";
    let found = confinements(&pod("", spec), &cluster()).swap_remove(0);
    // One answer, which means two things.
    assert_eq!(found.effective, Effective::RuntimeDefault);
    let means: Vec<(String, Role)> = found
        .chain
        .iter()
        .filter(|link| link.source == Source::Runtime)
        .map(|link| (link.nodes.join(" "), link.role))
        .collect();
    assert_eq!(means, [("a c".to_owned(), Role::Means), ("b".to_owned(), Role::Means)]);
}

#[test]
fn the_whole_chain_is_told() {
    let spec = "securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: a, securityContext: {seccompProfile: {type: Unconfined}}}]";
    let found = confinements(&pod("", spec), &cluster()).swap_remove(0);
    let chain: Vec<(Source, Role, &str)> =
        found.chain.iter().map(|link| (link.source, link.role, link.says.as_str())).collect();
    assert_eq!(
        chain,
        [
            (Source::ContainerField, Role::Decides, "Unconfined"),
            (Source::PodField, Role::Overruled, "RuntimeDefault"),
        ]
    );
    let path = found.chain[0].path.as_ref().unwrap().to_string();
    assert_eq!(path, "spec.containers[a].securityContext.seccompProfile");
}

#[test]
fn what_must_be_said_with_it() {
    let notes = |metadata: &str, spec: &str| {
        confinements(&pod(metadata, spec), &cluster()).swap_remove(0).notes.join("; ")
    };
    let privileged = "containers: [{name: a, securityContext: {privileged: true}}]";
    assert!(notes("", privileged).contains("privileged_seccomp_profile"));
    assert_eq!(notes("", &format!("nodeName: a, {privileged}")), "");
    let class = "runtimeClassName: gvisor, containers: [{name: a}]";
    assert!(notes("", class).starts_with("runtimeClassName gvisor: under a sandbox"));
    let cri_o = ", annotations: {seccomp-profile.kubernetes.cri-o.io/a: x}";
    let plain = "containers: [{name: a}]";
    assert!(notes(cri_o, plain).contains("where it lets pods do so"));
    assert_eq!(notes(cri_o, &format!("nodeName: a, {plain}")), "");
}

#[test]
fn nodes_say_what_they_are() {
    let one = node("one", "v1.27.3-gke.100", "containerd://1.7.13-k3s1", unknown());
    assert_eq!(one.kubelet.known, Some(Kubelet { minor: Minor(27), patch: 3 }));
    assert_eq!(one.runtime_name(), "containerd 1.7.13-k3s1");
    assert_eq!(one.kernel.known.map(|kernel| kernel.to_string()).as_deref(), Some("6.8"));
    assert_eq!(one.arch.known.map(crate::evaluate::Machine::goarch), Some("amd64"));
    let other = node("one", "v1.27.3", "rkt://1.0", unknown());
    assert_eq!((other.runtime.known.as_ref(), other.runtime_name().as_str()), (None, "rkt://1.0"));
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: one}\nstatus: {nodeInfo: {kubeletVersion: v1.21.14}}\n";
    assert_eq!(Node::of(&object(text)).seccomp_default, SeccompDefault::Off(How::Release));
}
