//! Namespaces for people: a table that fits a terminal, and a page for those that are named.

use std::io::Write;

use posture::model::error::Result;
use posture::render::escape::escape;
use posture::render::human::write_rest;
use posture::render::style::{Role, Style};
use posture::render::wide::table;
use unicode_width::UnicodeWidthStr as _;

use super::check_ns::{NamespaceOptions, NamespaceReport};
use super::standing::{AskedReport, Blocker, NamespaceDetail};

/// How many workloads with latent breakage are shown below the table.
const LATENT_SHOWN: usize = 20;

/// Up to how many named namespaces get a page of their own.
const PAGES: usize = 3;

type Row = posture::finding::report::ObjectReport<NamespaceDetail>;

/// The view for people: a page for each of a few that are named, else the table.
pub(super) fn human(
    report: &NamespaceReport,
    options: &NamespaceOptions<'_>,
    out: &mut impl Write,
) -> Result<()> {
    let style = options.output.style;
    let shown = shown(report, options);
    if !options.names.is_empty() && shown.len() <= PAGES {
        for row in &shown {
            page(row, style, out)?;
        }
    } else {
        overview(&shown, style, out)?;
        latent(&shown, style, out)?;
    }
    fold(report, shown.len(), style, out)?;
    write_rest(report, style, out)?;
    summary(report, &shown, style, out)?;
    for command in next_commands(report, &shown, options.program) {
        let next = style.paint(Role::Dim, "next:");
        writeln!(out, "{next} {}", style.paint(Role::Command, &command))?;
    }
    Ok(())
}

/// The namespaces that get a line of their own.
fn shown<'r>(report: &'r NamespaceReport, options: &NamespaceOptions<'_>) -> Vec<&'r Row> {
    let every = options.all || !options.names.is_empty();
    report.objects.iter().filter(|row| every || !row.detail.system).collect()
}

/// `baseline`, or `baseline:v1.30` where a version is pinned.
fn asked(asked: &AskedReport) -> String {
    let level = if asked.version == "latest" {
        asked.level.to_owned()
    } else {
        format!("{}:{}", asked.level, asked.version)
    };
    match asked.why {
        "default" => "-".to_owned(),
        why if why.starts_with("invalid") => format!("{level} (invalid label)"),
        _ => level,
    }
}

fn enforce_cell(detail: &NamespaceDetail) -> String {
    match &detail.asks {
        _ if detail.exempt => "exempt".to_owned(),
        Some(asks) => asked(&asks.enforce),
        None => "?".to_owned(),
    }
}

/// What it meets; at most that, where not everything could be read.
fn meets(detail: &NamespaceDetail) -> String {
    let at_most = if detail.partial { "at most " } else { "" };
    format!("{at_most}{}", detail.meets)
}

/// What there is to do.
fn to_do(detail: &NamespaceDetail) -> String {
    match &detail.next {
        _ if detail.ready => format!("can enforce {}", detail.meets),
        Some(next) => format!("fix {} for {}", next.blocked.len(), next.level),
        None if detail.partial => "not known".to_owned(),
        None => "done".to_owned(),
    }
}

/// `deployment/web (runAsNonRoot, privileged)`
fn blocker(blocker: &Blocker) -> String {
    escape(&format!("{} ({})", blocker.short(), blocker.controls.join(", "))).into_owned()
}

/// As many workloads as fit, and how many do not.
fn fitting(blocked: &[Blocker], room: usize) -> String {
    let mut text = String::new();
    for (position, one) in blocked.iter().enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        let left = blocked.len() - position;
        let more = format!("{separator}+{left}");
        let next = format!("{separator}{}", blocker(one));
        let reserve = if left > 1 { more.width() + 4 } else { 0 };
        if text.width() + next.width() + reserve > room {
            let short = format!("{separator}{}", escape(&one.short()));
            if position == 0 && short.width() + reserve <= room {
                text.push_str(&short);
                if left > 1 {
                    text.push_str(", +");
                    text.push_str(&(left - 1).to_string());
                }
            } else {
                text.push_str(&more);
            }
            break;
        }
        text.push_str(&next);
    }
    text
}

fn overview(shown: &[&Row], style: Style, out: &mut impl Write) -> Result<()> {
    if shown.is_empty() {
        return Ok(());
    }
    let headings = ["NAMESPACE", "ENFORCE", "MEETS", "TO DO"].map(str::to_owned).to_vec();
    let mut rows = vec![headings];
    rows.extend(shown.iter().map(|row| {
        let detail = &row.detail;
        let name = escape(&row.object.name).into_owned();
        vec![name, enforce_cell(detail), meets(detail), to_do(detail)]
    }));
    let used: usize = (0..4)
        .map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0) + 3)
        .sum();
    let room = style.width().saturating_sub(used).max(16);
    rows[0].push("IN THE WAY".to_owned());
    for (row, of) in rows.iter_mut().skip(1).zip(shown) {
        let blocked = of.detail.next.as_ref().map_or(&[][..], |next| &next.blocked);
        row.push(fitting(blocked, room));
    }
    table(&rows, out)
}

