//! Kyverno's rules and policies on pods.
#![cfg(test)]

use posture::model::admission::Labels;

use crate::setters::testing::{POD, labels, one, read, setters, words};
use crate::setters::{FailurePolicy, Level, Sets};
use crate::testing::object;

const WEBHOOK: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: kyverno-resource-mutating-webhook-cfg}
webhooks:
- name: mutate.kyverno.svc-fail
  failurePolicy: Fail
  timeoutSeconds: 10
  namespaceSelector:
    matchExpressions:
    - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, kyverno]}
  rules:
  - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods, pods/ephemeralcontainers]}
";

fn policy(rule: &str) -> String {
    format!(
        "
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {{name: apply-restricted}}
spec:
  rules:
  - name: add-fields
{rule}
"
    )
}

const PODS: &str = "    match: {any: [{resources: {kinds: [Pod]}}]}\n";

fn mutate(patch: &str) -> String {
    policy(&format!("{PODS}    mutate: {{patchStrategicMerge: {{spec: {patch}}}}}"))
}

fn of(policy: &str, pod: &str) -> String {
    one(&setters(&[WEBHOOK, policy]), pod, "shop")
}

fn with_profile(profile: &str) -> String {
    POD.replace("spec:", &format!("spec:\n  securityContext: {{seccompProfile: {profile}}}"))
}

const LEFT: &str = "not [it leaves the profiles of this pod as they are]";

#[test]
fn whatever_is_set_is_replaced_without_an_anchor() {
    let policy = mutate(
        "{securityContext: {seccompProfile: {type: RuntimeDefault}, runAsNonRoot: true}, \
         containers: [{(name): '?*', securityContext: {privileged: false}}]}",
    );
    let policies = setters(&[WEBHOOK, &policy]);
    let setter = &policies.all()[0];
    assert_eq!((setter.level, setter.only_if_unset), (Level::Pod, Some(false)));
    assert_eq!((setter.fail.policy, setter.fail.timeout_seconds), (FailurePolicy::Fail, Some(10)));
    assert!(
        matches!(&setter.sets, Sets::Profile(profile) if profile.to_string() == "RuntimeDefault")
    );
    assert_eq!(setter.part.as_deref(), Some("rule add-fields"));
    assert_eq!(of(&policy, POD), "should spec=RuntimeDefault");
    assert_eq!(of(&policy, &with_profile("{type: Unconfined}")), "should spec=RuntimeDefault");
    // Merged with what is there, the path of a Localhost profile stays.
    let local = of(&policy, &with_profile("{type: Localhost, localhostProfile: a.json}"));
    assert!(local.contains("no profile that is known"), "{local}");
    assert_eq!(of(&policy, &with_profile("{type: RuntimeDefault}")), LEFT);
    assert!(one(&policies, POD, "kube-system").starts_with("not [webhook mutate.kyverno.svc-fail"));
}

#[test]
fn anchors_that_add() {
    let policy = mutate("{securityContext: {+(seccompProfile): {type: RuntimeDefault}}}");
    assert_eq!(setters(&[WEBHOOK, &policy]).all()[0].only_if_unset, Some(true));
    assert_eq!(of(&policy, POD), "should spec=RuntimeDefault");
    assert_eq!(of(&policy, &with_profile("{type: Unconfined}")), LEFT);
    let inner = mutate("{securityContext: {seccompProfile: {+(type): RuntimeDefault}}}");
    assert_eq!(setters(&[WEBHOOK, &inner]).all()[0].only_if_unset, Some(true));
    assert_eq!(of(&inner, POD), "should spec=RuntimeDefault");
    assert_eq!(of(&inner, &with_profile("{type: Unconfined}")), LEFT);
    // Every pod has a securityContext at admission, and it may be empty.
    let outer = mutate("{+(securityContext): {seccompProfile: {type: RuntimeDefault}}}");
    assert!(of(&outer, POD).contains("is there and empty"), "{}", of(&outer, POD));
}

