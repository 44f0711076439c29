//! The file that `kube-apiserver --admission-control-config-file` names: the cluster's defaults
//! and exemptions.
//!
//! Sources: `admission/api/load`, `admission/api/validation` and `admission/api/v1` of
//! k8s.io/pod-security-admission, and `pkg/admission/config.go` of k8s.io/apiserver. The server
//! refuses to start with a file that it cannot read, so every error is one.

use posture::model::node::{Type, Value};
use posture::model::version::Minor;

use crate::level::{Level, LevelVersion, PolicyVersion};
use crate::namespace::{Defaults, Mode, Modes, UNCONFIGURED};
use crate::pod::known_server;
use crate::prose::go_quote;
use crate::strict::{Class, Reader};
pub use crate::strict::{ConfigError, Refused};

/// What the file configures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// What applies where labels say nothing.
    pub defaults: Defaults,
    /// Who and what is never judged.
    pub exemptions: Exemptions,
}

impl Default for Configuration {
    /// A server without a file.
    fn default() -> Self {
        Self { defaults: UNCONFIGURED, exemptions: Exemptions::default() }
    }
}

/// Who and what is never judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// Requests by these users.
    pub usernames: Vec<String>,
    /// Pods and workloads in these namespaces.
    pub namespaces: Vec<String>,
    /// Pods and templates with these runtime classes.
    pub runtime_classes: Vec<String>,
}

/// What a file turned out to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The configuration, written in the file.
    Configuration(Configuration),
    /// The configuration is in another file: relative to this one, and a document of the kind
    /// `PodSecurityConfiguration`. An empty file means [`Configuration::default`].
    Path(String),
}

/// Reads a file: an `AdmissionConfiguration`, or the `PodSecurityConfiguration` that one refers
/// to. A file that does not mention the plugin `PodSecurity` configures nothing.
pub fn read(file: Value<'_>, server: Minor) -> Result<Loaded, Refused> {
    let (version, kind) = type_of(file)?;
    if kind != "AdmissionConfiguration" {
        return read_configuration(file, server).map(Loaded::Configuration);
    }
    if !matches!(version, "apiserver.config.k8s.io/v1" | "apiserver.k8s.io/v1alpha1") {
        return Err(not_registered(file, version, kind));
    }
    let mut reader = Reader::default();
    let plugins = reader.fields(file, &[], &["plugins"]).into_iter().next().flatten();
    let plugin_type = format!("{}.AdmissionPluginConfiguration", package(version));
    let plugins = reader.list(plugins, "AdmissionConfiguration.plugins", &plugin_type);
    let mut found = None;
    for (index, plugin) in plugins.into_iter().enumerate() {
        let path = format!("plugins[{index}]");
        reader.expect(plugin, Type::Object, "AdmissionConfiguration.plugins", &plugin_type);
        let fields = reader.fields(plugin, &[&path], &["configuration", "name", "path"]);
        let [configuration, name, path] = fields[..] else { continue };
        let name = reader.string(name, "AdmissionPluginConfiguration.plugins.name");
        let path = reader.string(path, "AdmissionPluginConfiguration.plugins.path");
        if name == "PodSecurity" && found.is_none() {
            found = Some((configuration, path));
        }
    }
    reader.finish(file)?;
    match found {
        Some((Some(configuration), _)) => {
            read_configuration(configuration, server).map(Loaded::Configuration)
        }
        Some((None, path)) if !path.is_empty() => Ok(Loaded::Path(path.to_owned())),
        _ => Ok(Loaded::Configuration(Configuration::default())),
    }
}

/// `apiVersion` and `kind`, both of which must be there.
fn type_of(value: Value<'_>) -> Result<(&str, &str), Refused> {
    let found = value.value_type().go_name();
    if value.value_type() != Type::Object {
        let message = format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go value"
        );
        return Err(Refused::decoding(value, message));
    }
    let text = |key: &str| {
        match value.field(key) {
        None => Ok(""),
        Some(text) => text.as_str().ok_or_else(|| {
            let found = text.value_type().go_name();
            Refused::decoding(
                text,
                format!("couldn't get version/kind; json parse error: json: cannot unmarshal {found} into Go struct field .{key} of type string"),
            )
        }),
    }
    };
    let (version, kind) = (text("apiVersion")?, text("kind")?);
    if kind.is_empty() {
        return Err(Refused::decoding(value, "Object 'Kind' is missing"));
    }
    if version.is_empty() {
        return Err(Refused::decoding(value, "Object 'apiVersion' is missing"));
    }
    Ok((version, kind))
}

