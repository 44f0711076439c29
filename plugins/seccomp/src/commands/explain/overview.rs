//! All that a profile does, for people.

use std::io::Write;

use posture::model::error::Result;
use posture::render::human::plural;

use super::call::caps;
use super::page::{Page, labels};
use crate::explain::{Blocked, Comparison, OtherAbi, Overview, PlaceSaid, Sight};

/// Writes what one place does.
pub(super) fn one<W: Write>(found: &Overview, page: &mut Page<'_, W>) -> Result<()> {
    let place = &found.place;
    page.heading(&format!("{} on {}, Linux {}", place.label, place.arch, place.kernel))?;
    for reading in &found.readings {
        page.gap()?;
        if found.readings.len() > 1 {
            page.heading(&format!("as {} has it", reading.profile))?;
        }
        sight(reading, page)?;
    }
    page.gap()?;
    for note in &place.notes {
        page.dim(note)?;
    }
    page.dim(&format!("capabilities: {}", caps(&place.caps)))
}

fn sight<W: Write>(sight: &Sight, page: &mut Page<'_, W>) -> Result<()> {
    if let Some(refused) = &sight.refused {
        return page.text(&format!("no container starts: {refused}"), 0);
    }
    let allowed = plural(sight.allowed, "call");
    page.text(&format!("allowed: {allowed}; what no rule names: {}", sight.default), 0)?;
    page.gap()?;
    page.heading("blocked")?;
    blocked(&sight.blocked, page)?;
    for (verdict, calls) in sight.verdicts.iter().filter(|(verdict, _)| **verdict != sight.default)
    {
        page.gap()?;
        page.heading(&format!("{verdict}, unlike the others"))?;
        page.text(&calls.join(" "), 2)?;
    }
    if !sight.partly.is_empty() {
        page.gap()?;
        page.heading("allowed for some arguments")?;
        for call in &sight.partly {
            page.text(&format!("{}: {}", call.call, call.text), 2)?;
        }
    }
    let (held, other): (Vec<_>, Vec<_>) = sight.capabilities.iter().partition(|cap| cap.held);
    for (title, caps) in [
        ("opened by capabilities that it has", held),
        ("what other capabilities would open", other),
    ] {
        if caps.is_empty() {
            continue;
        }
        page.gap()?;
        page.heading(title)?;
        for cap in caps {
            page.text(&format!("{}: {}", cap.cap, cap.opens.join(" ")), 2)?;
        }
    }
    if !sight.abis.is_empty() {
        page.gap()?;
        page.heading("through other ABIs")?;
        sight.abis.iter().try_for_each(|abi| other_abi(abi, page))?;
    }
    Ok(())
}

fn blocked<W: Write>(groups: &[Blocked], page: &mut Page<'_, W>) -> Result<()> {
    for group in groups {
        page.text(&format!("{}: {}", group.group, group.calls.join(" ")), 2)?;
        page.text(group.why, 6)?;
    }
    Ok(())
}

fn other_abi<W: Write>(abi: &OtherAbi, page: &mut Page<'_, W>) -> Result<()> {
    if let Some(all) = &abi.all {
        return page.text(&format!("{}: {all}", abi.abi), 2);
    }
    let mut said = false;
    for (verdict, calls) in &abi.differs {
        page.text(&format!("{}: {verdict}: {}", abi.abi, calls.join(" ")), 2)?;
        said = true;
    }
    if !abi.blocked.is_empty() {
        let calls = abi.blocked.join(" ");
        page.text(&format!("{}: of its own calls, not allowed: {calls}", abi.abi), 2)?;
        said = true;
    }
    for unseen in &abi.unseen {
        page.text(&format!("{}: {unseen}", abi.abi), 2)?;
        said = true;
    }
    if !said {
        page.text(&format!("{}: the same", abi.abi), 2)?;
    }
    Ok(())
}

/// Writes what several places do.
pub(super) fn several<W: Write>(found: &Comparison, page: &mut Page<'_, W>) -> Result<()> {
    page.heading(&format!("blocked by all {}", found.places.len()))?;
    blocked(&found.blocked, page)?;
    page.gap()?;
    page.heading("not the same everywhere")?;
    for differs in &found.differs {
        page.text(&format!("{}: {}", differs.group, differs.calls.join(" ")), 2)?;
        for (verdict, places) in &differs.verdicts {
            let places: Vec<&PlaceSaid> =
                places.iter().map(|place| &found.places[*place]).collect();
            page.verdict(verdict, 6)?;
            page.text(&labels(&places), 10)?;
        }
    }
    page.gap()?;
    let places: Vec<&PlaceSaid> = found.places.iter().collect();
    page.dim(&format!("compared: {}", labels(&places)))
}
