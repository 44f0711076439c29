//! Rules, selectors and webhooks.
#![cfg(test)]

use std::sync::Arc;

use super::*;
use crate::model::labels::LabelSelector;
use crate::model::made;
use crate::model::node::Tree;
use crate::model::object::Object;
use crate::model::path::FieldPath;

fn tree(text: &str) -> Arc<Tree> {
    let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
    Arc::new(made::tree(&value))
}

fn request<'a>(resource: &'a str, subresource: &'a str, labels: &'a Labels) -> Request<'a> {
    Request {
        operation: "CREATE",
        group: "",
        version: "v1",
        resource,
        subresource,
        name: "web",
        namespace: Some(InNamespace { name: "shop", labels: None }),
        labels,
    }
}

fn holds(rule: &str, resource: &str, subresource: &str) -> bool {
    let labels = Labels::new();
    let rule = format!("{{apiGroups: [''], apiVersions: ['*'], operations: [CREATE], {rule}}}");
    Rule::read(tree(&rule).root()).unwrap().holds(&request(resource, subresource, &labels))
}

#[test]
fn resources_and_subresources() {
    for (resources, pods, ephemeral) in [
        ("pods", true, false),
        ("'*'", true, false),
        ("'*/*'", true, true),
        ("pods/*", true, true),
        ("pods/ephemeralcontainers", false, true),
        ("'*/ephemeralcontainers'", false, true),
        ("pod", false, false),
    ] {
        let rule = format!("resources: [{resources}]");
        assert_eq!(holds(&rule, "pods", ""), pods, "{resources}");
        assert_eq!(holds(&rule, "pods", "ephemeralcontainers"), ephemeral, "{resources}");
    }
    assert!(!holds("", "pods", ""), "a rule without resources");
    assert!(holds("resources: [pods], resourceNames: [web]", "pods", ""));
    assert!(!holds("resources: [pods], resourceNames: [db]", "pods", ""));
}

#[test]
fn scopes() {
    for (scope, pods, namespaces) in [
        ("'*'", true, true),
        ("Namespaced", true, false),
        ("Cluster", false, true),
        ("x", false, false),
    ] {
        let rule = format!("resources: ['*'], scope: {scope}");
        assert_eq!(holds(&rule, "pods", ""), pods, "{scope}");
        assert_eq!(holds(&rule, "namespaces", ""), namespaces, "{scope}");
    }
}

fn selected(selector: &str, labels: Option<&Labels>) -> Matches {
    let selector = LabelSelector::read(tree(selector).root()).unwrap();
    InNamespace { name: "shop", labels }.selected_by(&selector, "it")
}

#[test]
fn labels_that_are_not_known_decide_nothing() {
    let known = Labels::from([("a".to_owned(), "b".to_owned())]);
    let a = "{matchLabels: {a: b}}";
    assert_eq!(selected(a, Some(&known)), Matches::Yes);
    assert!(matches!(selected(a, Some(&Labels::new())), Matches::No(_)));
    assert!(matches!(selected(a, None), Matches::Maybe(_)));
    // The name is a label that is always known.
    let name =
        "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}";
    assert!(matches!(selected(name, None), Matches::No(_)));
    let both = format!("{{matchLabels: {{a: b}}, {}", &name[1..]);
    assert!(matches!(selected(&both, None), Matches::No(_)));
    assert_eq!(selected(&both.replace("NotIn", "In"), Some(&known)), Matches::Yes);
    assert_eq!(selected("{}", None), Matches::Yes);
}

#[test]
fn selectors_that_the_server_refuses() {
    let why = |text: &str| LabelSelector::read(tree(text).root()).unwrap_err();
    let one = |rest: &str| format!("{{matchExpressions: [{{key: a, {rest}}}]}}");
    assert!(why(&one("operator: In")).contains("values set can't be empty"));
    assert!(why(&one("operator: Exists, values: [b]")).contains("must be empty for exists"));
    assert!(
        why(&one("operator: Gt, values: ['1']")).contains("is not a valid label selector operator")
    );
    assert!(why("{matchLabels: {a/b/c: d}}").contains("a valid label key"));
    assert!(why("{matchLabels: {a: 'x*'}}").contains("a valid label must be"));
    assert!(why("{matchLabels: {a: 1}}").contains("is no text"));
}

fn configuration(webhook: &str) -> Vec<Result<Webhook, String>> {
    let text = format!(
        "kind: MutatingWebhookConfiguration\nmetadata: {{name: c}}\nwebhooks: [{{name: w, {webhook}}}]"
    );
    let tree = tree(&text);
    let root = tree.root().id();
    webhooks(&Object::new(tree, root, FieldPath::root(), None))
}

#[test]
fn webhooks_with_their_defaults() {
    let rules =
        "rules: [{apiGroups: [''], apiVersions: [v1], operations: ['*'], resources: [pods]}]";
    let webhook = configuration(rules).remove(0).unwrap();
    assert_eq!((webhook.configuration.as_str(), webhook.name.as_str()), ("c", "w"));
    assert_eq!((webhook.failure_policy, webhook.timeout_seconds), (FailurePolicy::Fail, 10));
    let labels = Labels::from([("a".to_owned(), "b".to_owned())]);
    assert_eq!(webhook.matches(&request("pods", "", &labels)), Matches::Yes);
    let no = Matches::No("its rules do not name CREATE of pods/exec".to_owned());
    assert_eq!(webhook.matches(&request("pods", "exec", &labels)), no);
    let of = |rest: &str| {
        let webhook = configuration(&format!("{rules}, {rest}")).remove(0).unwrap();
        webhook.matches(&request("pods", "", &labels))
    };
    assert_eq!(of("objectSelector: {matchLabels: {a: b}}"), Matches::Yes);
    assert!(matches!(of("objectSelector: {matchLabels: {a: c}}"), Matches::No(_)));
    let condition = "matchConditions: [{name: who, expression: 'true'}]";
    let maybe = Matches::Maybe("its matchConditions are not evaluated: who".to_owned());
    assert_eq!(of(condition), maybe);
    // What is certain comes before what is not.
    let both = format!("{condition}, objectSelector: {{matchLabels: {{a: c}}}}");
    assert!(matches!(of(&both), Matches::No(_)));
    assert!(matches!(
        of("namespaceSelector: {matchLabels: {x: y}}, objectSelector: {matchLabels: {a: c}}"),
        Matches::No(_)
    ));
}

#[test]
fn webhooks_that_cannot_be_read() {
    let why = |webhook: &str| configuration(webhook).remove(0).unwrap_err();
    assert_eq!(
        why("failurePolicy: Maybe"),
        "webhooks[w]: failurePolicy is neither Fail nor Ignore"
    );
    assert_eq!(why("rules: [{resources: pods}]"), "webhooks[w]: resources is no list");
    assert!(
        why("objectSelector: {matchLabels: {a: [b]}}").starts_with("webhooks[w]: objectSelector: ")
    );
}