#[test]
fn containers_by_condition_by_name_and_in_a_loop() {
    let profile = "securityContext: {+(seccompProfile): {type: RuntimeDefault}}";
    let every = mutate(&format!("{{containers: [{{(name): '*', {profile}}}]}}"));
    let all = "should spec.containers[web]=RuntimeDefault spec.containers[log]=RuntimeDefault";
    assert_eq!(of(&every, POD), all);
    assert_eq!(setters(&[WEBHOOK, &every]).all()[0].level, Level::Containers);
    let some = mutate(&format!("{{containers: [{{(image): 'l*', {profile}}}]}}"));
    assert_eq!(of(&some, POD), "should spec.containers[log]=RuntimeDefault");
    let named = mutate(&format!("{{containers: [{{name: web, {profile}}}]}}"));
    assert_eq!(of(&named, POD), "should spec.containers[web]=RuntimeDefault");
    let foreach = policy(&format!(
        "{PODS}    mutate:\n      foreach:\n      - list: request.object.spec.containers\n        \
         patchStrategicMerge: {{spec: {{containers: [{{name: '{{{{ element.name }}}}', {profile}}}]}}}}"
    ));
    assert_eq!(of(&foreach, POD), all);
}

#[test]
fn what_is_not_evaluated_is_said() {
    let patch = "    mutate: {patchStrategicMerge: {spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}}}}";
    let conditions = "    preconditions: {all: [{key: a, operator: Equals, value: b}]}\n";
    let guarded = of(&policy(&format!("{PODS}{conditions}{patch}")), POD);
    assert_eq!(guarded, "may spec=RuntimeDefault [its preconditions are not evaluated]");
    let variable = mutate("{securityContext: {seccompProfile: {type: '{{ request.x }}'}}}");
    assert_eq!(of(&variable, POD), "may  [its variables are not evaluated]");
    let json = "    mutate: {patchesJson6902: '[{op: add, path: /spec/securityContext/seccompProfile, value: {type: RuntimeDefault}}]'}";
    assert_eq!(
        of(&policy(&format!("{PODS}{json}")), POD),
        "may  [its patchesJson6902 are not evaluated]"
    );
    let global =
        mutate("{securityContext: {<(runAsUser): 0, seccompProfile: {type: RuntimeDefault}}}");
    assert_eq!(of(&global, POD), "may  [its anchor <(runAsUser) is not evaluated]");
    let subject =
        "    match: {any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: a}]}]}\n";
    assert!(of(&policy(&format!("{subject}{patch}")), POD).contains("it asks who creates the pod"));
}

#[test]
fn what_rules_match_and_exclude() {
    let patch = "    mutate: {patchStrategicMerge: {spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}}}}";
    let of = |matched: &str| of(&policy(&format!("    {matched}\n{patch}")), POD);
    let yes = "should spec=RuntimeDefault";
    assert_eq!(of("match: {resources: {kinds: [Pod]}}"), yes);
    assert_eq!(
        of("match: {any: [{resources: {kinds: [Deployment]}}, {resources: {kinds: [v1/Pod]}}]}"),
        yes
    );
    assert_eq!(
        of("match: {any: [{resources: {kinds: [Deployment]}}]}"),
        "not [it names Deployment, and no pods]"
    );
    let all = "match: {all: [{resources: {kinds: [Pod]}}, {resources: {namespaces: [team-*]}}]}";
    assert_eq!(of(all), "not [its namespaces do not name shop]");
    assert_eq!(of("match: {any: [{resources: {kinds: [Pod], namespaces: ['sh?p']}}]}"), yes);
    assert!(
        of("match: {any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}").starts_with("not")
    );
    assert_eq!(
        of("match: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: web}}}}]}"),
        yes
    );
    assert!(
        of("match: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: 'w*'}}}}]}")
            .starts_with("may spec=RuntimeDefault [wildcards")
    );
    let excluded = "match: {any: [{resources: {kinds: [Pod]}}]}\n    exclude: {any: [{resources: {namespaces: [shop]}}]}";
    assert_eq!(of(excluded), "not [its exclude names such a pod]");
    let who = "match: {any: [{resources: {kinds: [Pod]}}]}\n    exclude: {any: [{clusterRoles: [cluster-admin]}]}";
    assert_eq!(of(who), "may spec=RuntimeDefault [exclude: it asks who creates the pod]");
}

