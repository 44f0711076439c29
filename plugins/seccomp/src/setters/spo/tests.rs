//! Bindings and recordings on pods.
#![cfg(test)]

use posture::model::admission::Labels;

use crate::setters::testing::{POD, labels, one, setters, words};
use crate::setters::{Level, Setters};
use crate::testing::object;

const WEBHOOK: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: spo-mutating-webhook-configuration}
webhooks:
- name: binding.spo.io
  failurePolicy: Fail
  namespaceSelector: {matchExpressions: [{key: spo.x-k8s.io/enable-binding, operator: Exists}]}
  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE, DELETE], resources: [pods]}]
- name: recording.spo.io
  failurePolicy: Fail
  objectSelector: {matchExpressions: [{key: name, operator: NotIn, values: [spo]}]}
  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
";

const PROFILE: &str = "
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata: {name: web}
status: {status: Installed, localhostProfile: operator/web.json}
";

fn binding(name: &str, image: &str, extra: &str) -> String {
    format!(
        "
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: ProfileBinding
metadata: {{name: {name}, namespace: shop}}
spec:
  profileRef: {{kind: SeccompProfile, name: web}}
  image: '{image}'
{extra}
"
    )
}

fn in_bound(setters: &Setters, pod: &str) -> Vec<String> {
    let pod = object(pod);
    let bound = labels(&[("spo.x-k8s.io/enable-binding", "")]);
    setters.expected(pod.value(), "shop", Some(&bound)).iter().map(words).collect()
}

fn container_with(profile: &str) -> String {
    let set = format!("{{name: log, image: log, securityContext: {{seccompProfile: {profile}}}}}");
    POD.replace("{name: log, image: log}", &set)
}

#[test]
fn an_image_of_its_own_overwrites() {
    let bindings = setters(&[WEBHOOK, PROFILE, &binding("b", "log", "")]);
    assert_eq!(bindings.all()[0].level, Level::Containers);
    let log = "should spec.containers[log]=Localhost operator/web.json";
    assert_eq!(in_bound(&bindings, POD), [log]);
    assert_eq!(in_bound(&bindings, &container_with("{type: Unconfined}")), [log]);
    // Before its 1.0 the operator left alone what was set.
    let old = binding("b", "log", "").replace("x-k8s.io/v1", "x-k8s.io/v1alpha1");
    let old = setters(&[WEBHOOK, PROFILE, &old]);
    assert_eq!(in_bound(&old, POD), [log]);
    let left = in_bound(&old, &container_with("{type: Unconfined}"));
    assert!(left[0].starts_with("may  [whether it replaces"), "{left:?}");
    let other = POD.replace("image: log", "image: log:1");
    assert_eq!(in_bound(&bindings, &other), ["not [no container has its image]"]);
}

#[test]
fn all_images_where_nothing_else_is() {
    let all = binding("all", "*", "");
    let bindings = setters(&[WEBHOOK, PROFILE, &all]);
    assert_eq!(in_bound(&bindings, POD), ["should spec=Localhost operator/web.json"]);
    let set =
        POD.replace("spec:", "spec:\n  securityContext: {seccompProfile: {type: Unconfined}}");
    assert_eq!(in_bound(&bindings, &set), ["not [the pod has a profile]"]);
    let both = setters(&[WEBHOOK, PROFILE, &all, &binding("log", "log", "")]);
    let verdicts = in_bound(&both, POD);
    assert_eq!(verdicts[0], "not [a binding of an image comes first]");
    assert!(verdicts[1].starts_with("should spec.containers[log]="));
}

#[test]
fn only_in_its_namespace_with_the_label() {
    let bindings = setters(&[WEBHOOK, PROFILE, &binding("b", "*", "")]);
    assert_eq!(one(&bindings, POD, "team"), "not [it is for namespace shop alone]");
    assert!(one(&bindings, POD, "shop").starts_with("not [webhook binding.spo.io of"));
    let pod = object(POD);
    let unknown = words(&bindings.expected(pod.value(), "shop", None)[0]);
    assert!(unknown.starts_with("may spec=Localhost operator/web.json ["), "{unknown}");
}

#[test]
fn selectors_and_profiles_that_are_not_known() {
    let of = |extra: &str| in_bound(&setters(&[WEBHOOK, PROFILE, &binding("b", "*", extra)]), POD);
    assert_eq!(
        of("  podSelector: {matchLabels: {app: web}}"),
        ["should spec=Localhost operator/web.json"]
    );
    let none = ["not [its podSelector does not select the labels]"];
    assert_eq!(of("  podSelector: {matchLabels: {app: db}}"), none);
    let lost = setters(&[WEBHOOK, &binding("b", "*", "")]);
    assert_eq!(in_bound(&lost, POD), ["may  [SeccompProfile web was not read]"]);
    let selinux = binding("b", "*", "").replace("SeccompProfile", "SelinuxProfile");
    assert!(setters(&[WEBHOOK, &selinux]).all().is_empty());
}

fn recording(recorder: &str) -> String {
    format!(
        "
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: ProfileRecording
metadata: {{name: r, namespace: shop}}
spec: {{kind: SeccompProfile, recorder: {recorder}, podSelector: {{matchLabels: {{app: web}}}}, containers: [log]}}
"
    )
}

#[test]
fn recordings_by_logs() {
    assert!(setters(&[WEBHOOK, &recording("Bpf")]).all().is_empty());
    let recordings = setters(&[WEBHOOK, &recording("Logs")]);
    let of = |pod: &str| {
        let pod = object(pod);
        words(&recordings.expected(pod.value(), "shop", Some(&Labels::new()))[0])
    };
    let trace = "should spec.containers[log]=Localhost operator/log-enricher-trace.json";
    assert_eq!(of(POD), trace);
    assert!(of(&container_with("{type: Unconfined}")).starts_with("may "));
    let privileged = POD.replace("image: log", "image: log, securityContext: {privileged: true}");
    assert!(of(&privileged).starts_with("not ["));
    assert!(of(&POD.replace("app: web", "app: db")).starts_with("not [its podSelector"));
}