/// `-o wide`: everything on a line.
pub(super) fn wide(
    report: &NamespaceReport,
    options: &NamespaceOptions<'_>,
    out: &mut impl Write,
) -> Result<()> {
    let shown = shown(report, options);
    let headings = [
        "NAMESPACE",
        "ENFORCE",
        "WARN",
        "AUDIT",
        "MEETS",
        "TO DO",
        "WORKLOADS",
        "PODS",
        "LATENT",
        "NOT SEEN BY DRY-RUN",
        "IN THE WAY",
    ];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    for row in &shown {
        let detail = &row.detail;
        let mode = |pick: fn(&super::standing::AskedReports) -> &AskedReport| {
            detail.asks.as_ref().map_or_else(|| "?".to_owned(), |asks| asked(pick(asks)))
        };
        let blocked = detail.next.as_ref().map_or(&[][..], |next| &next.blocked);
        rows.push(vec![
            escape(&row.object.name).into_owned(),
            enforce_cell(detail),
            mode(|asks| &asks.warn),
            mode(|asks| &asks.audit),
            meets(detail),
            to_do(detail),
            detail.workloads.to_string(),
            detail.pods.to_string(),
            detail.latent.len().to_string(),
            unseen(detail).unwrap_or_else(|| "-".to_owned()),
            blocked.iter().map(blocker).collect::<Vec<_>>().join(", "),
        ]);
    }
    table(&rows, out)?;
    fold(report, shown.len(), options.output.style, out)
}

