//! `--probe-nodes`: what kubelets answer, and what is done where they do not.

use posture_e2e::folder;
use posture_harness::cluster::ADMIN;
use posture_harness::proxy::{Fault, Proxy, Reply, Rule};

use super::world::{CLUSTER, check_before, effective, gaps, places, said, with};

fn configz(node: &str) -> String {
    format!("/api/v1/nodes/{node}/proxy/configz")
}

fn answer(body: &str) -> Fault {
    Fault::Answer(Reply::new(200, body).header("Content-Type", "application/json"))
}

/// One kubelet with the default, one without, one that may not be asked, one that answers otherwise.
fn kubelets() -> Vec<Rule> {
    vec![
        Rule::new(&configz("yes"), answer("{\"kubeletconfig\":{\"seccompDefault\":true}}")),
        Rule::new(&configz("no"), answer("{\"kubeletconfig\":{\"seccompDefault\":false}}")),
        Rule::new(&configz("shut"), Fault::Status(403)),
        Rule::new(&configz("page"), answer("kubeletconfig: {seccompDefault: true}")),
    ]
}

/// Which kubelets were asked.
fn asked(proxy: &Proxy) -> Vec<String> {
    let seen = proxy.seen().into_iter().map(|seen| seen.target);
    let mut asked: Vec<String> = seen.filter(|target| target.contains("/proxy/")).collect();
    asked.sort();
    asked
}

#[test]
fn kubelets_say_it_themselves() {
    let (report, code, proxy) = check_before(kubelets(), &["-A", "--probe-nodes"]);
    assert_eq!(code, 1, "{report:#}");
    // Neither Windows nor a release without the setting has anything to say.
    assert_eq!(asked(&proxy), ["no", "page", "shut", "yes"].map(configz));
    assert_eq!(
        places(&report, "web"),
        [
            "no cri-o 1.33.0 Unconfined",
            "old docker 20.10.7 Unconfined",
            "page gvisor://2025.1 Unknown",
            "shut containerd 2.1.0 Unknown",
            "yes containerd 1.7.27 RuntimeDefault",
        ]
    );
    assert_eq!(effective(&report, "early"), "RuntimeDefault");
    assert!(said(&report, "unset", "early")[0].contains("by its configuration"), "{report:#}");
    assert_eq!(effective(&report, "young"), "Unconfined");
    let gaps = gaps(&report);
    let about = |node: &str| {
        let start = format!("seccompDefault of the kubelet of {node}: ");
        gaps.iter()
            .find(|gap| gap.starts_with(&start))
            .unwrap_or_else(|| panic!("{node}: {gaps:?}"))
    };
    assert!(about("shut").contains("refused with 403"), "{gaps:?}");
    assert!(about("page").contains("its kubelet could not be asked"), "{gaps:?}");
    assert!(!gaps.iter().any(|gap| gap.contains("of yes") || gap.contains("of no:")), "{gaps:?}");
}

#[test]
fn what_is_assumed_holds_for_those_that_do_not_answer() {
    let assume = ["--assume", "seccompDefault=true"];
    let mut reports = Vec::new();
    for words in [
        [&["deploy/web", "-n", "shop", "--probe-nodes"][..], &assume].concat(),
        [&assume[..], &["--probe-nodes", "-n", "shop", "deploy/web"]].concat(),
    ] {
        let (mut report, code, _) = check_before(kubelets(), &words);
        assert_eq!((code, gaps(&report).len()), (1, 0), "{report:#}");
        report.as_object_mut().expect("a report").remove("target");
        reports.push(report);
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(
        places(&reports[0], "web"),
        [
            "no cri-o 1.33.0 Unconfined",
            "old docker 20.10.7 Unconfined",
            "page gvisor://2025.1 RuntimeDefault",
            "shut containerd 2.1.0 RuntimeDefault",
            "yes containerd 1.7.27 RuntimeDefault",
        ]
    );
}

#[test]
fn nobody_is_asked_without_the_flag() {
    let (_, _, proxy) = check_before(kubelets(), &["-A"]);
    assert_eq!(asked(&proxy), Vec::<String>::new());
    // A server without kubelets behind it says so.
    let (report, code, _) =
        check_before(Vec::new(), &["pod/early", "-n", "vault", "--probe-nodes"]);
    assert_eq!((code, gaps(&report).len()), (4, 1), "{report:#}");
    assert!(gaps(&report)[0].contains("its kubelet could not be asked"), "{report:#}");
}

#[test]
fn it_needs_a_cluster_that_is_not_recorded() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {nodeName: yes, containers: [{name: c, image: x}]}\n".replace("nodeName: yes", "nodeName: 'yes'");
    let folder = folder::with(&[("x.yaml", &manifest)]);
    let proxy = Proxy::before(&CLUSTER, ADMIN, kubelets());
    let run = |words: &[&str]| with(&proxy.kubeconfig(), words).in_folder(folder.path()).finish();
    for (words, why) in [
        (&["check", "-f", "x.yaml", "--probe-nodes"][..], "none is read"),
        (&["check", "-A", "--probe-nodes", "--snapshot", "taken"], "does not go with --snapshot"),
    ] {
        let finished = run(words);
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{words:?}: {finished:?}");
        assert!(finished.stderr.contains(why), "{words:?}: {finished:?}");
    }
    assert!(!folder.path().join("taken").exists());
    assert_eq!(asked(&proxy), Vec::<String>::new());
    let taken = run(&["check", "-A", "--snapshot", "taken"]);
    assert_eq!(taken.code, 1, "{taken:?}");
    let replayed = run(&["check", "-f", "taken", "--probe-nodes"]);
    assert_eq!((replayed.code, replayed.stdout.as_str()), (2, ""), "{replayed:?}");
    // The nodes of the cluster count for manifests where they are asked for.
    let both = run(&["check", "-f", "x.yaml", "--with-cluster", "--probe-nodes", "-o", "json"]);
    assert_eq!(both.code, 0, "{both:?}");
    assert_eq!(places(&both.json(), "p"), ["yes containerd 1.7.27 RuntimeDefault"]);
    assert_eq!(asked(&proxy), ["no", "page", "shut", "yes"].map(configz));
}
