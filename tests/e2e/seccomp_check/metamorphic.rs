//! What must hold without any judge: what confines a container follows its pod, not what is around
//! it; and no pod, however odd, ends a check.

use kubectl_seccomp::checks;
use kubectl_seccomp::effective::{Effective, How, Pod, Scene, SeccompDefault, Source};
use kubectl_seccomp::facts::{Facts, Missing};
use posture::model::version::{Minor, NEWEST};
use posture_e2e::object;
use posture_generators::pod::{Pods, Values};
use posture_generators::workload::{KINDS, wrap};
use posture_harness::seed;
use serde_json::{Value, json};

const PODS: [usize; 2] = [1_000, 20_000];

/// Releases of which each reads annotations in another way.
const SERVERS: [Minor; 5] = [Minor(18), Minor(24), Minor(26), Minor(27), NEWEST];

fn scenes() -> Vec<Scene> {
    let scene = |server| Scene::new(server, Vec::new(), SeccompDefault::Off(How::Assumed));
    SERVERS.into_iter().map(scene).collect()
}

/// What confines each container, and which checks find something of it.
fn words(value: &Value, scene: &Scene) -> Vec<(String, Effective, Source)> {
    let object = object::from_json(value);
    let template = object::template(&object);
    let Some(pod) = Pod::read(&template, scene) else { return Vec::new() };
    let confinements = pod.confinements();
    let missing = Missing::default();
    let facts = Facts {
        pod: &pod,
        confinements: &confinements,
        missing: &missing,
        expected: &[],
        setter: None,
    };
    for violation in checks::all(facts) {
        assert!(checks::find(violation.check).is_some(), "{}", violation.check);
        assert!(!violation.message.is_empty(), "{}: {value}", violation.check);
    }
    for one in &confinements {
        let decides = one.places.iter().all(|place| place.effective != Effective::Depends);
        assert!(!one.places.is_empty() && decides, "{value}");
    }
    let row = |one: &kubectl_seccomp::effective::Confinement| {
        (one.name.clone(), one.effective.clone(), one.places[0].by)
    };
    confinements.iter().map(row).collect()
}

#[test]
fn the_kind_around_a_pod_changes_nothing() {
    let scenes = scenes();
    let count = PODS[usize::from(seed::long())];
    let mut containers = 0;
    for pod in Pods::new(seed::seed(), Values::Odd).take(count) {
        for scene in &scenes {
            let expected = words(&pod, scene);
            containers += expected.len();
            for kind in KINDS {
                let wrapped = wrap(kind, &pod);
                assert_eq!(words(&wrapped, scene), expected, "{kind} at {}: {pod}", scene.server());
            }
        }
    }
    assert!(containers > count, "{containers} containers");
}

/// Containers that come later have no annotation that a server copies: the newest reads none.
#[test]
fn the_list_of_a_container_changes_nothing() {
    let scene = Scene::new(NEWEST, Vec::new(), SeccompDefault::Off(How::Assumed));
    let count = PODS[usize::from(seed::long())];
    let mut compared = 0;
    for pod in Pods::new(seed::seed(), Values::Odd).take(count) {
        let Some(first) = pod["spec"]["containers"].get(0).cloned() else { continue };
        let in_list = |list: &str| {
            let mut pod = pod.clone();
            for other in ["containers", "initContainers", "ephemeralContainers"] {
                pod["spec"].as_object_mut().expect("a spec").remove(other);
            }
            pod["spec"][list] = json!([first]);
            words(&pod, &scene)
        };
        let expected = in_list("containers");
        for list in ["initContainers", "ephemeralContainers"] {
            assert_eq!(in_list(list), expected, "{list}: {pod}");
        }
        compared += expected.len();
    }
    assert!(compared * 2 > count, "{compared} containers");
}
