//! What people decide where a manifest cannot: the vocabulary of `--set` and of the prompts.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

/// The largest UID and GID that the API takes (`IsValidUserID`).
const MAX_ID: i64 = 2_147_483_647;

/// What `remove=` takes beside the names of capabilities and kernel parameters.
pub const REMOVABLE: [&str; 13] = [
    "appArmorProfile",
    "capabilities",
    "host",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostPort",
    "hostProcess",
    "privileged",
    "procMount",
    "runAsUser",
    "seLinuxOptions",
    "sysctls",
];

/// Every answer, with what it means.
pub const VOCABULARY: [(&str, &str); 7] = [
    ("runAsUser=UID", "run as this user wherever the user is root or not known"),
    ("runAsGroup=GID", "with runAsUser: run as this group where none is set"),
    ("fsGroup=GID", "with runAsUser: the group that volumes belong to, where none is set"),
    ("runAsNonRoot=true", "the images are known to have numeric users that are not root"),
    ("seccompProfile=RuntimeDefault", "or Localhost=FILE: the profile where it is Unconfined now"),
    ("drop=ALL", "drop all capabilities of containers that run as root, too"),
    ("remove=WHAT", "take it out, one or several with commas: see below"),
];

/// What kind of answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The number of a user.
    Uid,
    /// A seccomp profile: `RuntimeDefault` or `Localhost=FILE`.
    Profile,
    /// Yes, or nothing.
    Confirm,
}

/// What a fix needs to know before it can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name before `=`; for [`Kind::Confirm`] the whole answer: `remove=hostPort`.
    pub name: Cow<'static, str>,
    /// What kind of value.
    pub kind: Kind,
    /// What to ask.
    pub question: &'static str,
}

impl Wanted {
    /// A yes.
    pub(super) fn confirm(name: impl Into<Cow<'static, str>>, question: &'static str) -> Self {
        Self { name: name.into(), kind: Kind::Confirm, question }
    }

    /// The text for [`Answers::set`] that gives this value; a yes has none.
    pub fn answer(&self, value: &str) -> String {
        match self.kind {
            Kind::Confirm => self.name.clone().into_owned(),
            Kind::Uid | Kind::Profile => format!("{}={value}", self.name),
        }
    }

    /// How a command line says it: `runAsUser=UID`.
    pub fn example(&self) -> String {
        self.answer(match self.kind {
            Kind::Uid => "UID",
            Kind::Profile => "RuntimeDefault",
            Kind::Confirm => "",
        })
    }
}

/// A seccomp profile.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Profile {
    Default,
    File(String),
}

/// What has been decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub(super) user: Option<i64>,
    pub(super) group: Option<i64>,
    pub(super) fs_group: Option<i64>,
    pub(super) non_root: bool,
    seccomp: Option<Profile>,
    pub(super) drop_all: bool,
    removed: BTreeSet<String>,
}

