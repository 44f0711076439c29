//! A question about a call, asked about several places at once.

use serde::Serialize;

use super::call::Call;
use super::filters::Filters;
use super::history::{self, History};
use super::place::{Filter, Place};
use super::verdict::{ChangeSaid, Verdict, turns, verdicts};
use super::words;
use crate::evaluate::needs;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The call.
    pub call: Call,
    /// Whether every release of the runtimes is asked too: since when it is like that.
    pub history: bool,
}

/// The answers about all places.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answers {
    /// The call, as it was written.
    pub call: String,
    /// The values of its arguments, where they are known.
    pub args: Vec<Option<u64>>,
    /// One for each place, in the order of the places.
    pub answers: Vec<PlaceAnswer>,
    /// The places where the same becomes of the call, by their positions.
    pub groups: Vec<Group>,
    /// What the kernel asks for besides, wherever seccomp allows the call.
    #[serde(rename = "kernel")]
    pub needs: Vec<NeedSaid>,
}

/// Places where the same becomes of the call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    /// What, in words, through the machine's own ABI.
    pub verdict: String,
    /// The positions of their answers.
    pub places: Vec<usize>,
}

/// The answer about one place.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceAnswer {
    /// Which one.
    pub place: PlaceSaid,
    /// One; two where the release lies between two that differ.
    pub readings: Vec<Reading>,
    /// Whether the readings agree, and the release is known.
    pub certain: bool,
    /// What other releases of the runtime do, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// A place, for programs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceSaid {
    /// How people call it.
    pub label: String,
    /// The nodes that are like this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
    /// The runtime.
    pub runtime: &'static str,
    /// The architecture.
    pub arch: &'static str,
    /// The kernel.
    pub kernel: String,
    /// The container's capabilities.
    pub caps: Vec<String>,
    /// Where the profile comes from, and how sure that is.
    pub notes: Vec<String>,
}

/// What becomes of the call under one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reading {
    /// The release, or the file, that the profile is of.
    pub profile: String,
    /// Through each ABI, the machine's own first; none where no container starts.
    pub abis: Vec<Verdict>,
    /// What would change the first of them.
    pub changes: Vec<ChangeSaid>,
    /// Why no container starts with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What the kernel asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NeedSaid {
    /// The capability.
    pub cap: &'static str,
    /// In which case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<&'static str>,
    /// The function of Linux that asks.
    pub source: &'static str,
}

impl PlaceSaid {
    /// A place, for programs.
    pub fn of(place: &Place) -> Self {
        Self {
            label: place.label.clone(),
            nodes: place.nodes.clone(),
            runtime: place.runtime().name(),
            arch: place.machine.goarch(),
            kernel: place.kernel.to_string(),
            caps: place.caps.iter().cloned().collect(),
            notes: place.notes(),
        }
    }
}

impl Reading {
    /// The verdict through the machine's own ABI, in words.
    pub fn verdict(&self) -> &str {
        self.abis.first().map_or("no container starts", |verdict| &verdict.text)
    }

    /// What becomes of the call through each ABI: what readings are compared by.
    fn signature(&self) -> Vec<(&str, Option<&str>, &str)> {
        let said = self.abis.iter().map(|one| (&*one.abi, one.through.as_deref(), &*one.text));
        said.collect()
    }
}

impl Answers {
    /// Whether every answer is certain.
    pub fn complete(&self) -> bool {
        self.answers.iter().all(|answer| answer.certain)
    }
}

impl PlaceAnswer {
    /// What becomes of the call, in words, through the machine's own ABI.
    pub fn verdict(&self) -> String {
        let mut said: Vec<&str> = Vec::new();
        for reading in &self.readings {
            if !said.contains(&reading.verdict()) {
                said.push(reading.verdict());
            }
        }
        match said[..] {
            [one] => one.to_owned(),
            _ => format!("uncertain: {}", said.join(", or ")),
        }
    }
}

/// Answers a question about each place. Each distinct filter is made once.
pub fn answer(question: &Question, places: &[Place]) -> Answers {
    let mut filters = Filters::default();
    let call = &question.call;
    let answers: Vec<PlaceAnswer> =
        places.iter().map(|place| one(question, place, &mut filters)).collect();
    let mut groups: Vec<Group> = Vec::new();
    for (position, answer) in answers.iter().enumerate() {
        let same = groups.iter_mut().find(|group| same(&answers[group.places[0]], answer));
        match same {
            Some(group) => group.places.push(position),
            None => groups.push(Group { verdict: answer.verdict(), places: vec![position] }),
        }
    }
    let needs = needs(&call.name).filter(|need| need.concerns(&call.args));
    let needs = needs
        .map(|need| NeedSaid { cap: need.cap, when: need.when, source: need.source })
        .collect();
    let args = if call.is_bare() { Vec::new() } else { call.args[..call.written.len()].to_vec() };
    Answers { call: call.to_string(), args, answers, groups, needs }
}

/// Whether the same becomes of the call, through every ABI.
fn same(one: &PlaceAnswer, other: &PlaceAnswer) -> bool {
    one.certain == other.certain
        && one.readings.len() == other.readings.len()
        && one.readings.iter().zip(&other.readings).all(|(a, b)| a.signature() == b.signature())
}

fn one(question: &Question, place: &Place, filters: &mut Filters) -> PlaceAnswer {
    let target = place.target();
    let call = &question.call;
    let mut readings = Vec::new();
    for (name, profile) in place.profiles() {
        let reading = match filters.get(profile, &target) {
            Ok(resolved) => Reading {
                profile: name.to_owned(),
                abis: verdicts(call, profile, &resolved, &target),
                changes: turns(call, profile, &target),
                refused: None,
            },
            Err(wrong) => Reading {
                profile: name.to_owned(),
                abis: Vec::new(),
                changes: Vec::new(),
                refused: Some(wrong.to_string()),
            },
        };
        readings.push(reading);
    }
    let agree = readings.windows(2).all(|pair| pair[0].signature() == pair[1].signature());
    let certain = match &place.filter {
        // Two that agree are as good as one on both sides of it.
        Filter::Default(found) if readings.len() == 1 => found.certainty.is_certain(),
        Filter::Default(_) | Filter::Document(_) => agree,
    };
    let ambiguous = |reading: &Reading| {
        reading.abis.first().is_some_and(|native| native.verdict == words::AMBIGUOUS)
    };
    let certain = certain && !readings.iter().any(ambiguous);
    let history = match &place.filter {
        Filter::Default(found) if question.history => {
            Some(history::history(call, found.runtime, &target, filters))
        }
        _ => None,
    };
    PlaceAnswer { place: PlaceSaid::of(place), readings, certain, history }
}
