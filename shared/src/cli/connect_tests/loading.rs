//! Which files are read, how they merge, and what is said of broken ones.

use super::*;

#[test]
fn without_any_configuration_nobody_is_dialled() {
    let mut world = World::new();
    let words = "no cluster configured; to check files: kubectl x check -f DIR";
    assert_eq!(world.refusal(), words);
    world.set("KUBECONFIG", "/nowhere/a:/nowhere/b");
    assert_eq!(world.refusal(), words);
    world.file("home/.kube/config", "");
    world.env.vars.clear();
    assert_eq!(world.refusal(), words);
    world.file("home/.kube/config", "# nothing\n");
    assert_eq!(world.refusal(), words);
    world.file("home/.kube/config", &KUBECONFIG.replace("current-context: first", ""));
    assert_eq!(world.refusal(), words);
    world.set("KUBERNETES_MASTER", "http://elsewhere:1");
    assert_eq!(world.target().server, "http://elsewhere:1");
}

#[test]
fn the_kubeconfig_of_the_home_directory_is_read() {
    let target = World::with(KUBECONFIG).target();
    assert_eq!(target.server, "https://red:6443");
    assert_eq!(target.context.as_deref(), Some("first"));
    assert_eq!(target.namespace, "default");
    assert_eq!(auth(&target, "token"), "red-token");
    assert_eq!(target.config.tls_server_name.as_deref(), Some("red.example"));
    assert!(!target.config.default_retry);
}

#[test]
fn a_named_kubeconfig_must_exist_and_stands_alone() {
    let mut world = World::with(KUBECONFIG);
    world.options.kubeconfig = Some(world.path("none"));
    assert!(world.refusal().ends_with("none: no such file or directory"), "{}", world.refusal());
    world.options.kubeconfig = Some(world.file("other", ""));
    assert!(world.refusal().starts_with("no cluster configured"));
    // Empty is as if it was not given.
    world.options.kubeconfig = Some(PathBuf::new());
    assert_eq!(world.target().server, "https://red:6443");
}

#[test]
fn of_several_files_the_first_wins_entry_by_entry() {
    let mut world = World::new();
    let first = world.file(
        "1",
        "clusters: [{name: red, cluster: {server: 'https://one'}}]\n\
         users: [{name: token, user: {username: u}}]\n",
    );
    let second = world.file("2", KUBECONFIG);
    let third = world.file("3", "current-context: second\n");
    let join = |files: &[&Path]| std::env::join_paths(files).expect("a list");
    let missing = world.path("missing");
    world.set("KUBECONFIG", join(&[Path::new(""), &missing, &first, &second, &first, &third]));
    let target = world.target();
    // Nothing of the second file's entries is mixed in.
    assert_eq!(target.server, "https://one");
    assert_eq!(target.config.tls_server_name, None);
    assert_eq!(auth(&target, "username"), "u");
    assert_eq!(auth(&target, "token"), serde_json::Value::Null);
    world.set("KUBECONFIG", join(&[&third, &second]));
    assert_eq!(world.target().context.as_deref(), Some("second"));
}

#[test]
fn relative_paths_start_at_their_own_file() {
    let mut world = World::new();
    world.file("a/tokens/t", " file-token\n");
    let a = world.file("a/config", "users: [{name: token, user: {tokenFile: tokens/t}}]\n");
    let b = world.file("b/config", KUBECONFIG);
    world.set("KUBECONFIG", std::env::join_paths([a, b]).expect("a list"));
    let target = world.target();
    assert_eq!(auth(&target, "token"), "file-token");
    let file = world.path("a/tokens/t").to_string_lossy().into_owned();
    assert_eq!(target.login, target::Login::TokenFile(file));
}

#[test]
fn one_incomplete_context_spoils_only_itself() {
    let mut world = World::with(KUBECONFIG);
    assert_eq!(world.target().server, "https://red:6443");
    world.options.context = Some("lost".to_owned());
    assert!(world.refusal().starts_with("no cluster configured"));
}

#[test]
fn a_wrong_type_is_named_with_its_place_and_not_its_value() {
    for (text, place) in [
        ("users:\n- {name: a, user: {token: 5}}\n", "2:27: users[0].user.token: a number"),
        ("users:\n- {name: a, user: {token: [hidden]}}\n", "2:27: users[0].user.token: a list"),
        ("users: {hidden: 1}\n", "1:8: users: an object, not a list"),
        ("contexts: [hidden]\n", "1:12: contexts[0]: a string, not an object"),
        ("users: [{user: {client-key-data: hidden!}}]\n", "client-key-data: illegal base64 data"),
        ("- hidden\n", "1:1: the document: a list, not an object"),
        ("a: [hidden\n", "no valid YAML"),
        ("kind: Pod\n", "no kind \"Pod\" is registered for version \"v1\""),
        ("apiVersion: v2\n", "no kind \"Config\" is registered for version \"v2\""),
        ("users: [{name: a}, {name: a}]\n", "duplicate name \"a\" in list"),
        ("extensions: [{name: 1}]\n", "extensions[0].name: a number, not a string"),
    ] {
        let refusal = World::with(text).refusal();
        assert!(refusal.starts_with("error loading config file: "), "{refusal}");
        assert!(refusal.contains("config") && refusal.contains(place), "{refusal}\n{place}");
    }
}

#[test]
fn a_folder_is_no_kubeconfig() {
    let mut world = World::new();
    world.options.kubeconfig = Some(world.folder.path().to_owned());
    assert!(world.refusal().ends_with("is a directory"), "{}", world.refusal());
}

#[test]
fn null_is_absence_and_only_the_first_document_counts() {
    let text = format!("clusters: null\n{KUBECONFIG}\n---\n[broken\n");
    assert_eq!(World::with(&text).target().server, "https://red:6443");
    let text = KUBECONFIG.replace("token: red-token", "token: red-token, exec: null, as: null");
    assert_eq!(auth(&World::with(&text).target(), "token"), "red-token");
}

#[test]
fn the_cache_is_where_kubectl_has_it() {
    let mut world = World::with(KUBECONFIG);
    assert_eq!(world.target().cache_dir, Some(world.path("home/.kube/cache")));
    world.set("KUBECACHEDIR", "/cache");
    assert_eq!(world.target().cache_dir, Some("/cache".into()));
    world.options.cache_dir = Some("/flag".into());
    assert_eq!(world.target().cache_dir, Some("/flag".into()));
}
