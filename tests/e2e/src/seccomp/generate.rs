//! Generated documents and calls: few names and few numbers, so that rules meet.

use std::collections::{BTreeMap, BTreeSet};

use kubectl_seccomp::evaluate::{Abi, X32_BIT, numbers};
use kubectl_seccomp::profile::Dialect;
use posture_generators::random::Random;
use serde_json::{Value as Json, json};

use super::setting::Setting;

/// Names that some ABIs have and others lack, that another call carries, or that nobody has.
const NAMES: [&str; 28] = [
    "read",
    "openat",
    "socket",
    "bind",
    "sendto",
    "accept",
    "socketcall",
    "ipc",
    "semop",
    "shmat",
    "msgget",
    "personality",
    "clone",
    "ptrace",
    "mount",
    "unshare",
    "open",
    "mmap2",
    "stat",
    "fork",
    "setns",
    "bpf",
    "clone3",
    "keyctl",
    "arch_prctl",
    "waitpid",
    "ioctl",
    "no_such_call",
];

/// Names that every ABI has.
const EVERYWHERE: [&str; 8] =
    ["socket", "bind", "personality", "ptrace", "bpf", "keyctl", "setns", "mount"];

const VALUES: [u64; 18] = [
    0,
    1,
    2,
    3,
    5,
    8,
    16,
    38,
    40,
    0x7e02_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0005,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

const CAPS: [&str; 4] = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_BPF", "CAP_AUDIT_WRITE"];
const ARCHES: [&str; 5] = ["amd64", "arm64", "x86", "x32", "ppc64le"];
const KERNELS: [&str; 4] = ["4.8", "5.10", "6.1", "6.12"];
const OPS: [&str; 7] = [
    "SCMP_CMP_NE",
    "SCMP_CMP_LT",
    "SCMP_CMP_LE",
    "SCMP_CMP_EQ",
    "SCMP_CMP_GE",
    "SCMP_CMP_GT",
    "SCMP_CMP_MASKED_EQ",
];
const ACTIONS: [&str; 9] = [
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_ALLOW",
    "SCMP_ACT_ERRNO",
    "SCMP_ACT_LOG",
    "SCMP_ACT_KILL",
    "SCMP_ACT_TRAP",
    "SCMP_ACT_KILL_PROCESS",
    "SCMP_ACT_TRACE",
];

/// A document, in the fields of the dialect of whoever reads it, and some of the others'.
#[derive(Debug)]
pub struct Generator {
    /// The numbers.
    pub random: Random,
    /// The errors that rules give: such as no call returns, where the kernel judges.
    pub errnos: &'static [u32],
}

impl Generator {
    fn some<'a>(&mut self, items: &[&'a str], percent: usize) -> Vec<&'a str> {
        let mut some = items.to_vec();
        some.retain(|_| self.random.percent(percent));
        some
    }

    /// A container on a node.
    pub fn setting(&mut self) -> Setting {
        let readers = [Dialect::Oci, Dialect::Moby, Dialect::Moby, Dialect::ContainersCommon];
        Setting {
            goarch: self.random.pick(&[
                "amd64", "amd64", "amd64", "arm64", "arm", "ppc64le", "riscv64", "mips64le",
            ]),
            kernel: [(4, 4), (4, 8), (5, 15), (6, 8), (6, 18)][self.random.below(5)],
            caps: self.some(&CAPS, 40),
            reader: readers[self.random.below(4)],
            runc: self.random.percent(70),
        }
    }

    /// A document for it, such as libseccomp compiles without mistakes.
    pub fn document(&mut self, setting: &Setting) -> Json {
        loop {
            let document = self.any_document(setting);
            if !merges(&document) {
                return document;
            }
        }
    }

    fn any_document(&mut self, setting: &Setting) -> Json {
        let mut document = json!({});
        if self.random.percent(85) {
            document["defaultAction"] = if self.random.percent(60) {
                json!("SCMP_ACT_ERRNO")
            } else {
                json!(self.random.pick(&ACTIONS))
            };
        } else {
            document["defaultAction"] = json!("SCMP_ACT_KILL");
        }
        self.errno(&mut document, "defaultErrnoRet", "defaultErrno");
        self.architectures(&mut document, setting);
        let count = 1 + self.random.below(7);
        let mut rules: Vec<Json> = (0..count).map(|_| self.rule()).collect();
        if self.random.percent(40) {
            let about_one = self.about_one();
            rules.extend(about_one);
        }
        document["syscalls"] = json!(rules);
        document
    }

    /// Rules about one call, as the profiles of the runtimes have them: some values, and all but
    /// some; now and then with a second argument.
    fn about_one(&mut self) -> Vec<Json> {
        let name = self.random.pick(&EVERYWHERE);
        let values = [(); 3].map(|()| self.value());
        let count = 2 + self.random.below(3);
        let mut rules = Vec::new();
        for _ in 0..count {
            let argument = |index: usize, random: &mut Random| {
                let op = random.pick(&["SCMP_CMP_EQ", "SCMP_CMP_NE"]);
                json!({"index": index, "value": values[random.below(3)], "op": op})
            };
            let first = argument(0, &mut self.random);
            let goes_on = first["op"] == "SCMP_CMP_EQ" && self.random.percent(25);
            let second = goes_on.then(|| argument(2, &mut self.random));
            let args: Vec<Json> = std::iter::once(first).chain(second).collect();
            let mut rule =
                json!({"names": [name], "action": self.random.pick(&ACTIONS), "args": args});
            self.errno(&mut rule, "errnoRet", "errno");
            rules.push(rule);
        }
        rules
    }

    fn errno(&mut self, at: &mut Json, number: &str, text: &str) {
        if self.random.percent(40) {
            at[number] = json!(self.errnos[self.random.below(self.errnos.len())]);
        }
        if self.random.percent(15) {
            let largest = self.errnos.iter().max().copied().unwrap_or_default();
            at[text] = json!(largest.to_string());
        }
    }

    fn architectures(&mut self, document: &mut Json, setting: &Setting) {
        let known = setting.abis().iter().filter(|abi| numbers::is_known(**abi));
        let abis: Vec<&str> = known.map(|abi| abi.scmp()).collect();
        if self.random.percent(50) {
            let others = self.some(&abis[1..], 60);
            let own = json!([{"architecture": abis[0], "subArchitectures": others},
                {"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_S390"]}]);
            document["archMap"] = own;
        } else if self.random.percent(70) {
            document["architectures"] = json!(self.some(&abis, 70));
        }
    }

    fn rule(&mut self) -> Json {
        let count = 1 + self.random.below(3);
        let names: Vec<&str> = (0..count).map(|_| self.random.pick(&NAMES)).collect();
        let mut rule = json!({"action": self.random.pick(&ACTIONS)});
        if count == 1 && self.random.percent(5) {
            rule["name"] = json!(names[0]);
        } else {
            rule["names"] = json!(names);
        }
        self.errno(&mut rule, "errnoRet", "errno");
        if self.random.percent(60) {
            let count = 1 + self.random.below(3);
            rule["args"] = (0..count).map(|_| self.argument()).collect();
        }
        if self.random.percent(20) {
            rule["includes"] = self.gate();
        }
        if self.random.percent(15) {
            rule["excludes"] = self.gate();
        }
        rule
    }

    fn argument(&mut self) -> Json {
        let index = [0, 0, 1, 2, 5][self.random.below(5)];
        let mut argument = json!({
            "index": index,
            "value": self.value(),
            "op": self.random.pick(&OPS),
        });
        if self.random.percent(50) {
            argument["valueTwo"] = json!(self.value());
        }
        argument
    }

    fn gate(&mut self) -> Json {
        let mut gate = json!({});
        if self.random.percent(60) {
            gate["caps"] = json!(self.some(&CAPS, 35));
        }
        if self.random.percent(30) {
            gate["arches"] = json!(self.some(&ARCHES, 40));
        }
        if self.random.percent(30) {
            gate["minKernel"] = json!(self.random.pick(&KERNELS));
        }
        gate
    }

    fn value(&mut self) -> u64 {
        VALUES[self.random.below(VALUES.len())]
    }

    /// An ABI, a number, and arguments near those of the conditions: often of a document's own.
    pub fn call(&mut self, setting: &Setting, document: &Json) -> (Abi, u32, [u64; 6]) {
        let mut abis = setting.abis().to_vec();
        abis.retain(|abi| numbers::is_known(*abi));
        let abi = abis[self.random.below(abis.len())];
        let any = [0, 1, 59, 300, 450, 500, 5000, 100_000][self.random.below(8)];
        let rule = self.one_of(document);
        let own = rule["names"].as_array().and_then(|names| names.first()).and_then(Json::as_str);
        let own = own.filter(|_| self.random.percent(40));
        let name = own.unwrap_or_else(|| self.random.pick(&NAMES));
        let named = numbers::number(abi, name);
        let number = named
            .filter(|_| self.random.percent(95))
            .unwrap_or_else(|| if abi == Abi::X32 { any | X32_BIT } else { any });
        (abi, number, self.arguments_of(document))
    }

    fn one_of<'a>(&mut self, document: &'a Json) -> &'a Json {
        match document["syscalls"].as_array() {
            Some(rules) if !rules.is_empty() => &rules[self.random.below(rules.len())],
            _ => &Json::Null,
        }
    }

    /// Arguments near those of the conditions, half of them values of a document's own.
    pub fn arguments_of(&mut self, document: &Json) -> [u64; 6] {
        let mut arguments = self.arguments();
        for argument in &mut arguments {
            let rule = self.one_of(document);
            let value = rule["args"][0]["value"].as_u64();
            *argument = value.filter(|_| self.random.percent(50)).unwrap_or(*argument);
        }
        arguments
    }

    /// Arguments near those of the conditions.
    pub fn arguments(&mut self) -> [u64; 6] {
        [(); 6].map(|()| {
            let value = self.value();
            match self.random.below(10) {
                0 => value.wrapping_add(1),
                1 => value.wrapping_sub(1),
                2 => value | 0x2_0000_0000,
                _ => value,
            }
        })
    }
}

