//! The map for people: each destination, below it who can reach it at which ports, and at the end
//! those that nothing limits.

use std::fmt::Write as _;
use std::io::Write;

use posture::model::error::Result;
use posture::render::document::wrap;
use posture::render::escape::escape;
use posture::render::human::{plural, write_gaps};
use posture::render::style::{Role, Style};
use unicode_width::UnicodeWidthStr as _;

use crate::engine::verdict::Verdict;
use crate::picture::causes;
use crate::picture::report::{Connection, GroupKind, GroupSaid, MapReport, Why};

/// The widest column of prose that reads well.
const PROSE_WIDTH: usize = 110;

/// The widest column of ports; more make the lines uneven, and are shown all the same.
const PORTS_WIDTH: usize = 24;

/// How many sources or destinations of a connection are named.
const NAMED: usize = 12;

/// Writes the map.
pub(super) fn write(
    report: &MapReport,
    next: &[String],
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    let mut page = Page { style, width: style.width().min(PROSE_WIDTH), out };
    page.text("", &report.enforcer, None)?;
    writeln!(page.out)?;
    for connections in report.connections.chunk_by(|left, right| left.to == right.to) {
        page.destination(report, connections)?;
    }
    page.open(report)?;
    write_gaps(&report.gaps, style, page.out)?;
    page.summary(report)?;
    for command in next {
        let (next, command) = (style.paint(Role::Dim, "next:"), escape(command));
        writeln!(page.out, "{next} {}", style.paint(Role::Command, &command))?;
    }
    Ok(())
}

/// The names of groups, of many the first few.
fn names<'a>(words: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = words.len();
    let mut text = words.take(NAMED).collect::<Vec<_>>().join(", ");
    if count > NAMED {
        let _infallible = write!(text, " and {} more (-o wide names them)", count - NAMED);
    }
    text
}

/// The causes, as what stands behind a verdict.
pub(super) fn causes_of(connection: &Connection) -> String {
    let causes: Vec<&str> = connection.reasons.iter().map(|cause| causes::words(*cause)).collect();
    match connection.certainty {
        Verdict::Depends => format!("depends: {}", causes.join("; ")),
        _ => format!("not known: {}", causes.join("; ")),
    }
}

/// What decides, in words: `ingress: networkpolicy…/db-in in data, spec.ingress[0] (db.yaml:12)`.
pub(super) fn reason(why: &Why) -> String {
    let mut text = format!("{}: ", why.direction);
    match &why.policy {
        None => text.push_str(&why.words),
        Some(policy) => {
            text.push_str(&policy.to_string());
            if let Some(namespace) = &policy.namespace {
                let _infallible = write!(text, " in {namespace}");
            }
            if let Some(path) = &why.path {
                let _infallible = write!(text, ", {path}");
            }
        }
    }
    if let Some(mark) = &why.place {
        let place = mark.place();
        let _infallible = write!(text, " ({}:{})", place.file, place.line);
    }
    text
}

/// What a workload is: `Deployment, 2 pods`.
fn about(report: &MapReport, group: &GroupSaid) -> String {
    let known = group.members.iter().filter_map(|id| {
        let found = report.workloads.binary_search_by_key(id, |workload| workload.id);
        report.workloads.get(found.ok()?)
    });
    let mut kind = "";
    let mut pods = 0;
    for workload in known {
        kind = &workload.object.kind;
        pods += workload.pods as usize;
    }
    let pods = if pods == 0 { "no pods".to_owned() } else { plural(pods, "pod") };
    format!("{kind}, {pods}")
}

struct Page<'a, W> {
    style: Style,
    width: usize,
    out: &'a mut W,
}

