//! Gatekeeper's mutators on pods.
#![cfg(test)]

use posture::model::admission::Labels;

use crate::setters::testing::{GATEKEEPER, POD, labels, one, read, setters, words};
use crate::setters::{FailurePolicy, Level, Missed, Sets};
use crate::testing::object;

/// Gives pods a default where none is set.
fn assign(extra: &str) -> String {
    format!(
        "
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {{name: pod-default-seccomp, creationTimestamp: '2026-06-01T00:00:00Z'}}
spec:
  applyTo: [{{groups: [''], kinds: [Pod], versions: [v1]}}]
  location: spec.securityContext.seccompProfile.type
  parameters:
    pathTests: [{{subPath: spec.securityContext.seccompProfile, condition: MustNotExist}}]
    assign: {{value: RuntimeDefault}}
  match:
    scope: Namespaced
    excludedNamespaces: [kube-*, '*-infra']
{extra}
"
    )
}

fn with_profile(profile: &str) -> String {
    POD.replace("spec:", &format!("spec:\n  securityContext: {{seccompProfile: {profile}}}"))
}

#[test]
fn a_default_where_none_is_set() {
    let mutators = setters(&[GATEKEEPER, &assign("")]);
    let setter = &mutators.all()[0];
    assert_eq!(setter.only_if_unset, Some(true));
    assert_eq!(setter.level, Level::Pod);
    assert!(
        matches!(&setter.sets, Sets::Profile(profile) if profile.to_string() == "RuntimeDefault")
    );
    assert_eq!((setter.fail.policy, setter.fail.timeout_seconds), (FailurePolicy::Ignore, Some(1)));
    assert_eq!(one(&mutators, POD, "shop"), "should spec=RuntimeDefault");
    let left = "not [it leaves the profiles of this pod as they are]";
    assert_eq!(one(&mutators, &with_profile("{type: Unconfined}"), "shop"), left);
    for namespace in ["kube-system", "net-infra"] {
        let why = format!("not [its excludedNamespaces name {namespace}]");
        assert_eq!(one(&mutators, POD, namespace), why);
    }
    assert_eq!(
        mutators.describe(),
        [
            "assign.mutations.gatekeeper.sh/pod-default-seccomp sets RuntimeDefault on the pod where \
          none is set, for pods in all namespaces, but not namespaces kube-* and *-infra \
          (excludedNamespaces); while it is away pods go without (failurePolicy Ignore, 1 s, \
          mutation.gatekeeper.sh of gatekeeper-mutating-webhook-configuration)"
        ]
    );
}

#[test]
fn why_a_pod_was_missed() {
    let mutators = setters(&[GATEKEEPER, &assign("")]);
    let pod = object(POD);
    let expected = mutators.expected(pod.value(), "shop", Some(&Labels::new()));
    let time = |text: &str| text.parse().ok();
    assert_eq!(expected[0].missed(time("2026-05-01T00:00:00Z")), Missed::Older);
    assert_eq!(expected[0].missed(time("2026-07-01T00:00:00Z")), Missed::Outage);
    assert_eq!(expected[0].missed(None), Missed::Outage);
}

#[test]
fn the_webhook_decides_too() {
    let mutators = setters(&[GATEKEEPER, &assign("")]);
    let pod = object(POD);
    let of = |labels: Option<&Labels>| words(&mutators.expected(pod.value(), "shop", labels)[0]);
    let ignored = of(Some(&labels(&[("admission.gatekeeper.sh/ignore", "yes")])));
    assert!(ignored.starts_with("not [webhook mutation.gatekeeper.sh of"), "{ignored}");
    // Labels that are not known are no reason to say no.
    assert!(of(None).starts_with("may spec=RuntimeDefault ["), "{}", of(None));
    assert!(one(&mutators, POD, "gatekeeper-system").starts_with("not [webhook"));
    // Without the webhook it is not known whether Gatekeeper is asked.
    let unasked = one(&setters(&[&assign("")]), POD, "shop");
    assert!(unasked.starts_with("may spec=RuntimeDefault [the webhook"), "{unasked}");
}

#[test]
fn configuration_exempts_namespaces() {
    let config = |processes: &str| {
        format!(
            "
apiVersion: config.gatekeeper.sh/v1alpha1
kind: Config
metadata: {{name: config, namespace: gatekeeper-system}}
spec: {{match: [{{excludedNamespaces: [sh*], processes: [{processes}]}}]}}
"
        )
    };
    let of = |processes: &str| {
        one(&setters(&[GATEKEEPER, &assign(""), &config(processes)]), POD, "shop")
    };
    let exempt = "not [Gatekeeper's Config leaves namespace shop out]";
    assert_eq!(of("mutation-webhook"), exempt);
    assert_eq!(of("'*'"), exempt);
    assert_eq!(of("audit, webhook"), "should spec=RuntimeDefault");
}