#[test]
fn labels_of_namespaces_that_are_not_known() {
    let matched = "    match: {any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {tier: a}}}}]}\n";
    let patch = "    mutate: {patchStrategicMerge: {spec: {securityContext: {seccompProfile: {type: RuntimeDefault}}}}}";
    let policies = setters(&[WEBHOOK, &policy(&format!("{matched}{patch}"))]);
    let pod = object(POD);
    let of = |labels: Option<&Labels>| words(&policies.expected(pod.value(), "shop", labels)[0]);
    assert_eq!(of(Some(&labels(&[("tier", "a")]))), "should spec=RuntimeDefault");
    assert!(of(Some(&Labels::new())).starts_with("not ["));
    assert!(of(None).starts_with("may spec=RuntimeDefault [its namespaceSelector asks for labels"));
}

#[test]
fn policies_of_one_namespace() {
    let policy = mutate("{securityContext: {seccompProfile: {type: RuntimeDefault}}}")
        .replace("ClusterPolicy", "Policy")
        .replace("{name: apply-restricted}", "{name: apply-restricted, namespace: team}");
    assert_eq!(of(&policy, POD), "not [it is for namespace team alone]");
    assert_eq!(one(&setters(&[WEBHOOK, &policy]), POD, "team"), "should spec=RuntimeDefault");
}

#[test]
fn what_kyverno_leaves_out_by_itself_is_not_evaluated() {
    let policy = mutate("{securityContext: {seccompProfile: {type: RuntimeDefault}}}");
    let exception = |name: &str| {
        format!(
            "
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {{name: legacy, namespace: shop}}
spec: {{exceptions: [{{policyName: {name}, ruleNames: [add-fields]}}]}}
"
        )
    };
    let of = |name: &str| one(&setters(&[WEBHOOK, &policy, &exception(name)]), POD, "shop");
    assert_eq!(
        of("apply-restricted"),
        "may spec=RuntimeDefault [PolicyException legacy names it and is not evaluated]"
    );
    assert_eq!(of("another"), "should spec=RuntimeDefault");
    let filtered = one(&setters(&[WEBHOOK, &policy]), POD, "kube-public");
    assert!(
        filtered.starts_with("may spec=RuntimeDefault [Kyverno's resourceFilters"),
        "{filtered}"
    );
}

#[test]
fn policies_in_cel_may() {
    let policy = |resource: &str| {
        format!(
            "
apiVersion: policies.kyverno.io/v1
kind: MutatingPolicy
metadata: {{name: cel}}
spec:
  failurePolicy: Ignore
  matchConstraints:
    resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [{resource}]}}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {{expression: 'Object{{spec: Object.spec{{seccompProfile: x}}}}'}}
"
        )
    };
    let webhook = WEBHOOK.replace("mutate.kyverno.svc-fail", "mpol.mutate.kyverno.svc-ignore");
    let of = |resource: &str| one(&setters(&[&webhook, &policy(resource)]), POD, "shop");
    assert_eq!(of("pods"), "may  [its CEL expressions are not evaluated]");
    assert_eq!(of("services"), "not [its resourceRules do not name CREATE of pods]");
}

#[test]
fn other_rules_are_no_setters() {
    let validate = policy(&format!(
        "{PODS}    validate: {{pattern: {{spec: {{securityContext: {{seccompProfile: {{type: '?*'}}}}}}}}}}"
    ));
    let labels = mutate("{hostNetwork: false}");
    let (policies, gaps) = read(&[WEBHOOK, &validate, &labels]);
    assert!(policies.all().is_empty() && gaps.is_empty());
}
