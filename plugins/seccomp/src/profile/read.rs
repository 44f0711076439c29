//! JSON → profile: lenient about what a runtime would ignore or refuse later, strict about what
//! cannot be read at all; errors name the place.
//!
//! Go reads these documents: a field may be written in another case, `null` is the same as absent.

use std::fmt;

use posture::model::path::FieldPath;
use serde_json::{Map, Value as Json};

use super::{Action, ArchMap, Arg, Gate, Kernel, Op, Profile, Rule};

/// Why a document is no seccomp profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub path: FieldPath,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.segments().is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Wrong {}

type Read<T> = Result<T, Wrong>;

impl Profile {
    /// Reads a profile from the text of a JSON file. Fails where it is no JSON, or a field holds
    /// what no runtime could read.
    pub fn from_text(text: &str) -> Read<Self> {
        let json = serde_json::from_str(text).map_err(|error| Wrong {
            path: FieldPath::root(),
            message: format!("no JSON: line {}, column {}", error.line(), error.column()),
        })?;
        Self::from_json(&json)
    }

    /// Reads a profile from JSON. Fails where a field holds what no runtime could read.
    pub fn from_json(json: &Json) -> Read<Self> {
        let mut unknown = Vec::new();
        let mut at = Place::of(json, FieldPath::root(), &mut unknown)?;
        let mut profile = Self {
            default_action: at.text("defaultAction")?.as_deref().map(Action::named),
            default_errno_ret: at.number("defaultErrnoRet")?,
            default_errno: at.text("defaultErrno")?,
            architectures: at.texts("architectures")?.unwrap_or_default(),
            arch_map: at.list("archMap", arch_map)?,
            flags: at.texts("flags")?,
            listener_path: at.text("listenerPath")?,
            listener_metadata: at.text("listenerMetadata")?,
            syscalls: at.list("syscalls", rule)?,
            unknown: Vec::new(),
        };
        at.rest(&[
            "defaultAction",
            "defaultErrnoRet",
            "defaultErrno",
            "architectures",
            "archMap",
            "flags",
            "listenerPath",
            "listenerMetadata",
            "syscalls",
        ]);
        profile.unknown = unknown;
        Ok(profile)
    }
}

fn arch_map(at: &mut Place<'_>) -> Read<ArchMap> {
    at.rest(&["architecture", "subArchitectures"]);
    Ok(ArchMap {
        architecture: at.text("architecture")?.unwrap_or_default(),
        sub_architectures: at.texts("subArchitectures")?.unwrap_or_default(),
    })
}

fn rule(at: &mut Place<'_>) -> Read<Rule> {
    at.rest(&[
        "names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes",
    ]);
    Ok(Rule {
        names: at.texts("names")?.unwrap_or_default(),
        name: at.text("name")?,
        action: at.text("action")?.as_deref().map(Action::named),
        errno_ret: at.number("errnoRet")?,
        errno: at.text("errno")?,
        args: at.list("args", arg)?,
        comment: at.text("comment")?,
        includes: at.object("includes", gate)?.unwrap_or_default(),
        excludes: at.object("excludes", gate)?.unwrap_or_default(),
    })
}

fn arg(at: &mut Place<'_>) -> Read<Arg> {
    at.rest(&["index", "value", "valueTwo", "op"]);
    Ok(Arg {
        index: at.number("index")?.unwrap_or_default(),
        value: at.number("value")?.unwrap_or_default(),
        value_two: at.number("valueTwo")?.unwrap_or_default(),
        op: Op::named(&at.text("op")?.unwrap_or_default()),
    })
}

fn gate(at: &mut Place<'_>) -> Read<Gate> {
    at.rest(&["caps", "arches", "minKernel"]);
    let min_kernel = match at.text("minKernel")? {
        Some(text) => Some(min_kernel(&text).ok_or_else(|| Wrong {
            path: at.path.clone().field("minKernel"),
            message: format!("{text:?} is no version of Linux; write it like \"4.8\""),
        })?),
        None => None,
    };
    Ok(Gate {
        caps: at.texts("caps")?.unwrap_or_default(),
        arches: at.texts("arches")?.unwrap_or_default(),
        min_kernel,
    })
}

/// Exactly two numbers below 256, and not 0.0.
///
/// Source: `KernelVersion.UnmarshalJSON` in `seccomp.go` of github.com/moby/profiles.
fn min_kernel(text: &str) -> Option<Kernel> {
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|_| plain).map(u32::from)
    };
    let (kernel, major) = text.split_once('.')?;
    let version = Kernel(number(kernel)?, number(major)?);
    (version != Kernel(0, 0)).then_some(version)
}

/// An object of the document, and where it stands.
struct Place<'a> {
    map: &'a Map<String, Json>,
    path: FieldPath,
    unknown: &'a mut Vec<FieldPath>,
}

impl<'a> Place<'a> {
    fn of(json: &'a Json, path: FieldPath, unknown: &'a mut Vec<FieldPath>) -> Read<Self> {
        match json {
            Json::Object(map) => Ok(Self { map, path, unknown }),
            other => Err(wrong(path, "an object", other)),
        }
    }

