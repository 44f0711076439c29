//! `list`: what it shows, in every format, and how it ends.

use serde_json::Value;

use super::{FORMATS, WORLD, on, said, tree};

/// `FROM → TO: PORTS` of every connection.
fn connections(map: &Value) -> Vec<String> {
    let groups = map["groups"].as_array().unwrap();
    let words = |numbers: &Value| {
        let numbers = numbers.as_array().unwrap().iter();
        let words = numbers.map(|number| {
            let position = usize::try_from(number.as_u64().unwrap()).unwrap();
            groups[position]["words"].as_str().unwrap()
        });
        words.collect::<Vec<_>>().join("+")
    };
    let ports = |connection: &Value| {
        let ports = connection["ports"].as_array().unwrap().iter();
        let one = |port: &Value| format!("{}-{}", port["from"], port["to"]);
        ports.map(one).collect::<Vec<_>>().join(",")
    };
    let all = map["connections"].as_array().unwrap().iter();
    let line =
        |one: &Value| format!("{} → {}: {}", words(&one["from"]), words(&one["to"]), ports(one));
    all.map(line).collect()
}

#[test]
fn every_format_ends_alike_and_says_the_same() {
    for format in FORMATS {
        let found = said(&format!("list -o {format}"));
        assert_eq!(found.code, 4, "{format}: an ipBlock over a pod depends: {found:?}");
        for part in ["db", "cache", "203.0.113"] {
            assert!(found.stdout.contains(part), "{format}: no {part}: {}", found.stdout);
        }
        let text = format!("{}{}", found.stdout, found.stderr);
        assert!(text.contains("manifests only"), "{format} names no enforcer: {text}");
        assert_eq!(said(&format!("list -o {format} --cni cilium")).code, 0, "{format}");
    }
}

#[test]
fn a_map_for_people() {
    insta::assert_snapshot!(said("list").stdout);
}

#[test]
fn a_part_of_the_map() {
    let of = |words: &str| connections(&tree(WORLD, &format!("list --cni spec {words}")));
    let all = of("");
    let to = of("--to pod/db.data");
    assert!(!to.is_empty() && to.len() < all.len(), "{to:?} of {all:?}");
    assert!(to.iter().all(|line| line.contains("→ data/db:")), "{to:?}");
    let from = of("--from 203.0.113.9");
    assert!(from.iter().all(|line| line.starts_with("203.0.113.")), "{from:?}");
    assert_eq!(
        of("--port 6379"),
        of("--to pod/cache.data --port 6379"),
        "only the cache has a rule for it"
    );
    assert!(of("--port 6379/UDP").is_empty());
    assert!(of("--workload pod/cache.data").len() >= 2, "it opens and is reached: {all:?}");
    let depends = tree(WORLD, "list --only depends");
    let verdicts = depends["connections"].as_array().unwrap().iter();
    let verdicts: Vec<&Value> = verdicts.map(|one| &one["verdict"]).collect();
    assert!(!verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == "depends"));
    let allowed = tree(WORLD, "list --only allowed");
    let mut verdicts = allowed["connections"].as_array().unwrap().iter();
    assert!(verdicts.all(|one| one["verdict"] == "allowed"));
}

#[test]
fn why_names_rules() {
    let found = said("list --why --to pod/db.data --cni spec");
    assert!(found.stdout.contains("db-in in data, spec.ingress[1] (STDIN:"), "{found:?}");
    assert!(!said("list --to pod/db.data --cni spec").stdout.contains("spec.ingress"));
}

#[test]
fn every_pair_is_what_can_says() {
    let found = said("list --all-pairs -o csv --cni cilium");
    assert_eq!(found.code, 0, "{found:?}");
    assert!(found.stdout.lines().count() > 4, "{found:?}");
    assert!(
        said("list --all-pairs --cni cilium").stdout.contains("data/cache -> data/db  TCP 5432")
    );
    for line in said("list --all-pairs -o json --cni cilium").stdout.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        let word = |end: &Value| match end["kind"].as_str().unwrap() {
            "External" | "Node" => None,
            kind => {
                Some(format!("{kind}/{}.{}", end["name"].as_str()?, end["namespace"].as_str()?))
            }
        };
        let Some((from, to)) = word(&pair["from"]).zip(word(&pair["to"])) else { continue };
        let port = &pair["ports"][0];
        let protocol = port["protocol"].as_str().unwrap();
        let answer = said(&format!("can {from} {to}:{}/{protocol} --cni cilium", port["from"]));
        assert_eq!(answer.code, 0, "{line}: {answer:?}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let text = format!("{WORLD}\n---\nkind: {{\n");
    for format in FORMATS {
        let found = on(&text, &format!("list --cni spec -o {format}"));
        assert_eq!(found.code, 4, "{format}: {found:?}");
    }
    assert_eq!(on(&text, "list --all-pairs --cni spec").code, 4);
}

#[test]
fn words_that_mean_nothing() {
    for (words, part) in [
        ("list -o sarif", "possible values: human, wide, json, yaml, csv"),
        ("list --all-pairs -o html", "--all-pairs is written as human, csv or json"),
        ("list --port 0", "0 is no port"),
        ("list --port 9-8", "9-8 is no port"),
        ("list --from deploy/none.shop", "no Deployment none in namespace shop"),
        ("list --only denied", "possible values: allowed, depends"),
        ("list --with-cluster=maybe", "--with-cluster"),
    ] {
        let found = said(words);
        assert_eq!(found.code, 2, "{words}: {found:?}");
        assert!(found.stderr.contains(part), "{words}: {found:?}");
    }
}
