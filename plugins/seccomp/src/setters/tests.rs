//! Setters of other sorts, and who has set what is set.
#![cfg(test)]

use posture::model::admission::Labels;

use super::testing::{GATEKEEPER, POD, labels, one, read, setters, words};
use super::{Author, FailurePolicy, Missed, SetterKind, Setters};
use crate::testing::object;

fn policy(expression: &str) -> String {
    format!(
        "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: defaults, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {{expression: '{expression}'}}
"
    )
}

const BINDING: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: tenants, creationTimestamp: '2026-03-01T00:00:00Z'}
spec:
  policyName: defaults
  matchResources: {namespaceSelector: {matchLabels: {kind: tenant}}}
";

#[test]
fn policies_of_the_server_by_their_bindings() {
    let text = policy("Object{spec: Object.spec{seccompProfile: x}}");
    let policies = setters(&[&text, BINDING]);
    let setter = &policies.all()[0];
    assert_eq!(setter.fail.policy, FailurePolicy::Fail);
    assert_eq!(setter.part.as_deref(), Some("binding tenants"));
    // It has done nothing before it was bound.
    assert_eq!(
        setter.created.map(|time| time.to_string()).as_deref(),
        Some("2026-03-01T00:00:00Z")
    );
    let pod = object(POD);
    let of = |labels: Option<&Labels>| words(&policies.expected(pod.value(), "shop", labels)[0]);
    let tenant = labels(&[("kind", "tenant")]);
    assert_eq!(of(Some(&tenant)), "may  [its CEL expressions are not evaluated]");
    let no = "not [binding: its namespaceSelector does not select namespace shop]";
    assert_eq!(of(Some(&Labels::new())), no);
    assert!(of(None).starts_with("may  [binding: its namespaceSelector asks for labels"));
    let unbound = one(&setters(&[&text]), POD, "shop");
    assert_eq!(unbound, "not [no binding of it was read, and without one it does nothing]");
    assert!(setters(&[&policy("Object{}"), BINDING]).all().is_empty());
}

#[test]
fn a_malformed_policy_is_a_gap() {
    let text = policy("seccompProfile").replace("operations: [CREATE]", "operations: CREATE");
    let (none, gaps) = read(&[&text, BINDING]);
    assert!(none.all().is_empty());
    assert_eq!(gaps[0].why, "matchConstraints: operations is no list");
    let object = gaps[0].object.as_deref();
    assert_eq!(object, Some("mutatingadmissionpolicy.admissionregistration.k8s.io/defaults"));
}

const CONSTRAINT: &str = "
apiVersion: security.openshift.io/v1
kind: SecurityContextConstraints
metadata: {name: restricted-v2}
seccompProfiles: [runtime/default]
";

fn admitted(by: &str) -> String {
    POD.replace("labels: {app: web}", &format!("annotations: {{openshift.io/scc: {by}}}"))
}

#[test]
fn constraints_by_the_annotation() {
    let constraints = setters(&[CONSTRAINT]);
    assert_eq!(one(&constraints, &admitted("restricted-v2"), "shop"), "should spec=RuntimeDefault");
    assert_eq!(
        one(&constraints, &admitted("privileged"), "shop"),
        "not [the pod was admitted by privileged]"
    );
    assert!(
        one(&constraints, POD, "shop").starts_with("may spec=RuntimeDefault [which constraint")
    );
    let any = CONSTRAINT.replace("runtime/default", "'*'");
    assert!(setters(&[&any]).all().is_empty());
}

const INJECTOR: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks:
- name: pods.injector.example.com
  failurePolicy: Ignore
  namespaceSelector: {matchLabels: {inject: 'yes'}}
  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
- name: services.injector.example.com
  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [services]}]
- name: broken.injector.example.com
  timeoutSeconds: soon
";

#[test]
fn other_webhooks_are_candidates() {
    let (found, gaps) = read(&[INJECTOR, GATEKEEPER]);
    assert_eq!(found.all().len(), 1, "Gatekeeper's own is none");
    assert_eq!(found.all()[0].kind, SetterKind::Webhook);
    assert_eq!(found.all()[0].fail.policy, FailurePolicy::Ignore);
    assert_eq!(
        gaps[0].why,
        "webhooks[broken.injector.example.com]: timeoutSeconds is no whole number"
    );
    let pod = object(POD);
    let of = |labels: Option<&Labels>| words(&found.expected(pod.value(), "shop", labels)[0]);
    assert_eq!(of(Some(&labels(&[("inject", "yes")]))), "may  [what it changes is not known]");
    assert!(of(Some(&Labels::new())).starts_with("not [its namespaceSelector"));
    assert!(of(None).starts_with("may  [its namespaceSelector asks"));
}