impl Answers {
    /// Takes in one answer, `NAME=VALUE`. A later one of the same name takes the place of the
    /// earlier, but for `remove`, which adds up. Fails with what is wrong, in a clause.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=VALUE"))?;
        match name {
            "runAsUser" => self.user = Some(id(name, value, 1)?),
            "runAsGroup" => self.group = Some(id(name, value, 0)?),
            "fsGroup" => self.fs_group = Some(id(name, value, 0)?),
            "runAsNonRoot" if value == "true" => self.non_root = true,
            "runAsNonRoot" => return Err("runAsNonRoot can only be true".to_owned()),
            "drop" if value == "ALL" => self.drop_all = true,
            "drop" => return Err("drop can only be ALL".to_owned()),
            "seccompProfile" => self.seccomp = Some(profile(value)?),
            "remove" => {
                for what in value.split(',') {
                    if !is_removable(what) {
                        return Err(format!(
                            "{what:?} cannot be removed: it may be the name of a capability, of a kernel parameter, or {}",
                            REMOVABLE.join(", ")
                        ));
                    }
                    self.removed.insert(what.to_owned());
                }
            }
            _ => {
                let known: Vec<&str> = VOCABULARY.iter().map(|(example, _)| *example).collect();
                return Err(format!("{name:?} is no answer; known are {}", known.join(", ")));
            }
        }
        Ok(())
    }

    /// Whether nothing has been decided.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something is to be taken out.
    pub(super) fn removes(&self, what: &str) -> bool {
        self.removed.contains(what)
    }

    /// The seccomp profile, as the field has it.
    pub(super) fn profile(&self) -> Option<Json> {
        Some(match self.seccomp.as_ref()? {
            Profile::Default => json!({ "type": "RuntimeDefault" }),
            Profile::File(file) => json!({ "type": "Localhost", "localhostProfile": file }),
        })
    }

    /// The seccomp profile, as the old annotations have it.
    pub(super) fn annotation(&self) -> Option<String> {
        Some(match self.seccomp.as_ref()? {
            Profile::Default => "runtime/default".to_owned(),
            Profile::File(file) => format!("localhost/{file}"),
        })
    }
}

fn id(name: &str, value: &str, least: i64) -> Result<i64, String> {
    let number: Option<i64> = value.parse().ok();
    number
        .filter(|number| (least..=MAX_ID).contains(number))
        .ok_or_else(|| format!("{name} must be a number from {least} to {MAX_ID}, not {value:?}"))
}

/// The file of a `Localhost` profile: relative and without `..` (`validateLocalDescendingPath`).
fn profile(value: &str) -> Result<Profile, String> {
    if value == "RuntimeDefault" {
        return Ok(Profile::Default);
    }
    let file = value.strip_prefix("Localhost=").filter(|file| {
        !file.is_empty() && !file.starts_with('/') && file.split('/').all(|part| part != "..")
    });
    match file {
        Some(file) => Ok(Profile::File(file.to_owned())),
        None => Err(format!(
            "seccompProfile must be RuntimeDefault or Localhost=FILE, a relative path without .., not {value:?}"
        )),
    }
}

fn is_removable(what: &str) -> bool {
    let is_capability = || {
        let mut letters = what.chars();
        letters.next().is_some_and(|first| first.is_ascii_uppercase())
            && letters.all(|letter| letter.is_ascii_uppercase() || letter == '_')
    };
    // Kernel parameters have a dot or a slash in their names, and nothing else here has.
    REMOVABLE.contains(&what) || is_capability() || what.contains(['.', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_vocabulary_has_and_nothing_else() {
        let mut answers = Answers::default();
        for text in [
            "runAsUser=1000",
            "runAsGroup=0",
            "fsGroup=2147483647",
            "runAsNonRoot=true",
            "seccompProfile=RuntimeDefault",
            "seccompProfile=Localhost=operator/x.json",
            "drop=ALL",
            "remove=hostPort,NET_ADMIN",
            "remove=kernel.msgmax",
        ] {
            answers.set(text).unwrap_or_else(|why| panic!("{text}: {why}"));
        }
        assert!(answers.removes("hostPort") && answers.removes("kernel.msgmax"));
        assert_eq!(
            answers.profile(),
            Some(json!({ "type": "Localhost", "localhostProfile": "operator/x.json" }))
        );
        for text in [
            "",
            "runAsUser",
            "runAsUser=0",
            "runAsUser=root",
            "runAsUser=2147483648",
            "runAsGroup=-1",
            "runAsNonRoot=false",
            "seccompProfile=Unconfined",
            "seccompProfile=Localhost=",
            "seccompProfile=Localhost=/etc/x",
            "seccompProfile=Localhost=../x",
            "drop=NET_RAW",
            "remove=",
            "remove=hostport",
            "user=1000",
        ] {
            assert!(Answers::default().set(text).is_err(), "{text}");
        }
    }
}
