//! Text that is no manifest yet: Helm templates, and what Helm says of its output.

/// A sign that a document still has to be rendered.
pub(super) struct Template {
    /// Where it is, from the start of the document.
    pub(super) offset: usize,
    /// What is wrong.
    pub(super) why: &'static str,
    /// What to do.
    pub(super) hint: &'static str,
}

const HELM_WHY: &str = "a Helm template, not a manifest";
const HELM_HINT: &str = "render it first and pipe it in: helm template CHART | … -f -";

/// What only Helm knows. Prometheus rules, Argo workflows and the like have braces of their own.
const HELM_WORDS: [&str; 7] =
    [".Values", ".Release", ".Chart", ".Capabilities", "include \"", "template \"", "toYaml"];

/// Finds Helm's own words between double braces, in text that is valid YAML all the same.
pub(super) fn find(text: &str) -> Option<Template> {
    memchr::memmem::find_iter(text.as_bytes(), b"{{").find_map(|offset| {
        let inside = text[offset + 2..].trim_start_matches(['-', ' ']);
        let helm = HELM_WORDS.iter().any(|word| inside.starts_with(word));
        helm.then_some(Template { offset, why: HELM_WHY, hint: HELM_HINT })
    })
}

/// The hint for a document that is no YAML: where it has double braces, it is a template.
pub(super) fn hint_for_broken(text: &str) -> &'static str {
    if text.contains("{{") { HELM_HINT } else { "" }
}

/// The chart's file that a document was rendered from: `# Source: chart/templates/x.yaml` before
/// the first line of content.
pub(super) fn chart_file(text: &str) -> Option<String> {
    text.lines()
        .take_while(|line| {
            line.starts_with('#') || line.starts_with("---") || line.trim().is_empty()
        })
        .find_map(|line| line.strip_prefix("# Source: "))
        .map(|path| path.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helm_is_told_from_other_braces() {
        assert!(find("name: \"{{ .Values.name }}\"").is_some());
        assert!(find("x: '{{- include \"a.b\" . }}'").is_some());
        assert!(find("summary: '{{ $labels.pod }} is down'").is_none());
        assert!(find("value: '{{inputs.parameters.x}}'").is_none());
    }

    #[test]
    fn chart_files_come_from_helms_comment() {
        assert_eq!(
            chart_file("# Source: c/templates/a.yaml\nkind: Pod\n").as_deref(),
            Some("c/templates/a.yaml")
        );
        assert_eq!(chart_file("kind: Pod\n# Source: c\n"), None);
    }
}
