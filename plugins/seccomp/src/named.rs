//! A seccomp profile as pods name it: in the field, in the annotations of old, on our command line.

use std::fmt;

use posture::finding::nearest::nearest;
use posture::model::container::{Container, ContainerKind};
use posture::model::edit::Edit;
use posture::model::error::{Error, Result};
use posture::model::node::Value;
use posture::model::path::FieldPath;
use serde_json::{Value as Json, json};

/// The field of a `securityContext`.
pub const FIELD: &str = "seccompProfile";

const RUNTIME_DEFAULT: &str = "RuntimeDefault";
const UNCONFINED: &str = "Unconfined";
const LOCALHOST: &str = "Localhost";
pub(crate) const PATH: &str = "localhostProfile";

/// What somebody wants a container to run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The default of the container runtime.
    RuntimeDefault,
    /// None at all.
    Unconfined,
    /// A file on the node, by its path below the kubelet's folder of profiles.
    Localhost(String),
}

impl Profile {
    /// Reads `RuntimeDefault`, `Unconfined` or `Localhost=PATH`. Fails where it is none of them, or
    /// the path is one that the API server or the kubelet refuses.
    ///
    /// Source: `validateSeccompProfileField` and `validateLocalDescendingPath` of Kubernetes'
    /// `pkg/apis/core/validation`. An empty path passes there, and the kubelet cannot start a
    /// container with it.
    pub fn parse(text: &str) -> Result<Self> {
        let (kind, path) = match text.split_once('=') {
            Some((kind, path)) => (kind, Some(path)),
            None => (text, None),
        };
        match (kind, path) {
            (RUNTIME_DEFAULT, None) => Ok(Self::RuntimeDefault),
            (UNCONFINED, None) => Ok(Self::Unconfined),
            (LOCALHOST, Some(path)) => match refusal(path) {
                None => Ok(Self::Localhost(path.to_owned())),
                Some(why) => Err(Error::usage(format!("{LOCALHOST}={path}: the path {why}")).hint(
                    "it is a path below the kubelet's folder of profiles, /var/lib/kubelet/seccomp",
                )),
            },
            (LOCALHOST, None) => Err(Error::usage("Localhost needs the path of a profile").hint(
                "write Localhost=profiles/web.json for /var/lib/kubelet/seccomp/profiles/web.json",
            )),
            (RUNTIME_DEFAULT | UNCONFINED, Some(_)) => {
                Err(Error::usage(format!("{kind} has no path: only {LOCALHOST} has")))
            }
            _ => {
                let known = [RUNTIME_DEFAULT, UNCONFINED, LOCALHOST];
                let error = Error::usage(format!("{text:?} is no seccomp profile"));
                Err(match nearest(kind, known.into_iter()) {
                    Some(LOCALHOST) => error.hint("did you mean Localhost=PATH?"),
                    Some(meant) => error.hint(format!("did you mean {meant}?")),
                    None => error.hint("known are RuntimeDefault, Unconfined and Localhost=PATH"),
                })
            }
        }
    }

    /// The profile that an annotation of old names; `None` if it names none.
    ///
    /// Source: `ValidateSeccompProfile` of Kubernetes' `pkg/apis/core/validation`.
    pub fn of_annotation(value: &str) -> Option<Self> {
        match value {
            "runtime/default" | "docker/default" => Some(Self::RuntimeDefault),
            "unconfined" => Some(Self::Unconfined),
            _ => {
                let path = value.strip_prefix("localhost/")?;
                refusal(path).is_none().then(|| Self::Localhost(path.to_owned()))
            }
        }
    }

