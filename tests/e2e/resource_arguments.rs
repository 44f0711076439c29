//! Resource arguments against the real kubectl: the same requests in the same order, the same
//! refusals and warnings; and a cache of discovery that both read and write.
#![cfg(test)]

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use posture::client::connect::ConnectOptions;
use posture::client::connection::Connection;
use posture::client::list::List;
use posture::input::selection::{Selection, SelectionArgs};
use posture_e2e::served::{
    cluster, connection, is_discovery, open, options, requested, with_query,
};
use posture_generators::random::Random;
use posture_harness::cluster::Cluster;
use posture_harness::{score, seed};

const NORMAL: usize = 340;
const LONG: usize = 5000;

/// How many kubectls run at once.
const THREADS: usize = 4;

/// A command line: words and flags.
#[derive(Clone, Debug, Default)]
struct Line {
    words: Vec<String>,
    namespace: Option<String>,
    all_namespaces: bool,
    labels: Option<String>,
    fields: Option<String>,
}

/// What becomes of a command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// Paths with what the query says of selectors.
    requests: Vec<String>,
    refusal: Option<String>,
    warnings: Vec<String>,
}

impl Line {
    /// `pods a -n x -A -l LABELS -f FIELDS`; `''` is an empty word.
    fn parse(text: &str) -> Self {
        let mut line = Self::default();
        let mut words = text.split_whitespace().map(|word| word.trim_matches('\'').to_owned());
        while let Some(word) = words.next() {
            match word.as_str() {
                "-A" => line.all_namespaces = true,
                "-n" => line.namespace = words.next(),
                "-l" => line.labels = words.next(),
                "-f" => line.fields = words.next(),
                _ => line.words.push(word),
            }
        }
        line
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["get".to_owned()];
        arguments.extend(self.words.iter().cloned());
        let flags =
            [("-n", &self.namespace), ("-l", &self.labels), ("--field-selector", &self.fields)];
        for (flag, value) in flags {
            arguments.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
        if self.all_namespaces {
            arguments.push("-A".to_owned());
        }
        arguments
    }

    fn ours(&self, connection: &Connection) -> Outcome {
        let args = SelectionArgs {
            words: self.words.clone(),
            all_namespaces: self.all_namespaces,
            label_selector: self.labels.clone(),
            field_selector: self.fields.clone(),
        };
        match Selection::parse(&args).and_then(|selection| selection.resolve(connection)) {
            Ok((resolved, _)) => Outcome {
                requests: resolved.lists.iter().map(request).collect(),
                refusal: None,
                warnings: resolved.warnings,
            },
            Err(error) => Outcome { refusal: Some(error.to_string()), ..Outcome::default() },
        }
    }

    /// What a server says of the label selector.
    fn label_fault<'a>(&self, line: &'a str) -> Option<&'a str> {
        let line = line.strip_prefix("Error from server (BadRequest): Unable to find ")?;
        let fields = self.fields.as_deref().unwrap_or_default();
        let fault = line.split_once(&format!(", field selector {fields:?}: "))?.1;
        let of_labels = ["found ", "unable to parse requirement: "];
        of_labels.iter().any(|start| fault.starts_with(start)).then_some(fault)
    }

    fn kubectls(&self, cluster: &Cluster, cache: &Path) -> Outcome {
        let mut arguments = self.arguments();
        arguments.extend(["-v=6".to_owned(), format!("--cache-dir={}", cache.display())]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = cluster.kubectl(&arguments).stderr;
        let mut outcome = Outcome::default();
        for line in said.lines() {
            if let Some(request) = requested(cluster, line) {
                if !is_discovery(&request) {
                    outcome.requests.push(request);
                }
            } else if let Some(warning) = line.strip_prefix("Warning: ") {
                // It looks a name up more than once.
                if !outcome.warnings.iter().any(|known| known == warning) {
                    outcome.warnings.push(warning.to_owned());
                }
            } else if let Some(refusal) = line.strip_prefix("error: ") {
                outcome.refusal.get_or_insert_with(|| refusal.to_owned());
            } else if let Some(fault) = self.label_fault(line) {
                // The server says what kubectl says of a selector where it asks none.
                let labels = self.labels.as_deref().unwrap_or_default();
                let refusal = format!("the provided selector {labels:?} is not valid: {fault}");
                outcome.refusal.get_or_insert(refusal);
            } else if line.starts_with("invalid namespace ")
                || line.starts_with("invalid resource name ")
            {
                // Of several it says so without the prefix.
                outcome.refusal.get_or_insert_with(|| line.to_owned());
            }
        }
        if let Some(namespace) = &self.namespace {
            outcome.requests = without_look_up(&outcome.requests, namespace);
        }
        outcome
    }
}

