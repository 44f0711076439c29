//! What confines every container of objects: who decided it, and what that comes to.

use std::collections::BTreeSet;
use std::io::Write;

use posture::finding::acceptance::INVALID;
use posture::finding::report::{API_VERSION, ObjectReport, Summary, Target, Tool};
use posture::model::error::{Error, Result};
use posture::model::gap::Gap;
use posture::render::answer::AnswerFormat;
use posture::render::out::{self, Output};
use serde::Serialize;

use super::super::check::{
    ContainerReport, Judged, LinkReport, PlaceReport, Reading, SeccompDetail,
};
use super::nodes::kind;
use super::page::Page;
use super::print;
use crate::defaults::Runtime;
use crate::effective::Scene;
use crate::evaluate::Machine;
use crate::explain::{Changes, Filters, Overview, Place, Surroundings, bounding, overview};
use crate::facts::names;
use crate::profile::Kernel;

/// What is explained, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "ExplanationOfObjects")
)]
pub(super) struct Explanation<'a> {
    /// `posture/v1`
    api_version: &'static str,
    /// `Explanation`
    kind: &'static str,
    /// What wrote it.
    tool: Tool,
    /// What was looked at.
    target: &'a Target,
    /// The counts.
    summary: Summary,
    /// The objects, with what confines their containers.
    objects: &'a [ObjectReport<SeccompDetail>],
    /// What the default profiles do that containers run with.
    profiles: &'a [Overview],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    /// What could not be read or judged.
    gaps: &'a [Gap],
}

/// Explains objects; returns whether all that is said is certain.
pub fn run(reading: &Reading<'_>, output: Output<AnswerFormat>) -> Result<bool> {
    let Judged { report, scene, .. } = reading.judge()?;
    if report.objects.is_empty() {
        let why = report.gaps.first().map_or("nothing that makes pods was found", |gap| &gap.why);
        return Err(Error::could_not_run(why.to_owned()));
    }
    let mut filters = Filters::default();
    let mut profiles: Vec<(Given, Overview)> = Vec::new();
    for container in report.objects.iter().flat_map(|object| &object.detail.containers) {
        for default in container.places.iter().filter_map(|place| Given::of(place, &scene)) {
            if profiles.iter().all(|(known, _)| *known != default) {
                let found = overview(&default.place()?, &mut filters);
                profiles.push((default, found));
            }
        }
    }
    let complete = report.summary.complete && profiles.iter().all(|(_, found)| found.certain);
    let mut out = out::stdout();
    if output.format == AnswerFormat::Human {
        let mut writer = Writer {
            page: Page::new(output.style, &mut out),
            program: reading.program,
            scene: &scene,
            profiles: &profiles,
        };
        for object in &report.objects {
            writer.object(object)?;
        }
        writer.rest(&report.notes, &report.gaps)?;
    } else {
        let profiles: Vec<Overview> = profiles.iter().map(|(_, found)| found.clone()).collect();
        let explanation = Explanation {
            api_version: API_VERSION,
            kind: "Explanation",
            tool: Tool::new(reading.program, env!("CARGO_PKG_VERSION"), "explain"),
            target: &report.target,
            summary: Summary { complete, ..report.summary },
            objects: &report.objects,
            profiles: &profiles,
            notes: &report.notes,
            gaps: &report.gaps,
        };
        print(&explanation, output.format, &mut out)?;
    }
    out.flush()?;
    Ok(complete)
}

/// The default profile that containers run with at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    runtime: Runtime,
    version: String,
    around: (Kernel, Machine),
    caps: BTreeSet<String>,
}

impl Given {
    /// `None` where containers run with something else, or the node is not known.
    fn of(place: &PlaceReport, scene: &Scene) -> Option<Self> {
        if place.effective.kind != "RuntimeDefault" {
            return None;
        }
        let (runtime, version, kernel, machine) = kind(scene.node(place.nodes.first()?)?).ok()?;
        let caps = place.capabilities.iter().cloned().collect();
        Some(Self { runtime, version, around: (kernel, machine), caps })
    }

    fn place(&self) -> Result<Place> {
        let (kernel, machine) = self.around;
        let around = Surroundings { machine, kernel, caps: Changes::default() };
        let place = Place::of_release(self.runtime, &self.version, &around)?;
        Ok(Place { caps: self.caps.clone(), ..place })
    }

    /// The command that says all of it.
    fn command(&self, program: &str) -> String {
        let (kernel, machine) = self.around;
        let given = bounding(self.runtime, &self.version);
        let flag = |name: &str, caps: &[&str]| match caps {
            [] => String::new(),
            caps => format!(" --{name} {}", caps.join(",")),
        };
        let more: Vec<&str> = self.caps.difference(&given).map(|cap| short(cap)).collect();
        let fewer: Vec<&str> = given.difference(&self.caps).map(|cap| short(cap)).collect();
        let more = flag("cap", &more);
        let less = flag("drop-cap", if self.caps.is_empty() { &["ALL"] } else { &fewer });
        format!(
            "{program} explain RuntimeDefault --runtime {}@{} --arch {} --kernel {kernel}{more}{less}",
            self.runtime,
            self.version,
            machine.goarch()
        )
    }
}

