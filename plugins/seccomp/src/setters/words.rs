//! Words for what setters are limited to, and the wildcards in it.

use posture::model::node::Value;

/// The texts of a list; none where there is no list.
pub(super) fn texts(value: Value<'_>, key: &str) -> Vec<String> {
    let items = value.field(key).into_iter().flat_map(|list| list.items());
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// A text; empty where there is none.
pub(super) fn text<'a>(value: Value<'a>, key: &str) -> &'a str {
    value.get(key).and_then(|value| value.as_str()).unwrap_or_default()
}

/// Whether a mapping anywhere in a value has this key, or a text in it this word.
pub(super) fn mentions(value: Value<'_>, word: &str) -> bool {
    value.as_str().is_some_and(|text| text.contains(word))
        || value.items().any(|item| mentions(item, word))
        || value.entries().any(|(key, value)| {
            key.as_str().is_some_and(|key| key.contains(word)) || mentions(value, word)
        })
}

/// A selector of labels as kubectl writes it; `None` for one that selects everything.
pub(super) fn selector(selector: Option<Value<'_>>) -> Option<String> {
    let selector = selector?;
    let labels = selector.field("matchLabels").into_iter().flat_map(|labels| labels.entries());
    let labels = labels.map(|(key, value)| {
        format!("{}={}", key.as_str().unwrap_or_default(), value.as_str().unwrap_or_default())
    });
    let expressions = selector.field("matchExpressions").into_iter().flat_map(|list| list.items());
    let expressions = expressions.map(|expression| {
        let (key, values) = (text(expression, "key"), texts(expression, "values").join(","));
        match text(expression, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            other => format!("{key} {other} ({values})"),
        }
    });
    let all: Vec<String> = labels.chain(expressions).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Whether a text has a form with `*` for any characters and `?` for one.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last `*` stands, and up to where it has been taken to reach.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(one) if *one == '?' || *one == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => match star {
                Some((of_star, reached)) => {
                    star = Some((of_star, reached + 1));
                    at = of_star + 1;
                    in_text = reached + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Several as a list in prose: `a, b and c`.
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