    /// `type`
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RuntimeDefault => RUNTIME_DEFAULT,
            Self::Unconfined => UNCONFINED,
            Self::Localhost(_) => LOCALHOST,
        }
    }

    /// `localhostProfile`
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Localhost(path) => Some(path),
            Self::RuntimeDefault | Self::Unconfined => None,
        }
    }

    /// The value of the field.
    pub fn to_json(&self) -> Json {
        match self.path() {
            Some(path) => json!({ "type": self.kind(), PATH: path }),
            None => json!({ "type": self.kind() }),
        }
    }

    /// Whether the value of a field is this profile.
    pub fn is(&self, value: Value<'_>) -> bool {
        let text = |key: &str| value.get(key).filter(|value| !value.is_null());
        text("type").and_then(|kind| kind.as_str()) == Some(self.kind())
            && match (self.path(), text(PATH)) {
                (None, None) => true,
                (Some(path), Some(value)) => value.as_str() == Some(path),
                (None, Some(_)) | (Some(_), None) => false,
            }
    }

    /// The edits that make the field at a path this profile: only of what differs.
    pub fn edits(&self, at: &FieldPath, current: Option<Value<'_>>) -> Vec<Edit> {
        let Some(current) = current.filter(|value| value.entries().next().is_some()) else {
            return vec![Edit::set(at.clone(), self.to_json())];
        };
        let field = |key: &str| current.get(key).filter(|value| !value.is_null());
        let mut edits = Vec::new();
        if field("type").and_then(|value| value.as_str()) != Some(self.kind()) {
            edits.push(Edit::set(at.clone().field("type"), self.kind()));
        }
        match (self.path(), field(PATH)) {
            (None, Some(_)) => edits.push(Edit::remove(at.clone().field(PATH))),
            (Some(path), found) if found.and_then(|value| value.as_str()) != Some(path) => {
                edits.push(Edit::set(at.clone().field(PATH), path));
            }
            _ => {}
        }
        edits
    }
}

/// What the value of a field says, whatever that is.
pub fn describe(value: Value<'_>) -> String {
    let text = |key: &str| value.get(key).and_then(|value| value.as_str());
    match (text("type"), text(PATH)) {
        (Some(kind), Some(path)) => format!("{kind} {path}"),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => "a profile without a type".to_owned(),
    }
}

/// Why the API server or the kubelet refuses a path.
pub(crate) fn refusal(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.starts_with('/') {
        Some("must be a relative path")
    } else if path.split('/').any(|part| part == "..") {
        Some("must not contain '..'")
    } else {
        None
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "{LOCALHOST} {path}"),
            None => f.write_str(self.kind()),
        }
    }
}

/// How a container is called: `init container setup`.
pub(crate) fn title(container: &Container<'_>) -> String {
    let kind = match container.kind {
        ContainerKind::Init => "init container",
        ContainerKind::Normal => "container",
        ContainerKind::Ephemeral => "ephemeral container",
    };
    format!("{kind} {}", container.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String) {
        let error = Profile::parse(text).unwrap_err();
        (error.to_string(), error.hints().join(" "))
    }

    #[test]
    fn profiles_are_read() {
        assert_eq!(Profile::parse("RuntimeDefault").unwrap(), Profile::RuntimeDefault);
        assert_eq!(Profile::parse("Unconfined").unwrap(), Profile::Unconfined);
        let path = "operator/a=b..c.json".to_owned();
        assert_eq!(
            Profile::parse("Localhost=operator/a=b..c.json").unwrap(),
            Profile::Localhost(path)
        );
    }

    #[test]
    fn what_the_server_refuses_is_refused() {
        for (path, why) in [
            ("", "is empty"),
            ("/etc/x.json", "must be a relative path"),
            ("a/../x.json", "must not contain '..'"),
            ("..", "must not contain '..'"),
        ] {
            let (message, _) = refused(&format!("Localhost={path}"));
            assert!(message.ends_with(why), "{message}");
        }
    }

    #[test]
    fn slips_are_answered_with_the_nearest_word() {
        assert_eq!(refused("runtimedefault").1, "did you mean RuntimeDefault?");
        assert_eq!(refused("RuntimDefault").1, "did you mean RuntimeDefault?");
        assert_eq!(refused("unconfined").1, "did you mean Unconfined?");
        assert_eq!(refused("localhost=x").1, "did you mean Localhost=PATH?");
        assert!(refused("xyzzy").1.starts_with("known are"));
        assert!(refused("Localhost").0.contains("needs the path"));
        assert!(refused("Unconfined=x").0.contains("has no path"));
        assert!(refused("").1.starts_with("known are"));
    }

    #[test]
    fn annotations_are_translated() {
        let of = |value: &str| Profile::of_annotation(value).map(|profile| profile.to_string());
        assert_eq!(of("runtime/default").as_deref(), Some("RuntimeDefault"));
        assert_eq!(of("docker/default").as_deref(), Some("RuntimeDefault"));
        assert_eq!(of("unconfined").as_deref(), Some("Unconfined"));
        assert_eq!(of("localhost/a/b.json").as_deref(), Some("Localhost a/b.json"));
        for none in ["", "Unconfined", "localhost/", "localhost//x", "localhost/../x", "x"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