/// How an argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Equal,
    Unequal,
    Order,
}

/// The arguments of one rule of the filter, how each is compared, and with what.
type Compared = Vec<(u64, Kind, u64)>;

/// Whether two rules meet that libseccomp 2.5 does not compile right. Two comparisons by order of
/// the same argument are merged wrongly, and it may not even come to an end
/// (GHSA-4q85-33p6-j5g6). Where a rule goes on to another argument after anything but an equality,
/// and fails there, the next rule about the first argument is shown the other one. Where a rule
/// without the first argument is about the last one, it may take longer ones for its own.
pub fn merges(document: &Json) -> bool {
    let mut calls: BTreeMap<String, Vec<Compared>> = BTreeMap::new();
    for rule in document["syscalls"].as_array().into_iter().flatten() {
        let names = rule["names"].as_array().cloned().unwrap_or_default();
        for name in names.iter().chain([&rule["name"]]).filter_map(Json::as_str) {
            calls.entry(name.to_owned()).or_default().extend(compared(rule));
        }
    }
    calls.values().any(|rules| {
        let mut pairs = rules.iter().enumerate().flat_map(|(position, one)| {
            rules[position + 1..].iter().map(move |other| (one, other))
        });
        pairs.any(|(one, other)| meet(one, other))
    })
}