/// Where an object is not found in a namespace that was named, kubectl looks for that too.
fn without_look_up(requests: &[String], namespace: &str) -> Vec<String> {
    let itself = format!("/api/v1/namespaces/{namespace}");
    let inside = format!("/namespaces/{namespace}/");
    let is_look_up = |position: usize| {
        position > 0 && requests[position] == itself && requests[position - 1].contains(&inside)
    };
    let kept = (0..requests.len()).filter(|position| !is_look_up(*position));
    kept.map(|position| requests[position].clone()).collect()
}

/// The path and the selectors of a list of ours.
fn request(list: &List) -> String {
    let namespace = list.namespace.as_deref();
    let path = match &list.name {
        Some(name) => list.resource.object_path(namespace, name),
        None => list.resource.path(namespace),
    };
    let selectors =
        [("fieldSelector", &list.field_selector), ("labelSelector", &list.label_selector)];
    let selectors =
        selectors.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?)));
    with_query(path, selectors.collect())
}

/// Holds every line against kubectl, and returns where we differ.
fn compare(lines: &[Line]) -> Vec<String> {
    let cluster = cluster();
    let cache = |name: &str| cluster.folder().join(name);
    let (theirs, ours) = (cache("cache-of-kubectl"), cache("cache-of-ours"));
    let next = Mutex::new(lines.iter());
    let differences = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let connection = connection(cluster, &ours);
                while let Some(line) = { next.lock().unwrap().next() } {
                    let expected = line.kubectls(cluster, &theirs);
                    let actual = match &line.namespace {
                        None => line.ours(&connection),
                        Some(namespace) => line.ours(&in_namespace(cluster, &ours, namespace)),
                    };
                    // What can be asked for kubectl has asked for when it comes to a name that
                    // cannot: a refusal of ours comes before.
                    let same = match &actual.refusal {
                        Some(refusal) => expected.refusal.as_ref() == Some(refusal),
                        None => expected == actual,
                    };
                    if !same {
                        let arguments = line.arguments().join(" ");
                        let text =
                            format!("{arguments}\n  kubectl {expected:?}\n  ours    {actual:?}");
                        differences.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    differences.into_inner().unwrap()
}

fn in_namespace(cluster: &Cluster, cache: &Path, namespace: &str) -> Connection {
    open(&ConnectOptions { namespace: Some(namespace.to_owned()), ..options(cluster, cache) })
}

/// Every form, and every refusal.
const TABLE: &str = "\
pods
pod
po
Pod
POD
PO
pods.v1.
po.v1.
pods.
pods.v1
deployments.apps
deployments.v1.apps
deploy.apps
deploy
deployment
Deployment.apps
Deployment.v1.apps
deployments.v1beta1.apps
deployments.apps.example.com
deployments.v1.apps.example.com
deploy.v1.apps.example.com
deployments.app
storageclass.storage
sc
sc.storage
widgets
Widget
wd
wdg
wd.tools
wd.tools.example.com
widgets.tools.example.com
widgets.v1beta1.toys.example.com
widget.toys.example.com
bx
box
ToolBox
toolbox
ToolBox.tools.example.com
toolbox.v1.tools.example.com
boxes.v9.tools.example.com
cm
svc
policy
policies
wdsingle
podlist
PodList
list
List
events
ev.v1.events.k8s.io
hpa
netpol
psp
nothing
nothing.apps
nothing.v1.apps
x.down.example.com
all
toys
tools
lone
All
all,cm,nodes
all x
lone x
all/x
all,cm x
pods,svc,po,pod
pods,
,pods
,
''
pods ''
pods a
pods a b a
po a,b
pods,deploy a b
pods,po a
pods/a
pods/a pods/a
pods/a svc/b deploy.apps/c nodes/n
pods/a nothing/b
pods a/b
pods/a b
pods/
/a
pods/a/b
pods,svc/a
pods,svc a/b
pods ..
pods a%b
pods/a%b
nodes
nodes n
nodes -n kube-system
nodes -A
nodes n -A
nodes/n pods/p -A
pods -A
pods -A -n x
pods a -A
pods/a -A
pods -n kube-system
pods a -n kube-system
pods -n a%b
pods -n ..
pods a -n ..
nodes -n a%b
pods -l app=x
pods,nodes,bx -l app=x,tier!=y
all -l app=x
pods a -l app=x
pods/a -l app=x
pods -f metadata.name=a
pods a -f metadata.name=a
pods/a -f metadata.name=a
pods -l app -f metadata.name=a -A
nothing -l app
pods -l a=(
pods -l =a
pods -l a,
pods -l !a=b
pods -l a/b/c
pods,svc -l -a=-b
pods a?b
pods a&b=c
";

/// What is combined: every way to name a type, and what is none.
const ANY_TYPE: &str = "\
pods pod po Pod deployments deploy Deployment.apps deployments.v1.apps deploy.apps svc
services cm configmaps nodes no ns namespaces wd wdg widgets widgets.tools.example.com
widgets.v1beta1.toys.example.com wd.tools Widget.v1alpha1.tools.example.com bx
boxes.v1.tools.example.com toolbox policies policy.v1beta2.example.com wdsingle netpol
sc.storage clusterroles crd hpa events cj.batch all toys tools lone nothing
x.down.example.com
";
const ANY_NAME: &str = "a b a.b a-b a,b default a/b .. A_b";
const ANY_LABELS: &str = "a=b;a!=b,c;a in (b,c);!a;a==b;x/y=z;a=;a notin ()";
const ANY_FIELDS: &str = "metadata.name=a;metadata.name!=a;metadata.namespace=default";

/// A command line of any form; the most make sense.
fn random_line(random: &mut Random) -> Line {
    let mut line = Line::default();
    let every_type: Vec<&str> = ANY_TYPE.split_whitespace().collect();
    let every_name: Vec<&str> = ANY_NAME.split_whitespace().collect();
    let types = |random: &mut Random, more: usize| {
        let count = if random.percent(more) { 2 + random.below(3) } else { 1 };
        let mut types: Vec<&str> = (0..count).map(|_| random.pick(&every_type)).collect();
        if random.percent(3) {
            types.push("");
        }
        types.join(",")
    };
    let form = random.below(100);
    let count = if random.percent(30) { 2 + random.below(2) } else { 1 };
    if form < 40 {
        line.words.push(types(random, 40));
    } else if form < 65 {
        line.words.push(types(random, 25));
        line.words.extend((0..count).map(|_| random.pick(&every_name).to_owned()));
    } else {
        for _ in 0..count {
            let (of, name) = (types(random, 5), random.pick(&every_name));
            let slash = if random.percent(95) { "/" } else { "" };
            line.words.push(format!("{of}{slash}{name}"));
        }
    }
    let mut some = |percent: usize, among: &str| {
        let among: Vec<&str> = among.split(';').collect();
        random.percent(percent).then(|| random.pick(&among).to_owned())
    };
    let selected = if form < 40 { 25 } else { 4 };
    line.labels = some(selected, ANY_LABELS);
    line.fields = some(selected / 2, ANY_FIELDS);
    line.namespace = some(20, "default;kube-system;nowhere");
    line.all_namespaces = random.percent(if form < 40 { 25 } else { 8 });
    line
}

#[test]
fn random_arguments_mean_what_kubectl_takes_them_for() {
    let mut random = Random::new(seed::seed());
    let count = seed::scaled(NORMAL, LONG);
    let lines: Vec<Line> = (0..count).map(|_| random_line(&mut random)).collect();
    let differences = compare(&lines);
    let compared = format!("{count} random command lines");
    score::record(
        "resource_arguments_random",
        "resource arguments at random against kubectl",
        &compared,
        differences.len(),
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_table_of_arguments_means_what_kubectl_takes_them_for() {
    let lines: Vec<Line> = TABLE.lines().map(Line::parse).collect();
    assert!(lines.len() >= 60);
    let differences = compare(&lines);
    let compared = format!("{} command lines", lines.len());
    score::record(
        "resource_arguments_table",
        "resource arguments: a table against kubectl",
        &compared,
        differences.len(),
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