/// The name of Go's package of a version, which its messages name types by.
fn package(version: &str) -> &str {
    version.rsplit_once('/').map_or(version, |(_, package)| package)
}

fn not_registered(value: Value<'_>, version: &str, kind: &str) -> Refused {
    Refused::decoding(
        value,
        format!("no kind {} is registered for version {}", go_quote(kind), go_quote(version)),
    )
}

fn read_configuration(value: Value<'_>, server: Minor) -> Result<Configuration, Refused> {
    let (version, kind) = type_of(value)?;
    let known = match version {
        "pod-security.admission.config.k8s.io/v1" => known_server(server) >= Minor(25),
        "pod-security.admission.config.k8s.io/v1beta1"
        | "pod-security.admission.config.k8s.io/v1alpha1" => true,
        _ => false,
    };
    if !known || kind != "PodSecurityConfiguration" {
        return Err(not_registered(value, version, kind));
    }
    let mut reader = Reader::default();
    let fields = reader.fields(value, &[], &["defaults", "exemptions"]);
    let [defaults, exemptions] = fields[..] else {
        return Ok(Configuration::default());
    };
    let package = package(version);
    let defaults = read_defaults(&mut reader, defaults, package);
    let exemptions = read_exemptions(&mut reader, exemptions, package);
    reader.finish(value)?;
    validate(value, defaults, exemptions, server)
}

/// A text with the value that it stands in.
type Text<'a> = (&'a str, Option<Value<'a>>);

/// For each mode its level and its version; empty where nothing is written.
fn read_defaults<'a>(
    reader: &mut Reader,
    value: Option<Value<'a>>,
    package: &str,
) -> Modes<[Text<'a>; 2]> {
    /// In the order of their bytes, which is that of the server's errors.
    const FIELDS: [&str; 6] =
        ["audit", "audit-version", "enforce", "enforce-version", "warn", "warn-version"];
    let mut found = [("", None); 6];
    if let Some(value) = value {
        let go_type = format!("{package}.PodSecurityDefaults");
        reader.expect(value, Type::Object, "PodSecurityConfiguration.defaults", &go_type);
        let fields = reader.fields(value, &["defaults"], &FIELDS);
        for ((found, field), name) in found.iter_mut().zip(fields).zip(FIELDS) {
            *found = (reader.string(field, &format!("PodSecurityDefaults.defaults.{name}")), field);
        }
    }
    let [audit, audit_version, enforce, enforce_version, warn, warn_version] = found;
    Modes {
        enforce: [enforce, enforce_version],
        audit: [audit, audit_version],
        warn: [warn, warn_version],
    }
}

/// The lists of exemptions: namespaces, runtime classes, users.
fn read_exemptions<'a>(
    reader: &mut Reader,
    value: Option<Value<'a>>,
    package: &str,
) -> [Vec<(&'a str, Value<'a>)>; 3] {
    const FIELDS: [&str; 3] = ["namespaces", "runtimeClasses", "usernames"];
    let mut found = [const { Vec::new() }; 3];
    if let Some(value) = value {
        let go_type = format!("{package}.PodSecurityExemptions");
        reader.expect(value, Type::Object, "PodSecurityConfiguration.exemptions", &go_type);
        let fields = reader.fields(value, &["exemptions"], &FIELDS);
        for ((found, field), name) in found.iter_mut().zip(fields).zip(FIELDS) {
            let field_name = format!("PodSecurityExemptions.exemptions.{name}");
            for item in reader.list(field, &field_name, "string") {
                // A null element is an empty text, as for Go.
                found.push((reader.string(Some(item), &field_name), item));
            }
        }
    }
    found
}

