//! Types and labels beside `-f` against what a server and kubectl make of the same words.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use posture::client::discovery::Discovery;
use posture::input::inventory::Inventory;
use posture::input::selection::{Selection, SelectionArgs};
use posture::model::object::Object;
use posture::model::source::Source;
use posture_e2e::served::{cluster, connection};
use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};

const NORMAL: usize = 60;
const LONG: usize = 600;

fn objects(manifests: &str) -> Vec<Object> {
    let mut inventory = Inventory::default();
    inventory.add(&Arc::new(Source::new("x.yaml", manifests.as_bytes().to_vec())));
    assert!(inventory.gaps.is_empty(), "{:?}", inventory.gaps);
    inventory.objects
}

/// Every type of a server, in its order: version, plural, singular, kind, scope, short names and
/// categories.
fn types(discovery: &Discovery) -> Vec<String> {
    let line = |(group, version, of): (&str, &str, &_)| {
        let of: &posture::client::discovery::Served = of;
        let (kind, scope) = (&of.kind, of.namespaced);
        let names = format!("{} {} {kind} {scope}", of.name, of.singular);
        format!("{group}/{version} {names} {:?} {:?}", of.short_names, of.categories)
    };
    let whole = discovery.served().filter(|(_, _, of)| !of.name.contains('/'));
    whole.map(line).collect()
}

fn ask(cluster: &Cluster) -> Discovery {
    let folder = tempfile::tempdir().unwrap();
    Discovery::ask(&connection(cluster, folder.path())).unwrap()
}

#[test]
fn types_are_the_servers() {
    let asked = ask(cluster());
    let definitions = cluster().kubectl(&["get", "crd", "-o", "yaml"]).stdout;
    let known = Discovery::of_objects(&objects(&definitions));
    // The order within a group decides nothing.
    let sorted = |discovery: &Discovery| types(discovery).into_iter().collect::<BTreeSet<_>>();
    let (theirs, ours) = (sorted(&asked), sorted(&known));
    assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "ours alone");
    assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&String>::new(), "theirs alone");
    let mut words: BTreeSet<String> =
        ["", "x", ".", "po.", "all", "pods.v1.", "pods.v2."].map(str::to_owned).into();
    for (group, version, of) in asked.served().filter(|(_, _, of)| !of.name.contains('/')) {
        let names = [&of.name, &of.singular, &of.kind].into_iter().chain(&of.short_names);
        for name in names {
            let half = &group[..group.len() / 2];
            words.extend([
                name.clone(),
                name.to_uppercase(),
                format!("{name}.{group}"),
                format!("{name}.{half}"),
                format!("{name}.{version}.{group}"),
                format!("{name}.v9.{group}"),
                format!("{name}.nowhere.example.com"),
            ]);
        }
    }
    let mut found = 0;
    for word in &words {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let of_theirs = asked.find(word, &mut theirs);
        let of_ours = known.find(word, &mut ours);
        // Versions of a definition stand in no order here.
        let named = |of: &posture::client::resource::Resource| {
            (of.group.clone(), of.plural.clone(), of.kind.clone(), of.namespaced)
        };
        assert_eq!(of_ours.as_ref().map(named), of_theirs.as_ref().map(named), "{word}");
        assert_eq!(ours, theirs, "{word}");
        found += usize::from(of_theirs.is_some());
    }
    for category in ["all", "toys", "tools", "lone", "api-extensions", "nothing"] {
        let set = |discovery: &Discovery| {
            discovery.category(category).map(|members| members.into_iter().collect::<BTreeSet<_>>())
        };
        assert_eq!(set(&known), set(&asked), "{category}");
    }
    let types = asked.served().count();
    assert!(found > 500 && words.len() - found > 200);
    let compared = format!("{} words for {types} types", words.len());
    score::record("pick_types", "types beside -f against discovery", &compared, 0);
}

const LABELS: [&str; 8] = [
    "{}",
    "{app: web, tier: front, rank: '5'}",
    "{app: db, tier: back}",
    "{app: web, rank: '12'}",
    "{app: '', tier: front}",
    "{app: null, rank: '-3'}",
    "{app: web, rank: 5}",
    "[app, web]",
];

/// The last of them: kubectl cannot decode them.
const REFUSED: usize = 2;

fn selector(random: &mut Random) -> String {
    const KEYS: [&str; 4] = ["app", "tier", "rank", "x.io/y"];
    const VALUES: [&str; 7] = ["web", "db", "front", "5", "12", "", "back"];
    let mut text = String::new();
    for position in 0..=random.below(2) {
        let (key, value) = (random.pick(&KEYS), random.pick(&VALUES));
        let other = random.pick(&VALUES);
        let comma = if position == 0 { "" } else { "," };
        let one = match random.below(8) {
            0 => key.to_owned(),
            1 => format!("!{key}"),
            2 => format!("{key}={value}"),
            3 => format!("{key} == {value}"),
            4 => format!("{key}!={value}"),
            5 => format!("{key} in ({value},{other})"),
            6 => format!("{key} notin ({value}, {other})"),
            _ => format!("{key}{}{}", if value == "5" { ">" } else { "<" }, 4),
        };
        write!(text, "{comma}{one}").unwrap();
    }
    text
}

/// kubectl filters files by labels wherever it sends them.
#[test]
fn labels_select_as_kubectl_does() {
    let manifests = LABELS.iter().enumerate().fold(String::new(), |text, (position, labels)| {
        let head = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:";
        format!("{text}{head} {{name: c{position}, labels: {labels}}}\n")
    });
    let cluster = Cluster::shared();
    let mut random = Random::new(seed::seed());
    let count = seed::scaled(NORMAL, LONG);
    let mut picked = 0;
    for _ in 0..count {
        let labels = selector(&mut random);
        let arguments = [
            "create",
            "-f",
            "-",
            "--dry-run=client",
            "--validate=false",
            "-o",
            "name",
            "-l",
            &labels,
        ];
        let run = cluster.kubectl_as(posture_harness::cluster::ADMIN, &arguments, &manifests);
        let mut theirs: Vec<String> =
            run.stdout.lines().map(|line| line.replace("configmap/", "")).collect();
        theirs.sort();
        let args =
            SelectionArgs { label_selector: Some(labels.clone()), ..SelectionArgs::default() };
        let selection = Selection::parse(&args).unwrap();
        let (mut whole, mut good) = (objects(&manifests), objects(&manifests));
        good.truncate(LABELS.len() - REFUSED);
        let found = selection.pick(good, None).unwrap();
        let names = |found: &[Object]| -> Vec<String> {
            found.iter().map(|own| own.name().to_owned()).collect()
        };
        let ours = names(&found.objects);
        assert_eq!(ours, theirs, "{labels}: {}", run.stderr);
        assert_eq!(found.gaps.is_empty(), !ours.is_empty(), "{labels}: {:?}", found.gaps);
        // Refused whatever is selected, so nothing that may be left aside.
        assert_eq!(run.stderr.matches("unable to decode").count(), REFUSED, "{}", run.stderr);
        let found = selection.pick(whole.split_off(LABELS.len() - REFUSED), None).unwrap();
        assert_eq!(found.objects.len(), REFUSED, "{labels}");
        picked += ours.len();
    }
    assert!(picked > count && picked < count * LABELS.len());
    let compared = format!("{count} selectors on {} objects", LABELS.len());
    score::record("pick_labels", "-l beside -f against kubectl", &compared, 0);
}
