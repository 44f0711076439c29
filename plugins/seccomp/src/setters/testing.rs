//! Clusters and pods for the tests of setters.

use posture::model::admission::Labels;
use posture::model::gap::Gap;
use posture::model::object::Object;

use super::{Expectation, Setters, Verdict};
use crate::testing::object;

/// The webhook of Gatekeeper as it ships.
pub(super) const GATEKEEPER: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: gatekeeper-mutating-webhook-configuration}
webhooks:
- name: mutation.gatekeeper.sh
  failurePolicy: Ignore
  matchPolicy: Exact
  timeoutSeconds: 1
  namespaceSelector:
    matchExpressions:
    - {key: admission.gatekeeper.sh/ignore, operator: DoesNotExist}
    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [gatekeeper-system]}
  rules:
  - {apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: ["*"]}
"#;

/// A pod without any profile.
pub(super) const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers: [{name: web, image: web}, {name: log, image: log}]
";

pub(super) fn read(texts: &[&str]) -> (Setters, Vec<Gap>) {
    let objects: Vec<Object> = texts.iter().map(|text| object(text)).collect();
    Setters::read(&objects)
}

/// The setters of objects that are all good.
pub(super) fn setters(texts: &[&str]) -> Setters {
    let (setters, gaps) = read(texts);
    assert!(gaps.is_empty(), "{gaps:?}");
    setters
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What the one setter makes of a pod in a namespace without labels, in words.
pub(super) fn one(setters: &Setters, pod: &str, namespace: &str) -> String {
    let pod = object(pod);
    let expected = setters.expected(pod.value(), namespace, Some(&Labels::new()));
    assert_eq!(expected.len(), 1, "{expected:?}");
    words(&expected[0])
}

/// `should PATH=PROFILE`, `may WHY` or `not WHY`.
pub(super) fn words(expectation: &Expectation<'_>) -> String {
    let settings: Vec<String> = expectation
        .settings
        .iter()
        .map(|one| {
            let path = one.path.to_string();
            let path = path.trim_end_matches(".securityContext.seccompProfile");
            format!("{path}={}", one.profile)
        })
        .collect();
    match &expectation.verdict {
        Verdict::Should => format!("should {}", settings.join(" ")),
        Verdict::May(why) => format!("may {} [{why}]", settings.join(" ")),
        Verdict::Not(why) => format!("not [{why}]"),
    }
}