fn validate(
    file: Value<'_>,
    defaults: Modes<[Text<'_>; 2]>,
    [namespaces, runtime_classes, usernames]: [Vec<(&str, Value<'_>)>; 3],
    server: Minor,
) -> Result<Configuration, Refused> {
    let mut errors = Vec::new();
    let mut found = UNCONFIGURED;
    // The order in which the server validates.
    for (mode, into) in [
        (Mode::Enforce, &mut found.enforce),
        (Mode::Warn, &mut found.warn),
        (Mode::Audit, &mut found.audit),
    ] {
        let [level, version] = *defaults.get(mode);
        let mut check = |suffix: &str, (text, value): Text<'_>, why: Option<&'static str>| {
            if let Some(why) = why {
                let message =
                    format!("defaults.{mode}{suffix}: Invalid value: {}: {why}", go_quote(text));
                errors.push(ConfigError { message, node: value.unwrap_or(file).id() });
            }
        };
        let parsed = if level.0.is_empty() { Ok(Level::Privileged) } else { Level::parse(level.0) };
        check("", level, parsed.err());
        let pinned = if version.0.is_empty() {
            Ok(PolicyVersion::Latest)
        } else {
            PolicyVersion::parse(version.0)
        };
        check("-version", version, pinned.err());
        if let (Ok(level), Ok(version)) = (parsed, pinned) {
            *into = LevelVersion { level, version };
        }
    }
    let mut list =
        |field: &str, items: Vec<(&str, Value<'_>)>, why: &dyn Fn(&str) -> Option<String>| {
            let mut seen: Vec<String> = Vec::new();
            for (index, (text, value)) in items.into_iter().enumerate() {
                let place = format!("exemptions.{field}[{index}]");
                let message = if let Some(why) = why(text) {
                    format!("{place}: Invalid value: {}: {why}", go_quote(text))
                } else if seen.iter().any(|known| known == text) {
                    format!("{place}: Duplicate value: {}", go_quote(text))
                } else {
                    seen.push(text.to_owned());
                    continue;
                };
                errors.push(ConfigError { message, node: value.id() });
            }
            seen
        };
    let namespaces = list("namespaces", namespaces, &|name| bad_label(name, server));
    let runtime_classes = list("runtimeClasses", runtime_classes, &bad_subdomain);
    let usernames = list("usernames", usernames, &|name| {
        name.is_empty().then(|| "username must not be empty".to_owned())
    });
    if errors.is_empty() {
        let exemptions = Exemptions { usernames, namespaces, runtime_classes };
        return Ok(Configuration { defaults: found, exemptions });
    }
    Err(Refused { class: Class::Invalid, errors })
}

/// Whether a text matches `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
fn is_dns_label(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
}

const LABEL_FORMAT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// Why a text is no name of a namespace (`IsDNS1123Label`).
fn bad_label(text: &str, server: Minor) -> Option<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push("must be no more than 63 characters".to_owned());
    }
    if !is_dns_label(text) {
        // Said since 1.27.
        let only_dots = server >= Minor(27) && text.split('.').all(is_dns_label);
        errors.push(if only_dots {
            "must not contain dots".to_owned()
        } else {
            format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL_FORMAT}')"
            )
        });
    }
    (!errors.is_empty()).then(|| errors.join(", "))
}

/// Why a text is no name of a runtime class (`IsDNS1123Subdomain`).
fn bad_subdomain(text: &str) -> Option<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push("must be no more than 253 characters".to_owned());
    }
    if !text.split('.').all(is_dns_label) {
        errors.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL_FORMAT}(\\.{LABEL_FORMAT})*')"
        ));
    }
    (!errors.is_empty()).then(|| errors.join(", "))
}

#[cfg(test)]
mod tests {
    use posture::model::version::NEWEST;

    use super::*;
    use crate::testing::tree;

    fn refused(text: &str) -> String {
        read(tree(text).root(), NEWEST).expect_err("refused").to_string()
    }

    fn configured(text: &str) -> Configuration {
        match read(tree(text).root(), NEWEST) {
            Ok(Loaded::Configuration(configuration)) => configuration,
            other => panic!("{other:?}"),
        }
    }