const ASSIGN: &str = "
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {name: default}
spec:
  applyTo: [{groups: [''], kinds: [Pod], versions: [v1]}]
  location: spec.securityContext.seccompProfile.type
  parameters:
    pathTests: [{subPath: spec.securityContext.seccompProfile, condition: MustNotExist}]
    assign: {value: RuntimeDefault}
";

fn authors(setters: &Setters, pod: &str, template: Option<&str>) -> Vec<String> {
    let pod = object(pod);
    let template = template.map(object);
    let template = template.as_ref().map(|template| template.value());
    let set = setters.set_by(pod.value(), template, "shop", Some(&Labels::new()));
    let author = |author: &Author<'_>| match author {
        Author::Said(who) => who.clone(),
        Author::Likely(setter) => format!("likely {}", setter.object),
        Author::Unknown(may) => format!("one of {}", may.len()),
    };
    set.iter().map(|one| format!("{}: {}", one.path, author(&one.author))).collect()
}

#[test]
fn who_has_set_what_the_template_lacks() {
    let set =
        POD.replace("spec:", "spec:\n  securityContext: {seccompProfile: {type: RuntimeDefault}}");
    let field = "spec.securityContext.seccompProfile";
    let mutators = setters(&[GATEKEEPER, ASSIGN]);
    let likely = format!("{field}: likely assign.mutations.gatekeeper.sh/default");
    assert_eq!(authors(&mutators, &set, Some(POD)), [likely]);
    // It stands in the template, or there is none to compare with.
    assert!(authors(&mutators, &set, Some(&set)).is_empty());
    assert!(authors(&mutators, &set, None).is_empty());
    assert!(authors(&mutators, POD, Some(POD)).is_empty());
    // Another profile than it would set.
    let local =
        set.replace("{type: RuntimeDefault}", "{type: Localhost, localhostProfile: a.json}");
    assert_eq!(authors(&mutators, &local, Some(POD)), [format!("{field}: one of 0")]);
    let operator = local.replace("a.json", "operator/a.json");
    let said = "the Security Profiles Operator, by the path of the profile";
    assert_eq!(authors(&mutators, &operator, Some(POD)), [format!("{field}: {said}")]);
    let noted = set.replace(
        "labels: {app: web}",
        "annotations: {gatekeeper.sh/mutations: 'Assign//default:1'}",
    );
    let said = "Gatekeeper, by the annotation gatekeeper.sh/mutations: Assign//default:1";
    assert_eq!(authors(&mutators, &noted, Some(POD)), [format!("{field}: {said}")]);
    let by_constraint =
        set.replace("labels: {app: web}", "annotations: {openshift.io/scc: restricted-v2}");
    let said = "OpenShift's constraint restricted-v2, by the annotation openshift.io/scc";
    assert_eq!(
        authors(&setters(&[CONSTRAINT]), &by_constraint, Some(POD)),
        [format!("{field}: {said}")]
    );
    // The annotation alone, with a constraint that was not read, says nothing.
    assert_eq!(authors(&setters(&[]), &by_constraint, Some(POD)), [format!("{field}: one of 0")]);
}

#[test]
fn containers_that_were_injected_are_not_compared() {
    let profile = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let pod = POD.replace(
        "[{name: web, image: web},",
        &format!("[{{name: proxy, {profile}}}, {{name: web, {profile}}},"),
    );
    let found =
        authors(&setters(&[INJECTOR.split("- name: broken").next().unwrap()]), &pod, Some(POD));
    assert_eq!(found, ["spec.containers[web].securityContext.seccompProfile: one of 0"]);
}

#[test]
fn missed_without_a_fail_mode() {
    let mutators = setters(&[ASSIGN]);
    let pod = object(POD);
    let expected = mutators.expected(pod.value(), "shop", None);
    assert_eq!(expected[0].missed(None), Missed::Unknown);
    assert!(Setters::wanted().contains(&("mutations.gatekeeper.sh", "Assign")));
}
