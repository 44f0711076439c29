//! What libseccomp makes of a document, asked as moby, containers-common, runc and crun ask it.
//!
//! Nothing here is ours: the document is read as plain JSON, and all that decides is in the
//! library and in the filter that it exports.

use std::collections::BTreeMap;

use kubectl_seccomp::profile::Dialect;
use posture_kernel::bpf::{self, Data, Instruction, Ran};
use posture_kernel::libseccomp::{Condition, Library, reason};
use serde_json::Value as Json;

use super::setting::Setting;

/// A profile as it is loaded.
#[derive(Debug)]
pub struct Compiled {
    /// The filter, without what runc writes before it.
    pub filter: Vec<Instruction>,
    /// What runc writes before it: the largest number of each architecture.
    largest: BTreeMap<u32, i32>,
}

const ALLOW: u32 = 0x7fff_0000;
const LOG: u32 = 0x7ffc_0000;
const ERRNO: u32 = 0x0005_0000;
const TRACE: u32 = 0x7ff0_0000;
const ENOSYS: u32 = ERRNO + 38;

const X86_64: u32 = 0xc000_003e;
const X32: u32 = 0x4000_003e;

/// The library's tokens.
const TOKENS: [(&str, u32); 11] = [
    ("SCMP_ARCH_X86", 0x4000_0003),
    ("SCMP_ARCH_X86_64", X86_64),
    ("SCMP_ARCH_X32", X32),
    ("SCMP_ARCH_ARM", 0x4000_0028),
    ("SCMP_ARCH_AARCH64", 0xc000_00b7),
    ("SCMP_ARCH_PPC64LE", 0xc000_0015),
    ("SCMP_ARCH_RISCV64", 0xc000_00f3),
    ("SCMP_ARCH_MIPSEL64", 0xc000_0008),
    ("SCMP_ARCH_MIPSEL", 0x4000_0008),
    ("SCMP_ARCH_MIPSEL64N32", 0xe000_0008),
    ("SCMP_ARCH_S390X", 0x8000_0016),
];

/// The library's token of an architecture.
///
/// # Panics
/// If it is none of those above.
pub fn token(name: &str) -> u32 {
    let found = TOKENS.iter().find(|(known, _)| *known == name);
    found.map_or_else(|| panic!("no token for {name}"), |(_, token)| *token)
}

fn list<'a>(json: &'a Json, field: &str) -> &'a [Json] {
    json[field].as_array().map_or(&[], Vec::as_slice)
}

fn contains(list: &[Json], text: &str) -> bool {
    list.iter().any(|item| item == text)
}

/// Whether a rule counts.
fn counts(rule: &Json, setting: &Setting) -> bool {
    let since = |gate: &Json| {
        let text = gate["minKernel"].as_str().filter(|_| setting.reader == Dialect::Moby)?;
        let (major, minor) = text.split_once('.')?;
        Some(setting.kernel >= (major.parse().ok()?, minor.parse().ok()?))
    };
    let has = |cap: &Json| setting.caps.iter().any(|own| cap == own);
    let name = match (setting.goarch, setting.reader) {
        ("mips64le", _) => "mipsel64",
        (other, _) => other,
    };
    let (only, never) = (&rule["includes"], &rule["excludes"]);
    let opened = (list(only, "arches").is_empty() || contains(list(only, "arches"), name))
        && list(only, "caps").iter().all(has)
        && since(only) != Some(false);
    let shut = contains(list(never, "arches"), name)
        || list(never, "caps").iter().any(has)
        || since(never) == Some(true);
    setting.reader == Dialect::Oci || (opened && !shut)
}

/// The library's action.
fn action(at: &Json, field: &str, errno: &Json) -> u32 {
    let code = u32::try_from(errno.as_u64().unwrap_or(1)).expect("a small error") & 0xffff;
    match at[field].as_str().expect("an action") {
        "SCMP_ACT_ALLOW" => ALLOW,
        "SCMP_ACT_LOG" => LOG,
        "SCMP_ACT_ERRNO" => ERRNO | code,
        "SCMP_ACT_TRACE" => TRACE | code,
        "SCMP_ACT_TRAP" => 0x0003_0000,
        "SCMP_ACT_KILL_PROCESS" => 0x8000_0000,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => 0,
        other => panic!("no action {other}"),
    }
}

