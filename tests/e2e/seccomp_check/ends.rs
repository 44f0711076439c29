//! How it ends, and what the command line must not say.

use posture_e2e::folder;

use super::{FORMATS, PLAIN, check, effective, gaps, pod, report, run};

#[test]
fn what_kubelets_do_is_not_known_unless_it_is_said() {
    let text = pod("p", PLAIN);
    let (open, code) = report(&text, &[]);
    assert_eq!(code, 4, "{open:#}");
    assert_eq!(effective(&open), "Unknown");
    assert_eq!(open["findings"][0]["severity"], "warning");
    let [gap] = &gaps(&open)[..] else { panic!("{open:#}") };
    assert!(gap.contains("seccompDefault of the kubelets"), "{gap}");
    assert_eq!(report(&text, &["--fail-on", "warning"]).1, 1);
    let (on, code) = report(&text, &["--assume", "seccompDefault=true"]);
    assert_eq!((code, effective(&on).as_str()), (0, "RuntimeDefault"), "{on:#}");
    assert_eq!((on["findings"][0]["severity"].as_str(), gaps(&on).len()), (Some("info"), 0));
    let (off, code) = report(&text, &["--assume", "seccompDefault=false"]);
    assert_eq!((code, effective(&off).as_str()), (1, "Unconfined"), "{off:#}");
    assert_eq!(off["summary"]["complete"], true);
    // Where every container says it, nothing depends on the kubelets.
    let said = pod(
        "p",
        &format!("securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}, {PLAIN}"),
    );
    let (said, code) = report(&said, &[]);
    assert_eq!((code, gaps(&said).len(), effective(&said).as_str()), (0, 0, "RuntimeDefault"));
}

#[test]
fn every_code_in_every_format() {
    let confined = "securityContext: {seccompProfile: {type: RuntimeDefault}}";
    let chosen = "securityContext: {seccompProfile: {type: Unconfined}}";
    let of = |context: &str| pod("p", &format!("{context}, {PLAIN}"));
    let open = pod("p", PLAIN);
    for format in FORMATS {
        let code = |text: &str| check(text, &["-o", format]).code;
        assert_eq!(code(&of(confined)), 0, "{format}");
        assert_eq!(code(&of(chosen)), 1, "{format}");
        assert_eq!(code(&open), 4, "{format}");
        assert_eq!(code(&format!("{}---\n{open}", of(chosen))), 1, "{format}: findings come first");
        assert_eq!(code(&format!("{}---\na: [\n", of(confined))), 4, "{format}");
        assert_eq!(code(""), 4, "{format}");
        let nowhere = run(&["-f", "/does/not/exist", "-o", format]).finish();
        assert_eq!((nowhere.code, nowhere.stdout.as_str()), (3, ""), "{format}");
    }
}

#[test]
fn slips_are_answered() {
    let folder = folder::with(&[("x.yaml", &pod("p", PLAIN))]);
    for (arguments, said) in [
        (&["--assume", "seccompDefault"][..], "write seccompDefault=true or seccompDefault=false"),
        (&["--assume", "seccompDefault=yes"], "write seccompDefault=true"),
        (&["--assume", "seccompdefault=true"], "write seccompDefault=true"),
        (&["--assume", "true"], "write seccompDefault=true"),
        (&["--assume", "runtime=containerd"], "write seccompDefault=true"),
        (&["--probe-nodes"], "asks the kubelets of a cluster"),
        (&["--probe-nodes", "--assume", "seccompDefault=true"], "asks the kubelets of a cluster"),
        (&["-o", "xml"], "xml"),
        (&["--server-version", "twelve"], "twelve"),
        (&["--select", "unsett"], "unset"),
        (&["--nonsense"], "--nonsense"),
    ] {
        let finished = run(&["-f", "x.yaml"])
            .args(arguments.iter().copied())
            .in_folder(folder.path())
            .finish();
        assert_eq!(
            (finished.code, finished.stdout.as_str()),
            (2, ""),
            "{arguments:?} {finished:?}"
        );
        assert!(finished.stderr.contains(said), "{arguments:?} {finished:?}");
    }
    let nothing = run(&[]).finish();
    assert_eq!(nothing.code, 3, "{nothing:?}");
    assert!(nothing.stderr.contains("check -f DIR"), "{nothing:?}");
}

#[test]
fn broken_documents_stay_gaps() {
    let good = pod(
        "good",
        &format!("securityContext: {{seccompProfile: {{type: RuntimeDefault}}}}, {PLAIN}"),
    );
    for broken in [
        "a: [\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [\n",
        "kind: Pod\nspec: {containers: [{name: a}]}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {tmplate: {}}\n",
        "apiVersion: v9\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: x}]}\n",
        "just text\n",
    ] {
        let text = format!("{good}---\n{broken}---\n{}", good.replace("good", "other"));
        let (report, code) = report(&text, &[]);
        assert_eq!(code, 4, "{broken}: {report:#}");
        assert_eq!(report["gaps"].as_array().map(Vec::len), Some(1), "{broken}: {report:#}");
        let names: Vec<_> = report["objects"].as_array().expect("objects").iter().collect();
        let is_good = |name: &str| {
            names.iter().any(|one| one["name"] == name && one["verdict"] == "confined")
        };
        assert!(is_good("good") && is_good("other"), "{broken}: {report:#}");
    }
    // What the API server would not decode is invalid, with its words.
    let wrong =
        pod("p", "containers: [{name: a, image: x, securityContext: {privileged: 'true'}}]");
    let (wrong, code) = report(&wrong, &[]);
    assert_eq!((code, wrong["objects"][0]["verdict"].as_str()), (1, Some("invalid")), "{wrong:#}");
}
