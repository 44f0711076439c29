//! Resource arguments as kubectl takes them: `TYPE`, `TYPE NAME…`, `TYPE/NAME…`, `-A`, `-l` and
//! `--field-selector`. Here only words are looked at; what they mean on a server is `resolve`'s.
//!
//! Source: `ResourceTypeOrNameArgs` and `visitBySelector` of k8s.io/cli-runtime/pkg/resource; the
//! refusals are its words.

#[cfg(feature = "live")]
pub mod pick;
#[cfg(feature = "live")]
pub mod resolve;

use crate::model::error::{Error, Result};
use crate::model::labels::LabelSelector;
use crate::model::quote::go_quote;

/// What the command line says about the objects that are meant.
#[derive(Clone, Debug, Default)]
pub struct SelectionArgs {
    /// The words that are no flags.
    pub words: Vec<String>,
    /// `-A`
    pub all_namespaces: bool,
    /// `-l`
    pub label_selector: Option<String>,
    /// `--field-selector`
    pub field_selector: Option<String>,
}

/// Resource arguments that fit together; whether the types exist is not known yet.
#[derive(Clone, Debug)]
pub struct Selection {
    what: What,
    all_namespaces: bool,
    label_selector: Option<String>,
    field_selector: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    /// No words at all.
    Nothing,
    /// Everything of these types: `TYPE1,TYPE2`, categories among them.
    Types(String),
    /// `TYPE NAME…`
    Names(String, Vec<String>),
    /// `TYPE/NAME…`
    Pairs(Vec<(String, String)>),
}