fn errno(at: &Json, number: &str, text: &str, reader: Dialect) -> Json {
    match at[text].as_str() {
        Some(text) if reader == Dialect::ContainersCommon => {
            text.parse::<u64>().expect("a number").into()
        }
        _ => at[number].clone(),
    }
}

fn condition(argument: &Json) -> Condition {
    let number = |field: &str| argument[field].as_u64().unwrap_or_default();
    Condition {
        arg: u32::try_from(number("index")).expect("a small number"),
        op: match argument["op"].as_str().expect("an operator") {
            "SCMP_CMP_NE" => 1,
            "SCMP_CMP_LT" => 2,
            "SCMP_CMP_LE" => 3,
            "SCMP_CMP_EQ" => 4,
            "SCMP_CMP_GE" => 5,
            "SCMP_CMP_GT" => 6,
            "SCMP_CMP_MASKED_EQ" => 7,
            other => panic!("no operator {other}"),
        },
        datum_a: number("value"),
        datum_b: number("valueTwo"),
    }
}

/// The architectures of the filter, the node's own first.
fn archs(document: &Json, setting: &Setting) -> Vec<u32> {
    let own = setting.machine().native().scmp();
    let common = ["amd64", "arm64", "mips64le"];
    let finds = match setting.reader {
        Dialect::Oci => false,
        Dialect::Moby => true,
        Dialect::ContainersCommon => common.contains(&setting.goarch),
    };
    let entry = list(document, "archMap").iter().find(|entry| entry["architecture"] == own);
    let mapped = entry.filter(|_| finds).map_or(&[][..], |entry| list(entry, "subArchitectures"));
    let named = list(document, "architectures").iter().chain(mapped);
    let mut archs = vec![token(own)];
    archs.extend(named.map(|name| token(name.as_str().expect("a name"))));
    archs
}

/// Compiles a document as the runtime does.
///
/// # Errors
/// The step that the library refuses: no container starts.
///
/// # Panics
/// If the document holds what no generator writes.
pub fn compile(library: &Library, document: &Json, setting: &Setting) -> Result<Compiled, String> {
    let refused = |rc: i32| reason(rc);
    let errno_of = |at: &Json, number: &str, text: &str| errno(at, number, text, setting.reader);
    let default =
        action(document, "defaultAction", &errno_of(document, "defaultErrnoRet", "defaultErrno"));
    let archs = archs(document, setting);
    let filter = library.filter(default, &archs).map_err(refused)?;
    let mut largest = BTreeMap::new();
    for rule in list(document, "syscalls") {
        if !counts(rule, setting) {
            continue;
        }
        let mut names: Vec<&str> = list(rule, "names").iter().filter_map(Json::as_str).collect();
        let old = rule["name"].as_str().filter(|_| setting.reader != Dialect::Oci);
        names.extend(old);
        let does = action(rule, "action", &errno_of(rule, "errnoRet", "errno"));
        for name in names {
            for arch in &archs {
                if let Some(number) = library.number_on(*arch, name) {
                    let entry = largest.entry(*arch).or_insert(0);
                    *entry = number.max(*entry);
                }
            }
            let Some(number) = library.number(name).filter(|_| does != default) else { continue };
            let conditions: Vec<Condition> = list(rule, "args").iter().map(condition).collect();
            let repeats = (0..6).any(|index| {
                conditions.iter().filter(|condition| condition.arg == index).count() > 1
            });
            if repeats {
                for condition in conditions {
                    filter.rule(does, number, &[condition]).map_err(refused)?;
                }
            } else {
                filter.rule(does, number, &conditions).map_err(refused)?;
            }
        }
    }
    if !setting.runc || [ALLOW, LOG].contains(&default) || default & 0xffff_0000 == TRACE {
        largest.clear();
    }
    largest.retain(|_, number| *number > 0);
    Ok(Compiled { filter: filter.export().map_err(refused)?, largest })
}

impl Compiled {
    /// What the filter does with a call.
    ///
    /// # Panics
    /// If the library exports what is no filter.
    pub fn verdict(&self, token: u32, number: u32, args: [u64; 6]) -> Ran {
        if let Some(largest) = self.largest.get(&token)
            && i64::from(number) > i64::from(*largest)
        {
            return Ran { value: ENOSYS, saw_number: true };
        }
        let arch = if token == X32 { X86_64 } else { token };
        let data = Data { number, arch, args };
        bpf::run(&self.filter, &data).expect("libseccomp writes filters")
    }
}