fn meet(one: &Compared, other: &Compared) -> bool {
    one.iter().enumerate().any(|(position, (argument, kind, _))| {
        let same = other.iter().position(|(index, ..)| index == argument);
        same.is_some_and(|place| {
            let also = &other[place].1;
            let both = *kind.min(also) == Kind::Order;
            let unequal = *kind.max(also) != Kind::Equal && one.len() + other.len() > 2;
            // The profiles of the runtimes have such rules, and they come out right: the same
            // before, and no inequality that goes on.
            let alike = one[..position] == other[..place]
                && [(one, position), (other, place)].into_iter().all(|(rule, at)| {
                    rule[at].1 == Kind::Equal
                        || (rule[at].1 == Kind::Unequal && at + 1 == rule.len())
                });
            both || (unequal && !alike)
        })
    })
}

fn compared(rule: &Json) -> Vec<Compared> {
    let arguments = rule["args"].as_array().into_iter().flatten();
    let mut all: Compared = arguments
        .map(|argument| {
            let kind = match argument["op"].as_str() {
                Some("SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ") => Kind::Equal,
                Some("SCMP_CMP_NE") => Kind::Unequal,
                _ => Kind::Order,
            };
            let number = |field: &str| argument[field].as_u64().unwrap_or_default();
            (number("index"), kind, number("value"))
        })
        .collect();
    let indices: BTreeSet<u64> = all.iter().map(|(index, ..)| *index).collect();
    if indices.len() == all.len() {
        all.sort_unstable();
        return vec![all];
    }
    all.into_iter().map(|one| vec![one]).collect()
}
