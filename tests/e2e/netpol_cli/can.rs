//! `can`: what it says of one question, and how it ends.

use super::{on, said, tree};

/// Words, the exit code, and what must stand in the answer or the error.
fn assert_says(words: &str, code: i32, parts: &[&str]) {
    let finished = said(words);
    assert_eq!(finished.code, code, "{words}: {finished:?}");
    let text = format!("{}{}", finished.stdout, finished.stderr);
    for part in parts {
        assert!(text.contains(part), "{words}: no {part:?} in {text}");
    }
}

#[test]
fn a_yes_names_the_rule() {
    let rule = "ingress  allowed  NetworkPolicy data/db-in spec.ingress[1] (STDIN:";
    assert_says("can pod/cache.data pod/db.data:5432", 0, &["\nyes  ", rule]);
    assert_says("can pod/cache.data svc/db.data:6000", 0, &["allowed TCP 5432", rule]);
    assert_says("can pod/cache pod/db:sql -n data", 0, &[rule]);
    assert_says("can app=cache@data app=db@*:5432", 0, &[rule]);
}

#[test]
fn a_no_names_what_does_not_fit() {
    let namespace = "wants namespace label team=shop; shop has team=store";
    let of_template = "can deploy/web.shop svc/db.data:6000 --cni cilium";
    assert_says(of_template, 1, &["\nno  ", "denied", namespace]);
    // Without an enforcer a block could mean a pod of which no address is known.
    let unknown = "the address of a pod is not known";
    assert_says("can deploy/web.shop svc/db.data:6000", 4, &["\ndepends  ", unknown]);
    let pod = "wants pod label app=web";
    assert_says("can pod/batch.shop svc/db.data:6000", 1, &[namespace, pod]);
    assert_says("can pod/cache.data pod/db.data:5433", 1, &["is for TCP 5432, not for TCP 5433"]);
    let protocol = "is for TCP 5432, not for UDP 5432";
    assert_says("can pod/cache.data pod/db.data:5432/UDP", 1, &[protocol]);
    assert_says("can 203.0.113.7 pod/db.data:5432", 1, &["except"]);
}