impl Selection {
    /// Reads the words. Fails in kubectl's words where they do not fit together.
    pub fn parse(args: &SelectionArgs) -> Result<Self> {
        let given = |selector: &Option<String>| {
            let text = selector.as_deref().unwrap_or_default().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let selection = Self {
            what: What::parse(&args.words)?,
            all_namespaces: args.all_namespaces,
            label_selector: given(&args.label_selector),
            field_selector: given(&args.field_selector),
        };
        if selection.label_selector.is_some() || selection.field_selector.is_some() {
            match selection.what {
                What::Names(..) => {
                    return refuse("name cannot be provided when a selector is specified");
                }
                What::Pairs(_) => {
                    return refuse(
                        "selectors and the all flag cannot be used when passing resource/name \
                         arguments",
                    );
                }
                What::Nothing | What::Types(_) => {}
            }
        }
        if let Some(labels) = &selection.label_selector {
            LabelSelector::parse(labels).map_err(|fault| {
                // What kubectl says where no server says it.
                let labels = go_quote(labels);
                Error::usage(format!("the provided selector {labels} is not valid: {fault}"))
            })?;
        }
        Ok(selection)
    }

    /// Whether objects were named, one by one: `TYPE NAME` or `TYPE/NAME`.
    pub fn names_objects(&self) -> bool {
        matches!(self.what, What::Names(..) | What::Pairs(_))
    }

    /// Whether everything is meant: no words, and nothing to choose by but the namespace.
    pub fn is_everything(&self) -> bool {
        self.names_nothing() && self.label_selector.is_none() && self.field_selector.is_none()
    }

    /// Whether no resource was named: the selectors and `-A` may be there all the same.
    pub fn names_nothing(&self) -> bool {
        self.what == What::Nothing
    }
}

impl What {
    fn parse(words: &[String]) -> Result<Self> {
        let crossed = crossed(words);
        let words = crossed.as_deref().unwrap_or(words);
        let with_slash = words.iter().filter(|word| word.contains('/')).count();
        match words {
            [] => Ok(Self::Nothing),
            _ if with_slash == words.len() => {
                Ok(Self::Pairs(words.iter().map(|word| pair(word)).collect::<Result<_>>()?))
            }
            _ if with_slash > 0 => refuse(
                "there is no need to specify a resource type as a separate argument when passing \
                 arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' \
                 instead of 'kubectl get resource resource/<resource_name>'",
            ),
            [types] => Ok(Self::Types(types.clone())),
            [of, names @ ..] => Ok(Self::Names(of.clone(), names.to_vec())),
        }
    }
}

/// `a,b x y` means `a/x a/y b/x b/y`; `None` where it is nothing of the kind.
fn crossed(words: &[String]) -> Option<Vec<String>> {
    let [types, names @ ..] = words else { return None };
    let types = split(types);
    if names.is_empty() || types.len() < 2 {
        return None;
    }
    let with_names = |of: String| names.iter().map(move |name| format!("{of}/{name}"));
    Some(types.into_iter().flat_map(with_names).collect())
}

/// A comma list, each member once.
fn split(list: &str) -> Vec<String> {
    let mut members: Vec<String> = Vec::new();
    for member in list.split(',') {
        if !members.iter().any(|known| known == member) {
            members.push(member.to_owned());
        }
    }
    members
}

/// `TYPE/NAME`
fn pair(word: &str) -> Result<(String, String)> {
    let (of, name) = word.split_once('/').unwrap_or((word, ""));
    if name.contains('/') {
        return refuse("arguments in resource/name form may not have more than one slash");
    }
    if of.is_empty() || name.is_empty() || split(of).len() != 1 {
        return refuse("arguments in resource/name form must have a single resource and name");
    }
    Ok((of.to_owned(), name.to_owned()))
}

fn refuse<T>(message: &str) -> Result<T> {
    Err(Error::usage(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> std::result::Result<What, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        What::parse(&words).map_err(|error| error.to_string())
    }

    fn pairs(pairs: &[(&str, &str)]) -> What {
        What::Pairs(pairs.iter().map(|(of, name)| ((*of).into(), (*name).into())).collect())
    }

    #[test]
    fn words_are_read_as_kubectl_does() {
        assert_eq!(parse(""), Ok(What::Nothing));
        assert_eq!(parse("pods,svc"), Ok(What::Types("pods,svc".to_owned())));
        assert_eq!(parse("pods a,b"), Ok(What::Names("pods".into(), vec!["a,b".into()])));
        // The same type twice is one type.
        assert_eq!(parse("po,po a"), Ok(What::Names("po,po".into(), vec!["a".into()])));
        let crossed = [("po", "a"), ("po", "b"), ("svc", "a"), ("svc", "b")];
        assert_eq!(parse("po,svc a b"), Ok(pairs(&crossed)));
        assert_eq!(parse("po/a svc/a"), Ok(pairs(&[("po", "a"), ("svc", "a")])));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let one = "arguments in resource/name form must have a single resource and name";
        let slashes = "arguments in resource/name form may not have more than one slash";
        for (line, message) in [
            ("po/", one),
            ("/a", one),
            ("po,svc/a", one),
            ("po, a", one),
            ("po/a/b", slashes),
            ("po,svc a/b", slashes),
        ] {
            assert_eq!(parse(line), Err(message.to_owned()), "{line}");
        }
        assert!(parse("po svc/a").is_err_and(|message| message.starts_with("there is no need")));
    }

    #[test]
    fn selectors_choose_among_types_only() {
        let parse = |words: &[&str], labels: &str| {
            let args = SelectionArgs {
                words: words.iter().map(|word| (*word).to_owned()).collect(),
                label_selector: Some(labels.to_owned()),
                ..SelectionArgs::default()
            };
            Selection::parse(&args).map_err(|error| error.to_string())
        };
        let name = "name cannot be provided when a selector is specified";
        assert_eq!(parse(&["po", "a"], "a=b").unwrap_err(), name);
        // An empty selector is none.
        assert!(parse(&["po", "a"], " ").is_ok());
        assert_eq!(parse(&["po"], " a=b ").unwrap().label_selector.as_deref(), Some("a=b"));
        assert!(parse(&["po/a"], "a").unwrap_err().starts_with("selectors and the all flag"));
        assert!(parse(&[], "a").unwrap().names_nothing());
    }
}