impl<W: Write> Page<'_, W> {
    fn destination(&mut self, report: &MapReport, connections: &[Connection]) -> Result<()> {
        let Some(first) = connections.first() else { return Ok(()) };
        let to = first.to.iter().filter_map(|&group| report.groups.get(group));
        let to: Vec<&GroupSaid> = to.collect();
        let words = names(to.iter().map(|group| group.words.as_str()));
        match &to[..] {
            [group] if group.kind == GroupKind::Workload => {
                let detail = self.style.paint(Role::Dim, &escape(&about(report, group)));
                let words = self.style.paint(Role::Name, &escape(&words));
                writeln!(self.out, "{words}  {detail}")?;
            }
            _ => self.text("", &words, Some(Role::Name))?,
        }
        let widths = connections.iter().map(|connection| connection.port_set.to_string().width());
        let width = widths.max().unwrap_or(0).min(PORTS_WIDTH);
        for connection in connections {
            self.connection(report, connection, width)?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn connection(
        &mut self,
        report: &MapReport,
        connection: &Connection,
        width: usize,
    ) -> Result<()> {
        let from = connection.from.iter().filter_map(|&group| report.groups.get(group));
        let (possible, real): (Vec<_>, Vec<_>) =
            from.partition(|group| group.kind == GroupKind::Possible);
        let ports = connection.port_set.to_string();
        let role = match connection.certainty {
            Verdict::Allowed => Role::Info,
            _ => Role::Warning,
        };
        let padding = " ".repeat(width.saturating_sub(ports.width()));
        for (groups, how) in [(real, "from "), (possible, "could also come from ")] {
            if groups.is_empty() {
                continue;
            }
            let head = format!("  {}{padding}  ", self.style.paint(role, &ports));
            let words = names(groups.iter().map(|group| group.words.as_str()));
            let indent = ports.width().max(width) + 4;
            self.hanging(&head, indent, &format!("{how}{words}"), None)?;
        }
        let below = " ".repeat(width + 4);
        if connection.certainty != Verdict::Allowed {
            self.hanging(&below, width + 4, &causes_of(connection), Some(Role::Warning))?;
        }
        for why in connection.why.iter().flatten() {
            self.hanging(&below, width + 4, &reason(why), Some(Role::Dim))?;
        }
        Ok(())
    }

    /// Those that nothing limits, and those that nobody reaches.
    fn open(&mut self, report: &MapReport) -> Result<()> {
        let open = &report.open;
        let said = [
            "open to everything, in and out",
            "open for ingress: no policy limits what arrives",
            "open for egress: no policy limits what leaves",
        ];
        let groups = open.counts.iter().zip(&open.words).zip(said);
        let mut lines: Vec<_> = groups
            .map(|((counts, words), said)| (*counts, words, said, Role::Warning, "OPEN"))
            .collect();
        let closed = &report.closed;
        let said = "reached by nobody";
        lines.push((closed.counts, &closed.words, said, Role::Good, "CLOSED"));
        for ((workloads, namespaces), words, said, role, head) in lines {
            if workloads == 0 {
                continue;
            }
            let (workloads, namespaces) =
                (plural(workloads, "workload"), plural(namespaces, "namespace"));
            let head = format!("{}  ", self.style.paint(role, head));
            self.hanging(&head, 2, &format!("{workloads} in {namespaces} {said}"), None)?;
            self.text("  ", &names(words.iter().map(String::as_str)), None)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn summary(&mut self, report: &MapReport) -> Result<()> {
        let summary = &report.summary;
        let parts = [
            (summary.connections, plural(summary.connections, "connection"), Role::Info),
            (summary.depends, format!("{} not certain", summary.depends), Role::Warning),
            (summary.unknown, format!("{} not known", summary.unknown), Role::Warning),
            (summary.open, format!("{} open to everything", summary.open), Role::Warning),
            (summary.gaps, plural(summary.gaps, "gap"), Role::Warning),
        ];
        let shown = parts.iter().filter(|(count, ..)| *count > 0);
        let mut shown: Vec<String> =
            shown.map(|(_, text, role)| self.style.paint(*role, text)).collect();
        if summary.connections == 0 {
            shown.insert(0, "no connection".to_owned());
        }
        writeln!(
            self.out,
            "{} in {}: {}",
            plural(summary.workloads, "workload"),
            plural(summary.namespaces, "namespace"),
            shown.join(", "),
        )?;
        Ok(())
    }

    /// Text behind a head that is as wide as the indent of the lines below.
    fn hanging(&mut self, head: &str, indent: usize, text: &str, role: Option<Role>) -> Result<()> {
        let room = self.width.saturating_sub(indent).max(24);
        for (position, line) in wrap(&escape(text), room, "").iter().enumerate() {
            let line = role.map_or_else(|| line.clone(), |role| self.style.paint(role, line));
            if position == 0 {
                writeln!(self.out, "{head}{line}")?;
            } else {
                writeln!(self.out, "{}{line}", " ".repeat(indent))?;
            }
        }
        Ok(())
    }

    fn text(&mut self, margin: &str, text: &str, role: Option<Role>) -> Result<()> {
        for line in wrap(&escape(text), self.width.saturating_sub(margin.len()), "  ") {
            let line = role.map_or_else(|| line.clone(), |role| self.style.paint(role, &line));
            writeln!(self.out, "{margin}{line}")?;
        }
        Ok(())
    }
}