    /// A `PodSecurityConfiguration` with more fields.
    fn config(fields: &str) -> String {
        format!(
            r#"{{"apiVersion":"pod-security.admission.config.k8s.io/v1","kind":"PodSecurityConfiguration"{fields}}}"#
        )
    }

    /// An `AdmissionConfiguration` with one plugin.
    fn admission(plugin: &str) -> String {
        format!(
            r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration","plugins":[{{"name":"Other","path":"o.yaml"}},{plugin}]}}"#
        )
    }

    #[test]
    fn reads_inline_and_refers_to_files() {
        let inline = config(
            r#","defaults":{"enforce":"baseline","enforce-version":"v1.30","warn":""},"exemptions":{"usernames":["u"],"namespaces":["kube-system"],"runtimeClasses":["r.c"]}"#,
        );
        let configuration = configured(&admission(&format!(
            r#"{{"name":"PodSecurity","configuration":{inline}}}"#
        )));
        assert_eq!(configuration, configured(&inline));
        assert_eq!(configuration.defaults.enforce.to_string(), "baseline:v1.30");
        assert_eq!(configuration.defaults.warn, LevelVersion::PRIVILEGED);
        assert_eq!(configuration.exemptions.runtime_classes, ["r.c"]);
        let text = admission(r#"{"name":"PodSecurity","path":"pod-security.yaml"}"#);
        assert_eq!(
            read(tree(&text).root(), NEWEST),
            Ok(Loaded::Path("pod-security.yaml".to_owned()))
        );
        assert_eq!(configured(&admission(r#"{"name":"Another"}"#)), Configuration::default());
        assert_eq!(
            configured(&admission(r#"{"name":"PodSecurity","configuration":null}"#)),
            Configuration::default()
        );
        for version in ["v1beta1", "v1alpha1"] {
            configured(&config("").replace("/v1\"", &format!("/{version}\"")));
        }
    }

    #[test]
    fn refuses_in_the_words_of_the_server() {
        let table = [
            (
                config(r#","defaults":{"enforce":"x"}"#),
                r#"defaults.enforce: Invalid value: "x": must be one of privileged, baseline, restricted"#,
            ),
            (
                config(r#","defaults":{"audit-version":"1.3","warn":"Baseline"}"#),
                r#"[defaults.warn: Invalid value: "Baseline": must be one of privileged, baseline, restricted, defaults.audit-version: Invalid value: "1.3": must be "latest" or "v1.x"]"#,
            ),
            (
                config(r#","exemptions":{"runtimeClassNames":[]}"#),
                r#"strict decoding error: unknown field "exemptions.runtimeClassNames""#,
            ),
            (
                config(r#","defaults":{"enforce":5}"#),
                "json: cannot unmarshal number into Go struct field PodSecurityDefaults.defaults.enforce of type string",
            ),
            (
                config(r#","exemptions":{"usernames":["",null,"a","a"],"namespaces":["a.b"]}"#),
                r#"[exemptions.namespaces[0]: Invalid value: "a.b": must not contain dots, exemptions.usernames[0]: Invalid value: "": username must not be empty, exemptions.usernames[1]: Invalid value: "": username must not be empty, exemptions.usernames[3]: Duplicate value: "a"]"#,
            ),
            ("{}".to_owned(), "Object 'Kind' is missing"),
            (
                config("").replace("/v1\"", "/v2\""),
                r#"no kind "PodSecurityConfiguration" is registered for version "pod-security.admission.config.k8s.io/v2""#,
            ),
            (admission(r#"{"name":"PodSecurity","configuration":{}}"#), "Object 'Kind' is missing"),
            (
                admission(r#"{"name":"PodSecurity","config":{}}"#),
                r#"strict decoding error: unknown field "plugins[1].config""#,
            ),
        ];
        for (text, expected) in table {
            assert_eq!(refused(&text), expected);
        }
        // The version of 1.25, and what is wrong stands where it stands.
        assert!(read(tree(&config("")).root(), Minor(24)).is_err());
        let text = config(r#","defaults":{"enforce":"x"}"#);
        let tree = tree(&text);
        let refused = read(tree.root(), NEWEST).expect_err("refused");
        assert_eq!(tree.value(refused.errors[0].node).as_str(), Some("x"));
    }
}