/// A capability as it is written in manifests: `SYS_ADMIN`.
fn short(cap: &str) -> &str {
    cap.strip_prefix("CAP_").unwrap_or(cap)
}

/// Writes objects for people.
struct Writer<'a, 'p, W> {
    page: Page<'p, W>,
    program: &'a str,
    scene: &'a Scene,
    profiles: &'a [(Given, Overview)],
}

impl<W: Write> Writer<'_, '_, W> {
    fn object(&mut self, object: &ObjectReport<SeccompDetail>) -> Result<()> {
        let namespace = object.object.namespace.as_ref().map(|name| format!(" in {name}"));
        let owner = object.owner.as_ref();
        let owner = owner.map(|owner| format!("  ({}/{})", owner.kind.to_lowercase(), owner.name));
        self.page.heading(&format!(
            "{}{}{}",
            object.object,
            namespace.unwrap_or_default(),
            owner.unwrap_or_default()
        ))?;
        if object.verdict == INVALID && !object.message.is_empty() {
            self.page.text(&object.message, 2)?;
        }
        for note in object.notes.iter().chain(&object.detail.set_by) {
            if !object.detail.containers.iter().any(|one| one.notes.contains(note)) {
                self.page.text(note, 2)?;
            }
        }
        for container in &object.detail.containers {
            self.container(container)?;
        }
        self.page.gap()
    }

    fn container(&mut self, container: &ContainerReport) -> Result<()> {
        self.page.gap()?;
        let effective = &container.effective;
        let path = effective.localhost_profile.as_ref().map(|path| format!(" {path}"));
        let why = effective.why.as_ref().map(|why| format!(": {why}"));
        self.page.verdict(
            &format!(
                "{} {}  {}{}{}",
                container.kind,
                container.name,
                effective.kind,
                path.unwrap_or_default(),
                why.unwrap_or_default()
            ),
            0,
        )?;
        for link in &container.chain {
            self.link(link)?;
        }
        for note in &container.notes {
            self.page.item("note", note)?;
        }
        for place in &container.places {
            self.place(container, place)?;
        }
        Ok(())
    }

    fn link(&mut self, link: &LinkReport) -> Result<()> {
        let role = match link.role {
            "decides" => ": decides",
            "overruled" => ": overruled",
            "void" => ": has no effect",
            _ => "",
        };
        let path = link.path.as_ref().filter(|_| link.role != "silent");
        let path = path.map(|path| format!("  ({path})")).unwrap_or_default();
        let nodes = match &link.nodes[..] {
            [] => String::new(),
            nodes => format!(" on {}", names(nodes)),
        };
        let name = match link.source {
            "containerAnnotation" | "podAnnotation" => "annotation",
            source => source,
        };
        self.page.item(name, &format!("{}{nodes}{role}{path}", link.says))
    }

    fn place(&mut self, container: &ContainerReport, place: &PlaceReport) -> Result<()> {
        let default = Given::of(place, self.scene);
        let is_alike = |other: &PlaceReport| other.effective == place.effective;
        let differs = default.is_some() || !container.places.iter().all(is_alike);
        if container.places.len() > 1 && differs {
            let kind = &place.effective.kind;
            let why = place.effective.why.as_ref().map(|why| format!(": {why}"));
            let text = format!("{kind}{}", why.unwrap_or_default());
            self.page.item(&format!("on {}", names(&place.nodes)), &text)?;
        }
        let Some(default) = default else { return Ok(()) };
        let found = self.profiles.iter().find(|(known, _)| *known == default);
        let Some(sight) = found.and_then(|(_, found)| found.readings.first()) else {
            return Ok(());
        };
        let caps: Vec<&str> = default.caps.iter().map(|cap| short(cap)).collect();
        let caps = if caps.is_empty() { "none".to_owned() } else { caps.join(" ") };
        self.page.item("caps", &caps)?;
        let given = bounding(default.runtime, &default.version);
        for opened in sight.capabilities.iter().filter(|one| one.held && !given.contains(&one.cap))
        {
            self.page.item("opens", &format!("{}: {}", opened.cap, opened.opens.join(" ")))?;
        }
        let count: usize = sight.blocked.iter().map(|blocked| blocked.calls.len()).sum();
        let groups: Vec<&str> = sight.blocked.iter().map(|blocked| blocked.group).collect();
        self.page.item("blocks", &format!("{count} calls: {}", groups.join(", ")))?;
        self.page.item("more", &default.command(self.program))
    }

    /// What holds for all of them, and what is not known.
    fn rest(&mut self, notes: &[String], gaps: &[Gap]) -> Result<()> {
        for note in notes {
            self.page.text(&format!("note: {note}"), 0)?;
        }
        self.page.unknown(gaps)
    }
}
