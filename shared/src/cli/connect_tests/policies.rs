//! Which credential plugins kuberc lets run: cases of client-go's `TestPluginPolicy`.
#![cfg(unix)]

use super::*;

const HEAD: &str = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n";

/// A world with a plugin in `bin`, which is in PATH.
fn world(command: &str, kuberc: &str) -> World {
    let exec = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, \
         interactiveMode: Never}}"
    );
    let mut world = World::with(&KUBECONFIG.replace("token: red-token", &exec));
    let text = "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\
                \"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"t\"}}'";
    script(&world, "bin/plugin", text);
    script(&world, "other/plugin", text);
    world.set("PATH", world.path("bin"));
    let bin = world.path("bin").to_string_lossy().into_owned();
    world.file("home/.kube/kuberc", &kuberc.replace("BIN", &bin));
    world
}

fn allowed(command: &str, policy: &str) -> bool {
    let world = world(command, &format!("{HEAD}{policy}"));
    match world.resolve() {
        Ok(_) => true,
        Err(refusal) => {
            assert!(refusal.starts_with("getting credentials: plugin"), "{refusal}");
            false
        }
    }
}

#[test]
fn policies_say_which_plugins_run() {
    assert!(allowed("plugin", ""));
    assert!(allowed("plugin", "credentialPluginPolicy: AllowAll"));
    assert!(!allowed("plugin", "credentialPluginPolicy: DenyAll"));
    let list = |entries: &str| {
        format!("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{entries}]")
    };
    assert!(allowed("plugin", &list("{command: plugin}")));
    assert!(allowed("plugin", &list("{name: plugin}")));
    assert!(allowed("plugin", &list("{command: other}, {command: BIN/plugin}")));
    assert!(!allowed("plugin", &list("{command: other}")));
    assert!(!allowed("plugin", &list("{command: /elsewhere/plugin}")));
    assert!(allowed("../../bin/plugin", &list("{command: BIN/plugin}")));
    assert!(allowed("../../bin/plugin", &list("{command: plugin}")));
    // The same name at another place is another program.
    assert!(!allowed("../../other/plugin", &list("{command: plugin}")));
    assert!(!allowed("missing", &list("{command: plugin}")));
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    for (policy, words) in [
        ("credentialPluginPolicy: Sometimes", "unknown plugin policy: \"Sometimes\""),
        ("credentialPluginPolicy: Allowlist", "allowlist is unspecified"),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: []", "allowlist is empty"),
        (
            "credentialPluginPolicy: DenyAll\ncredentialPluginAllowlist: [{command: a}]",
            "allowlist is non-nil",
        ),
        ("credentialPluginAllowlist: [{command: a}]", "allowlist is non-nil"),
        (
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{}]",
            "empty allowlist entry #1",
        ),
        (
            "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ./a}]",
            "non-normalized file path: \"./a\" vs \"a\"",
        ),
    ] {
        let refusal = world("plugin", &format!("{HEAD}{policy}")).refusal();
        assert!(
            refusal.starts_with("kuberc: ") && refusal.ends_with(words) || refusal.contains(words),
            "{refusal}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_lets_no_plugin_run() {
    for text in [
        "[",
        "kind: Other\n",
        "credentialPluginPolicy: DenyAll\n",
        "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: [hidden]\n",
    ] {
        let mut world = world("plugin", text);
        let refusal = world.refusal();
        assert!(refusal.contains("no valid preferences found in"), "{refusal}");
        world.options.token = Some("t".to_owned());
        assert_eq!(auth(&world.target(), "token"), "t", "no plugin, no matter");
    }
    assert!(world("plugin", "# nothing\n---\n").resolve().is_ok());
}

#[test]
fn the_first_preferences_of_a_stream_count() {
    let deny = "credentialPluginPolicy: DenyAll\n";
    assert!(world("plugin", &format!("kind: Other\n---\n{HEAD}{deny}")).resolve().is_err());
    assert!(world("plugin", &format!("{HEAD}---\n{HEAD}{deny}")).resolve().is_ok());
    // The first version of the file has no policies.
    let old = HEAD.replace("v1beta1", "v1alpha1");
    assert!(world("plugin", &format!("{old}{deny}")).resolve().is_ok());
}

#[test]
fn the_file_is_named_or_switched_off() {
    let mut world = world("plugin", &format!("{HEAD}credentialPluginPolicy: DenyAll\n"));
    assert!(world.resolve().is_err());
    world.set("KUBECTL_KUBERC", "False");
    assert!(world.resolve().is_ok());
    world.env.vars.remove(std::ffi::OsStr::new("KUBECTL_KUBERC"));
    world.set("KUBERC", "off");
    assert!(world.resolve().is_ok());
    let file = world.file("rc", HEAD);
    world.options.kuberc = Some(file.clone());
    let error = connect::resolve_in(&world.options, &world.env).expect_err("both");
    assert!(error.to_string().ends_with("mutually exclusive"), "{error}");
    world.set("KUBERC", "/none");
    assert!(world.resolve().is_ok(), "the flag goes first");
    world.options.kuberc = None;
    assert_eq!(world.refusal(), "kuberc: open /none: no such file or directory");
    world.set("KUBERC", file);
    assert!(world.resolve().is_ok());
}