#[test]
fn only_some_is_no_yes() {
    assert_says("can ns/data pod/db.data", 1, &["\npartly  "]);
    assert_says("can 203.0.113.0/24 pod/db.data:5432", 1, &["\npartly  ", "203.0.113.7"]);
    let tree = tree(super::WORLD, "can 203.0.113.0/24 pod/db.data:5432");
    let results = tree["ways"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{results:#?}");
    assert_eq!(results[0]["verdict"], "denied", "what is denied comes first");
}

#[test]
fn services_lead_to_the_ports_of_their_pods() {
    assert_says("can internet svc/web.shop:80", 0, &["TCP 8080", "no pods yet: by its template"]);
    let target = "that is a targetPort: the Service has it at 6000";
    assert_says("can pod/cache.data svc/db.data:sql", 2, &[target]);
    assert_says(
        "can pod/cache.data svc/db.data:5432",
        2,
        &["has no TCP 5432: there is pg (6000/TCP)"],
    );
    assert_says("can pod/cache.data 10.96.0.8:6000", 0, &["Service data/db"]);
    assert_says("can pod/cache.data svc/nothing.data", 2, &["no Service nothing", "there is db"]);
}

#[test]
fn places_that_are_no_pods() {
    assert_says("can 203.0.113.9 pod/db.data:5432", 0, &["spec.ingress[2]"]);
    assert_says("can 198.51.100.1 pod/db.data:5432", 1, &["no rule matches"]);
    assert_says("can internet pod/db.data:443", 1, &["the internet"]);
    assert_says("can pod/batch.shop internet", 0, &["no policy is about it"]);
    assert_says("can node/one pod/db.data:5432", 0, &["the node of a pod can always reach it"]);
    assert_says("can node/two pod/db.data:5432", 2, &["no Node two: there is one"]);
    assert_says("can ingress svc/web.shop", 0, &["any pod could be it"]);
    assert_says(
        "can ingress pod/db.data:5432",
        4,
        &["\nunknown  ", "which pod it is is not known"],
    );
    assert_says("can pod/batch.shop apiserver", 3, &["where the API server is is not known"]);
    assert_says("can ns/shop pod/batch.shop", 0, &["Deployment shop/web → Pod shop/batch"]);
}

#[test]
fn two_pods_of_a_template_can_talk() {
    assert_says("can deploy/web.shop deploy/web.shop:8080", 0, &["\nyes  "]);
    assert_says("can pod/db.data pod/db.data:1", 4, &["nobody on one side"]);
}

#[test]
fn an_enforcer_decides_what_depends() {
    let open = "can pod/batch.shop pod/cache.data:6379";
    let cause = "an ipBlock holds the address of a pod or a node";
    let next = "can pod/batch.shop pod/cache.data:6379 -f - --cni spec";
    assert_says(open, 4, &["\ndepends  ", cause, next]);
    assert_says(&format!("{open} --cni spec"), 0, &["\nyes  ", "the specification (--cni spec)"]);
    assert_says(&format!("{open} --cni cilium"), 1, &["\nno  ", "enforcer: Cilium"]);
    assert_says(&format!("{open} --cni calico"), 0, &["enforcer: Calico"]);
    assert_says(&format!("{open} --cni calicoo"), 2, &["no enforcer \"calicoo\" is known"]);
}

const OTHER: &str = "
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: other, namespace: data}
spec: {endpointSelector: {matchLabels: {app: db}}}
";

#[test]
fn policies_of_others_are_a_gap_where_they_select_an_end() {
    let text = format!("{}{OTHER}", super::WORLD);
    let words = "can pod/cache.data pod/db.data:5432";
    let found = on(&text, words);
    assert_eq!(found.code, 4, "{found:?}");
    assert!(found.stdout.contains("not judged: CiliumNetworkPolicy data/other"), "{found:?}");
    assert_eq!(on(&text, &format!("{words} --accept-vendor-gap")).code, 0);
    // It is about neither of these.
    assert_eq!(on(&text, "can pod/batch.shop deploy/web.shop").code, 0);
    // A denial stands, whatever else there is.
    assert_eq!(on(&text, "can pod/batch.shop pod/db.data:5432").code, 1);
}

#[test]
fn a_broken_document_is_a_gap() {
    let text = format!("{}\n---\nkind: {{\n", super::WORLD);
    let found = on(&text, "can pod/cache.data pod/db.data:5432");
    assert_eq!(found.code, 4, "{found:?}");
    assert!(found.stdout.contains("\nyes  ") && found.stdout.contains("not judged"), "{found:?}");
    let answer = tree(&text, "can pod/cache.data pod/db.data:5432");
    assert_eq!(answer["summary"]["complete"], false);
    assert_eq!(answer["gaps"].as_array().unwrap().len(), 1, "{answer:#}");
}

#[test]
fn labels_that_are_not_known_are_not_taken_for_none() {
    let named =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: store}}\n---\n";
    let text = super::WORLD.strip_prefix(named).unwrap();
    let found = on(text, "can deploy/web.shop svc/db.data:6000");
    assert_eq!(found.code, 4, "{found:?}");
    assert!(found.stdout.contains("the labels of a namespace are not known"), "{found:?}");
}

#[test]
fn words_that_mean_nothing_are_told_what_there_is() {
    for (words, part) in [
        ("can deploy/wep.shop svc/db.data", "did you mean deploy/web?"),
        ("can deploy/web svc/db.data", "there is one in namespace shop: deploy/web.shop"),
        ("can web svc/db.data", "did you mean deployment/web.shop, svc/web.shop?"),
        ("can ns/shopp svc/db.data", "did you mean shop?"),
        ("can app=none@shop svc/db.data", "no pod with app=none in namespace shop"),
        ("can pod/db.data:80 svc/db.data", "belongs to the destination alone"),
        ("can pod/cache.data pod/db.data:99999", "numbers go from 1 to 65535"),
        ("can pod/cache.data pod/db.data:1/ICMP", "protocols are TCP, UDP and SCTP"),
        ("can pod/cache.data", "<TO[:PORT]>"),
        ("can pod/cache.data pod/db.data -l app=web", "choose nothing here"),
        ("can pod/cache.data pod/db.data -o csv", "[possible values: human, json, yaml]"),
    ] {
        let found = said(words);
        assert_eq!(found.code, 2, "{words}: {found:?}");
        assert!(found.stderr.contains(part), "{words}: {found:?}");
        assert!(found.stdout.is_empty(), "{words}: {found:?}");
    }
}

#[test]
fn nothing_of_a_manifest_steers_the_terminal() {
    let evil = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: \"a\\e[31mb\\u202Ec\", namespace: data}
spec: {podSelector: {matchLabels: {app: cache}}, policyTypes: [Ingress]}
";
    let text = format!("{}---\n{evil}", super::WORLD);
    for words in ["can pod/db.data pod/cache.data:1", "list --why", "list -o wide", "list -o html"]
    {
        let found = on(&text, words);
        let written = format!("{}{}", found.stdout, found.stderr);
        assert!(!written.contains('\u{1b}') && !written.contains('\u{202e}'), "{words}: {written}");
    }
    let found = on(&text, "can pod/db.data pod/cache.data:1");
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.stdout.contains("[31mb"), "{found:?}");
}
