//! What several places do with all calls: what is the same in all, and what is not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::PlaceSaid;
use super::filters::Filters;
use super::groups;
use super::overview::Blocked;
use super::place::{Filter, Place};
use super::words;
use crate::evaluate::{Answer, numbers};

/// What several places do.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The places.
    pub places: Vec<PlaceSaid>,
    /// The calls that none allows, by kind.
    pub blocked: Vec<Blocked>,
    /// The calls that they treat differently, those together of which the same becomes everywhere.
    pub differs: Vec<Differs>,
    /// Whether the profile of every place is known.
    pub certain: bool,
}

/// Calls of which the same becomes, which is not the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Differs {
    /// The kind of the first of them.
    pub group: &'static str,
    /// The calls.
    pub calls: Vec<String>,
    /// What becomes of them, and where, by the positions of the places.
    pub verdicts: Vec<(String, Vec<usize>)>,
}

/// Compares places, through the own ABI of each one's machine.
pub fn compare(places: &[Place], filters: &mut Filters) -> Comparison {
    let mut said: BTreeMap<&str, Vec<(bool, String)>> = BTreeMap::new();
    let machines = places.iter().map(|place| place.machine.native());
    let names: std::collections::BTreeSet<&str> = machines.flat_map(numbers::names).collect();
    for place in places {
        let target = place.target();
        let native = target.machine.native();
        let loaded: Vec<_> =
            place.profiles().iter().map(|(_, profile)| filters.get(profile, &target)).collect();
        for name in &names {
            let mut texts: Vec<String> = Vec::new();
            let mut blocked = true;
            for loaded in &loaded {
                let text = match loaded {
                    Ok(resolved) => {
                        let answer = resolved.verdict(native, name, &[None; 6]);
                        blocked &= match &answer {
                            Answer::Decided(outcome) => !outcome.decision.passes(),
                            _ => false,
                        };
                        words::verdict(name, &[None; 6], &answer)
                    }
                    Err(_) => "no container starts".to_owned(),
                };
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            said.entry(name).or_default().push((blocked, texts.join(", or ")));
        }
    }
    let mut blocked: BTreeMap<usize, Blocked> = BTreeMap::new();
    let mut differs: BTreeMap<(usize, Vec<String>), Vec<String>> = BTreeMap::new();
    for (name, verdicts) in said {
        let (position, kind) = groups::of(name);
        if verdicts.iter().all(|(blocked, _)| *blocked) {
            let empty = || Blocked { group: kind.title, why: kind.why, calls: Vec::new() };
            blocked.entry(position).or_insert_with(empty).calls.push(name.to_owned());
            continue;
        }
        if verdicts.windows(2).all(|pair| pair[0] == pair[1]) {
            continue;
        }
        let texts = verdicts.into_iter().map(|(_, text)| text).collect();
        differs.entry((position, texts)).or_default().push(name.to_owned());
    }
    let differs = differs.into_iter().map(|((_, texts), calls)| {
        let mut verdicts: Vec<(String, Vec<usize>)> = Vec::new();
        for (place, text) in texts.into_iter().enumerate() {
            match verdicts.iter_mut().find(|(known, _)| *known == text) {
                Some((_, places)) => places.push(place),
                None => verdicts.push((text, vec![place])),
            }
        }
        let group = calls.first().map_or("others", |call| groups::of(call).1.title);
        Differs { group, calls, verdicts }
    });
    let certain = |place: &Place| match &place.filter {
        Filter::Default(found) => found.certainty.is_certain(),
        Filter::Document(_) => true,
    };
    Comparison {
        places: places.iter().map(PlaceSaid::of).collect(),
        blocked: blocked.into_values().collect(),
        differs: differs.collect(),
        certain: places.iter().all(certain),
    }
}