    /// The value of a field, in Go's way: in its own case first, `null` is absent.
    fn get(&self, key: &str) -> Option<&'a Json> {
        let folded = || {
            let mut entries = self.map.iter();
            entries.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        };
        self.map.get(key).or_else(folded).filter(|value| !value.is_null())
    }

    fn wrong<T>(&self, key: &'static str, wanted: &str, found: &Json) -> Read<T> {
        Err(wrong(self.path.clone().field(key), wanted, found))
    }

    /// Some text; empty text is the same as none.
    fn text(&self, key: &'static str) -> Read<Option<String>> {
        match self.get(key) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(other) => self.wrong(key, "text", other),
        }
    }

    fn number<T: TryFrom<u64>>(&self, key: &'static str) -> Read<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        match number {
            Some(number) => Ok(Some(number)),
            None => self.wrong(key, "a whole number that is not negative", value),
        }
    }

    fn array(&self, key: &'static str) -> Read<Option<&'a [Json]>> {
        match self.get(key) {
            None => Ok(None),
            Some(Json::Array(items)) => Ok(Some(items)),
            Some(other) => self.wrong(key, "a list", other),
        }
    }

    fn texts(&self, key: &'static str) -> Read<Option<Vec<String>>> {
        let Some(items) = self.array(key)? else { return Ok(None) };
        let text = |(index, item): (usize, &Json)| match item {
            Json::String(text) => Ok(text.clone()),
            other => Err(wrong(self.path.clone().field(key).index(index), "text", other)),
        };
        items.iter().enumerate().map(text).collect::<Read<_>>().map(Some)
    }

    fn object<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Place<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let path = self.path.clone().field(key);
        read(&mut Place::of(value, path, self.unknown)?).map(Some)
    }

    fn list<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Place<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let mut list = Vec::new();
        for (index, item) in self.array(key)?.unwrap_or_default().iter().enumerate() {
            let path = self.path.clone().field(key).index(index);
            list.push(read(&mut Place::of(item, path, self.unknown)?)?);
        }
        Ok(list)
    }

    /// Notes the fields that are none of these.
    fn rest(&mut self, known: &[&str]) {
        for name in self.map.keys() {
            if !known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                self.unknown.push(self.path.clone().field(name.clone()));
            }
        }
    }
}

fn wrong(path: FieldPath, wanted: &str, found: &Json) -> Wrong {
    let found = match found {
        Json::Null => "null".to_owned(),
        Json::Bool(_) => "a boolean".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(_) => "text".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    };
    Wrong { path, message: format!("must be {wanted}, is {found}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Dialect;
    use super::*;

    #[test]
    fn the_three_dialects_are_told_apart() {
        let oci = json!({
            "defaultAction": "SCMP_ACT_ERRNO",
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [
                {"index": 1, "value": u64::MAX, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}],
        });
        let profile = Profile::from_json(&oci).unwrap();
        assert_eq!(profile.dialect(), Dialect::Oci);
        assert_eq!(profile.flags, None);
        let arg = Arg { index: 1, value: u64::MAX, value_two: 2, op: Op::MaskedEq };
        assert_eq!(profile.syscalls[0].args, [arg]);

        let moby = json!({
            "defaultAction": "SCMP_ACT_ERRNO",
            "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
            "syscalls": [{"name": "ptrace", "action": "SCMP_ACT_ALLOW", "args": null,
                "includes": {"minKernel": "4.8"}, "excludes": {}}],
        });
        let profile = Profile::from_json(&moby).unwrap();
        assert_eq!(profile.dialect(), Dialect::Moby);
        assert_eq!(profile.syscalls[0].includes.min_kernel, Some(Kernel(4, 8)));
        assert!(profile.syscalls[0].excludes.is_empty());

        let common = json!({
            "defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "flags": [],
            "syscalls": [{"names": ["x"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM",
                "excludes": {"caps": ["CAP_BPF"]}}],
        });
        let profile = Profile::from_json(&common).unwrap();
        assert_eq!(profile.dialect(), Dialect::ContainersCommon);
        assert_eq!(profile.flags, Some(Vec::new()));
    }

    #[test]
    fn fields_are_found_in_any_case_and_others_are_named() {
        let json = json!({"DefaultAction": "SCMP_ACT_KILL", "syscall": [],
            "syscalls": [{"names": [], "action": "SCMP_ACT_ODD", "arg": []}]});
        let profile = Profile::from_json(&json).unwrap();
        assert_eq!(profile.default_action, Some(Action::KillThread));
        assert_eq!(profile.syscalls[0].action, Some(Action::Other("SCMP_ACT_ODD".to_owned())));
        let unknown: Vec<_> = profile.unknown.iter().map(ToString::to_string).collect();
        assert_eq!(unknown, ["syscalls[0].arg", "syscall"]);
    }

    #[test]
    fn errors_name_the_place() {
        for (json, message) in [
            (json!([]), "must be an object, is a list"),
            (json!({"syscalls": {}}), "syscalls: must be a list, is an object"),
            (
                json!({"syscalls": [{"args": [{"value": -1}]}]}),
                "syscalls[0].args[0].value: must be a whole number that is not negative, is -1",
            ),
            (json!({"flags": [1]}), "flags[0]: must be text, is 1"),
            (
                json!({"syscalls": [{"includes": {"minKernel": "4.8.1"}}]}),
                "syscalls[0].includes.minKernel: \"4.8.1\" is no version of Linux; \
                 write it like \"4.8\"",
            ),
            (
                json!({"defaultErrnoRet": 4_294_967_296_u64}),
                "defaultErrnoRet: must be a whole number that is not negative, is 4294967296",
            ),
        ] {
            assert_eq!(Profile::from_json(&json).unwrap_err().to_string(), message);
        }
        let wrong = Profile::from_text("{").unwrap_err();
        assert_eq!(wrong.to_string(), "no JSON: line 1, column 1");
        for text in ["0.0", "4", "4.256", "+4.8", "4.8.0", "4.8-rc1"] {
            assert_eq!(min_kernel(text), None, "{text}");
        }
    }
}