/// What the server's dry-run would not show.
fn unseen(detail: &NamespaceDetail) -> Option<String> {
    let unseen = &detail.unseen;
    let mut parts = Vec::new();
    if unseen.without_pods > 0 {
        parts.push(format!("{} without pods", unseen.without_pods));
    }
    if unseen.beyond_limit > 0 {
        parts.push(format!("{} pods beyond the first 3000", unseen.beyond_limit));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn latent(shown: &[&Row], style: Style, out: &mut impl Write) -> Result<()> {
    let all: Vec<(&Row, &Blocker)> = shown
        .iter()
        .flat_map(|row| row.detail.latent.iter().map(move |blocker| (*row, blocker)))
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let head = "WOULD BE REFUSED if created again, by what its namespace enforces";
    writeln!(out, "\n{}", style.paint(Role::Error, head))?;
    let rows: Vec<Vec<String>> = all
        .iter()
        .take(LATENT_SHOWN)
        .map(|(row, one)| {
            vec![
                format!("  {}", escape(&row.object.name)),
                escape(&one.short()).into_owned(),
                one.controls.join(", "),
                pods(one.pods),
            ]
        })
        .collect();
    table(&rows, out)?;
    if all.len() > LATENT_SHOWN {
        writeln!(out, "  and {} more: -o json has them all", all.len() - LATENT_SHOWN)?;
    }
    writeln!(out)?;
    Ok(())
}

fn pods(count: usize) -> String {
    match count {
        0 => "no pods now".to_owned(),
        1 => "1 pod".to_owned(),
        count => format!("{count} pods"),
    }
}

/// Everything about one namespace.
fn page(row: &Row, style: Style, out: &mut impl Write) -> Result<()> {
    let detail = &row.detail;
    writeln!(out, "{}", style.paint(Role::Name, &escape(&row.object.name)))?;
    if detail.exempt {
        writeln!(out, "  exempt: Pod Security Admission never looks at it")?;
    }
    if row.verdict == "invalid" {
        let message = format!("  {}", escape(&row.message));
        writeln!(out, "{}", style.paint(Role::Error, &message))?;
    }
    match &detail.asks {
        Some(asks) => {
            let rows: Vec<Vec<String>> =
                [("enforce", &asks.enforce), ("warn", &asks.warn), ("audit", &asks.audit)]
                    .iter()
                    .map(|(mode, asked)| {
                        let policy = format!("{}:{}", asked.level, asked.version);
                        vec![format!("  {mode}"), policy, meaning(asked)]
                    })
                    .collect();
            table(&rows, out)?;
        }
        None => writeln!(out, "  its labels could not be read")?,
    }
    let (workloads, pods_in_it) = (count(detail.workloads, "workload"), count(detail.pods, "pod"));
    writeln!(out, "  {workloads}, {pods_in_it}: together they meet {}", meets(detail))?;
    if detail.ready {
        let ready = format!("  can enforce {} now", detail.meets);
        writeln!(out, "{}", style.paint(Role::Good, &ready))?;
    }
    if let Some(next) = &detail.next {
        writeln!(out, "  in the way of {}:", next.level)?;
        list(&next.blocked, out)?;
    }
    if !detail.latent.is_empty() {
        let head = "  would be refused if created again:";
        writeln!(out, "{}", style.paint(Role::Error, head))?;
        list(&detail.latent, out)?;
    }
    if let Some(unseen) = unseen(detail) {
        writeln!(out, "  the server's own dry-run of a label would not show: {unseen}")?;
    }
    if detail.unseen.ended > 0 {
        let ended = count(detail.unseen.ended, "pod");
        writeln!(out, "  {ended} that ended: the server's dry-run may warn of them all the same")?;
    }
    writeln!(out)?;
    Ok(())
}

fn list(blockers: &[Blocker], out: &mut impl Write) -> Result<()> {
    let rows: Vec<Vec<String>> = blockers
        .iter()
        .map(|one| {
            let name = escape(&one.short()).into_owned();
            vec![format!("    {name}"), one.controls.join(", "), pods(one.pods)]
        })
        .collect();
    table(&rows, out)
}

/// What a mode's level comes from.
fn meaning(asked: &AskedReport) -> String {
    match asked.why {
        "label" => "by its label".to_owned(),
        "default" => "no label: the cluster's default".to_owned(),
        "warn follows enforce" => "no label: it follows enforce".to_owned(),
        other => other.to_owned(),
    }
}

/// The system's namespaces in one line.
fn fold(report: &NamespaceReport, shown: usize, style: Style, out: &mut impl Write) -> Result<()> {
    let folded = report.objects.len() - shown;
    if folded == 0 {
        return Ok(());
    }
    let system = report.objects.iter().filter(|row| row.detail.system);
    let latent: usize = system.map(|row| row.detail.latent.len()).sum();
    let latent = match latent {
        0 => String::new(),
        latent => format!(", {latent} of their workloads would be refused if created again"),
    };
    let line = format!("{}{latent}: --all shows them", count(folded, "system namespace"));
    writeln!(out, "{}", style.paint(Role::Dim, &line))?;
    Ok(())
}

fn summary(
    report: &NamespaceReport,
    shown: &[&Row],
    style: Style,
    out: &mut impl Write,
) -> Result<()> {
    let rows = &report.objects;
    let invalid = rows.iter().filter(|row| row.verdict == "invalid").count();
    let ready = shown.iter().filter(|row| row.detail.ready).count();
    let breaking = rows.iter().filter(|row| !row.detail.latent.is_empty()).count();
    let mut parts = Vec::new();
    if breaking > 0 {
        let text = format!("{breaking} with workloads that would be refused");
        parts.push(style.paint(Role::Error, &text));
    }
    if invalid > 0 {
        parts.push(style.paint(Role::Error, &format!("{invalid} with invalid labels")));
    }
    if ready > 0 {
        parts.push(style.paint(Role::Good, &format!("{ready} can enforce more")));
    }
    if !report.gaps.is_empty() {
        parts.push(style.paint(Role::Warning, &count(report.gaps.len(), "gap")));
    }
    let detail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let server = report.target.server.as_deref().unwrap_or_default();
    let suppressed = match report.summary.suppressed {
        0 => String::new(),
        findings => format!("; {} suppressed", count(findings, "finding")),
    };
    let remarks = match report.remarks.join("; ") {
        text if text.is_empty() => text,
        text => format!("; {}", escape(&text)),
    };
    let server = format!("{suppressed}{remarks}; judged as server {server}");
    let server = style.paint(Role::Dim, &server);
    writeln!(out, "{}{detail}{server}", count(rows.len(), "namespace"))?;
    Ok(())
}

/// What is worth running next.
fn next_commands(report: &NamespaceReport, shown: &[&Row], program: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let live = report.target.files.is_empty();
    if let Some(row) = shown.iter().find(|row| row.detail.ready).filter(|_| live) {
        let (name, level) = (escape(&row.object.name), row.detail.meets);
        commands.push(format!(
            "kubectl label ns {name} --overwrite pod-security.kubernetes.io/enforce={level}"
        ));
    }
    let blocked = shown.iter().find(|row| {
        row.severity.is_some()
            || row.detail.next.as_ref().is_some_and(|next| !next.blocked.is_empty())
    });
    if let Some(row) = blocked.filter(|_| live) {
        let level = row.detail.next.as_ref().map_or("restricted", |next| next.level);
        let version = row.detail.asks.as_ref().map(|asks| asks.enforce.version.as_str());
        let version = version.filter(|version| *version != "latest");
        let version = version.map(|version| format!(":{version}")).unwrap_or_default();
        let name = escape(&row.object.name);
        commands.push(format!("{program} check -n {name} --level {level}{version}"));
    }
    commands
}

/// `1 pod`, `2 pods`
fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