#[test]
fn selectors_names_and_kinds() {
    let of = |extra: &str| one(&setters(&[GATEKEEPER, &assign(extra)]), POD, "shop");
    assert_eq!(of("    labelSelector: {matchLabels: {app: web}}"), "should spec=RuntimeDefault");
    assert!(
        of("    labelSelector: {matchLabels: {app: db}}").starts_with("not [its labelSelector")
    );
    assert_eq!(of("    namespaces: [s*]"), "should spec=RuntimeDefault");
    assert_eq!(of("    namespaces: [team]"), "not [its namespaces do not name shop]");
    assert_eq!(of("    name: we*"), "should spec=RuntimeDefault");
    assert_eq!(of("    name: x"), "not [its name is another one]");
    assert!(of("    source: Generated").starts_with("not [it is for what Gatekeeper expands"));
    assert_eq!(of("    kinds: [{apiGroups: ['*'], kinds: [Pod]}]"), "should spec=RuntimeDefault");
    assert_eq!(
        of("    kinds: [{apiGroups: [apps], kinds: ['*']}]"),
        "not [its match names other kinds]"
    );
    let tenant = "    namespaceSelector: {matchLabels: {xkf.xenit.io/kind: tenant}}";
    assert_eq!(of(tenant), "not [its namespaceSelector does not select namespace shop]");
}

#[test]
fn a_name_that_the_server_makes() {
    let pod = POD.replace("name: web, namespace", "generateName: web-, namespace");
    let of = |name: &str| {
        let extra = format!("    name: '{name}'");
        one(&setters(&[GATEKEEPER, &assign(&extra)]), &pod, "shop")
    };
    assert_eq!(of("web*"), "should spec=RuntimeDefault");
    assert_eq!(of("*web-"), "not [its name is another one]");
}

fn containers(location: &str, tests: &str, value: &str) -> String {
    format!(
        "
apiVersion: mutations.gatekeeper.sh/v1
kind: Assign
metadata: {{name: all}}
spec:
  applyTo: [{{groups: [''], kinds: [Pod], versions: [v1]}}]
  location: '{location}'
  parameters:
    pathTests: [{tests}]
    assign: {{value: {value}}}
"
    )
}

#[test]
fn containers_each_and_one() {
    let each = "spec.containers[name:*].securityContext.seccompProfile";
    let of = |text: &str, pod: &str| one(&setters(&[GATEKEEPER, text]), pod, "shop");
    let all = "should spec.containers[web]=RuntimeDefault spec.containers[log]=RuntimeDefault";
    assert_eq!(of(&containers(each, "", "{type: RuntimeDefault}"), POD), all);
    let set = POD.replace(
        "{name: log, image: log}",
        "{name: log, image: log, securityContext: {seccompProfile: {type: Unconfined}}}",
    );
    assert_eq!(of(&containers(each, "", "{type: RuntimeDefault}"), &set), all);
    let test = format!("{{subPath: '{each}', condition: MustNotExist}}");
    let rest = "should spec.containers[web]=RuntimeDefault";
    assert_eq!(of(&containers(each, &test, "{type: RuntimeDefault}"), &set), rest);
    let one = "spec.containers[name: log].securityContext.seccompProfile.type";
    let test = "{subPath: 'spec.containers[name: log]', condition: MustExist}";
    let log = "should spec.containers[log]=RuntimeDefault";
    assert_eq!(of(&containers(one, test, "RuntimeDefault"), POD), log);
    let none = "spec.containers[name: x].securityContext.seccompProfile.type";
    let test = "{subPath: 'spec.containers[name: x]', condition: MustExist}";
    let left = "not [it leaves the profiles of this pod as they are]";
    assert_eq!(of(&containers(none, test, "RuntimeDefault"), POD), left);
}

#[test]
fn half_a_profile_and_none() {
    let of = |text: &str, pod: &str| one(&setters(&[GATEKEEPER, text]), pod, "shop");
    let local = with_profile("{type: Localhost, localhostProfile: a.json}");
    let kind = containers("spec.securityContext.seccompProfile.type", "", "RuntimeDefault");
    assert_eq!(of(&kind, POD), "should spec=RuntimeDefault");
    // The path stays, which the API server refuses.
    assert!(of(&kind, &local).contains("is no profile that is known"), "{}", of(&kind, &local));
    let wipes = containers("spec.securityContext", "", "{runAsNonRoot: true}");
    assert!(of(&wipes, &local).contains("takes spec.securityContext.seccompProfile away"));
    // Every pod has a securityContext at admission.
    let test = "{subPath: spec.securityContext, condition: MustNotExist}";
    let context =
        containers("spec.securityContext", test, "{seccompProfile: {type: RuntimeDefault}}");
    assert_eq!(of(&context, POD), "not [it leaves the profiles of this pod as they are]");
}

#[test]
fn what_is_not_about_profiles_or_not_understood() {
    let labels = containers("spec.hostNetwork", "", "false");
    assert!(setters(&[GATEKEEPER, &labels]).all().is_empty());
    let (none, gaps) = read(&[GATEKEEPER, &containers("spec.securityContext[", "", "{}")]);
    assert!(none.all().is_empty());
    assert!(gaps[0].why.starts_with("location: "), "{gaps:?}");
    let condition = "{subPath: spec.securityContext, condition: Maybe}";
    let (_, gaps) = read(&[&containers("spec.securityContext.seccompProfile", condition, "{}")]);
    assert!(gaps[0].why.contains("neither MustExist"), "{gaps:?}");
    let metadata = assign("").replace("{value: RuntimeDefault}", "{fromMetadata: {field: name}}");
    assert!(one(&setters(&[GATEKEEPER, &metadata]), POD, "shop").starts_with("may "));
}
