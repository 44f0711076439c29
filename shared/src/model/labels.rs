//! Label selectors (`-l`): read, refused and matched as the API server does.
//!
//! Source: k8s.io/apimachinery/pkg/labels/selector.go and pkg/api/validate/content; the refusals
//! are its words.

use super::naming::{key_faults, label_value_faults};
use super::node::{Type, Value};
use super::object::Object;
use super::quote::go_quote;

/// Requirements that all must hold; without any it selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

/// What one label must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    /// Sorted, each once.
    values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label is there and has one of the values.
    In,
    /// The label has none of the values, or is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The label is a number above the value; only `-l` knows it.
    GreaterThan,
    /// The label is a number below the value; only `-l` knows it.
    LessThan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Word,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

impl LabelSelector {
    /// Reads a selector (`app=web,tier notin (db,cache),!canary`). Fails with the server's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: scan(text), at: 0 };
        let mut requirements = Vec::new();
        loop {
            match parser.peek() {
                (Token::Word | Token::Not, _) => {
                    let requirement = parser.requirement();
                    requirements.push(
                        requirement
                            .map_err(|fault| format!("unable to parse requirement: {fault}"))?,
                    );
                    match parser.next() {
                        (Token::End, _) => return Ok(Self { requirements }),
                        (Token::Comma, _) => match parser.peek() {
                            (Token::Word | Token::Not, _) => {}
                            (_, found) => {
                                return Err(format!(
                                    "found '{found}', expected: identifier after ','"
                                ));
                            }
                        },
                        (_, found) => {
                            return Err(format!(
                                "found '{found}', expected: ',' or 'end of string'"
                            ));
                        }
                    }
                }
                (Token::End, _) => return Ok(Self { requirements }),
                (_, found) => {
                    return Err(format!(
                        "found '{found}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
        }
    }

    /// What must hold, all of it; nothing where everything is selected.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether an object with these labels is selected; `label` has the value of a key.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|requirement| requirement.holds(label(&requirement.key)))
    }

    /// Reads a selector as objects hold it: `matchLabels` and `matchExpressions`. Null is no value,
    /// as for Go's decoder. Fails, with why, where the server does not take it.
    ///
    /// Source: `LabelSelectorAsSelector` in k8s.io/apimachinery/pkg/apis/meta/v1.
    pub fn read(value: Value<'_>) -> Result<Self, String> {
        let text = |value: Value<'_>, key: &str| match value.field(key) {
            None => Ok(String::new()),
            Some(text) => {
                text.as_str().map(str::to_owned).ok_or_else(|| format!("{key} is no text"))
            }
        };
        // Of another type, a selector would read as one that selects everything.
        let is_a = |value: Option<Value<'_>>, wanted: Type| {
            value.is_none_or(|value| value.is_null() || value.value_type() == wanted)
        };
        if !is_a(Some(value), Type::Object) {
            return Err("a selector is an object".to_owned());
        }
        let labels = value.field("matchLabels");
        if !is_a(labels, Type::Object) {
            return Err("matchLabels is no object".to_owned());
        }
        let expressions = value.field("matchExpressions");
        if !is_a(expressions, Type::Array) {
            return Err("matchExpressions is no list".to_owned());
        }
        let mut requirements = Vec::new();
        for (key, value) in labels.into_iter().flat_map(|map| map.entries()) {
            let key = key.as_str().unwrap_or_default();
            let is_text = value.as_str().or_else(|| value.is_null().then_some(""));
            let value = is_text.ok_or_else(|| format!("matchLabels.{key} is no text"))?.to_owned();
            requirements.push(Requirement::new(key.to_owned(), Operator::In, vec![value])?);
        }
        for expression in expressions.into_iter().flat_map(|list| list.items()) {
            if !is_a(Some(expression), Type::Object) {
                return Err("matchExpressions holds what is no object".to_owned());
            }
            let operator = match text(expression, "operator")?.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    let other = go_quote(other);
                    return Err(format!("{other} is not a valid label selector operator"));
                }
            };
            let values = expression.field("values");
            if !is_a(values, Type::Array) {
                return Err("values is no list".to_owned());
            }
            let values = values.into_iter().flat_map(|list| list.items());
            let values = values
                .map(|value| {
                    let is_text = value.as_str().or_else(|| value.is_null().then_some(""));
                    is_text.map(str::to_owned).ok_or("values holds what is no text")
                })
                .collect::<Result<Vec<_>, _>>()?;
            requirements.push(Requirement::new(text(expression, "key")?, operator, values)?);
        }
        Ok(Self { requirements })
    }

    /// Whether an object is selected of which not all is known: `label` has the value of a key as
    /// far as it is known whether there is one. `None` where what is not known decides.
    pub fn decides<'a>(&self, label: impl Fn(&str) -> Option<Option<&'a str>>) -> Option<bool> {
        let mut all_known = true;
        for requirement in &self.requirements {
            match label(&requirement.key) {
                Some(value) if !requirement.holds(value) => return Some(false),
                Some(_) => {}
                None => all_known = false,
            }
        }
        all_known.then_some(true)
    }

    /// Whether an object is selected. A label that is null is empty. Labels that are no texts are
    /// refused by kubectl before it selects: such an object is always selected.
    pub fn selects(&self, object: &Object) -> bool {
        let labels = object.value().get("metadata").and_then(|metadata| metadata.get("labels"));
        let is_text = |value: Value<'_>| value.is_null() || value.as_str().is_some();
        let fits = |labels: Value<'_>| {
            matches!(labels.value_type(), Type::Object | Type::Null)
                && labels.entries().all(|(_, value)| is_text(value))
        };
        if !labels.is_none_or(fits) {
            return true;
        }
        self.matches(|key| {
            let value = labels?.get(key)?;
            value.as_str().or_else(|| value.is_null().then_some(""))
        })
    }
}

impl Requirement {
    /// Which label is compared.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// With what: sorted, each once.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// A requirement as objects hold it, if the server takes it.
    fn new(key: String, operator: Operator, mut values: Vec<String>) -> Result<Self, String> {
        values.sort();
        values.dedup();
        let mut faults = key_faults(&key);
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                let why = "for 'in', 'notin' operators, values set can't be empty";
                faults.push(why.to_owned());
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                faults.push("values set must be empty for exists and does not exist".to_owned());
            }
            _ => {}
        }
        faults.extend(value_faults(&key, operator, &values));
        if faults.is_empty() { Ok(Self { key, operator, values }) } else { Err(faults.join("; ")) }
    }

    /// Whether a label fits: its value, or that it is not there.
    pub fn holds(&self, value: Option<&str>) -> bool {
        let among = |value: &str| self.values.iter().any(|known| known == value);
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        let limit = number(self.values.first().map(String::as_str));
        match self.operator {
            Operator::In => value.is_some_and(among),
            Operator::NotIn => !value.is_some_and(among),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => {
                number(value).zip(limit).is_some_and(|(value, limit)| value > limit)
            }
            Operator::LessThan => {
                number(value).zip(limit).is_some_and(|(value, limit)| value < limit)
            }
        }
    }
}

struct Parser {
    /// The last is the end.
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    /// The next token, where `in` and `notin` are words like others.
    fn peek(&self) -> (Token, &str) {
        let (token, literal) = &self.tokens[self.at.min(self.tokens.len() - 1)];
        match token {
            Token::In | Token::NotIn => (Token::Word, literal),
            other => (other.clone(), literal),
        }
    }

    fn next(&mut self) -> (Token, String) {
        let (token, literal) = self.peek();
        let next = (token, literal.to_owned());
        self.at += 1;
        next
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.next();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.next();
        }
        if token != Token::Word {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let faults = key_faults(&key);
        if !faults.is_empty() {
            let faults = faults.join("; ");
            return Err(format!("<nil>: Invalid value: {}: {faults}", go_quote(&key)));
        }
        // What follows a negated key is refused by the caller.
        if negated || matches!(self.peek().0, Token::End | Token::Comma) {
            let operator = if negated { Operator::DoesNotExist } else { Operator::Exists };
            return Ok(Requirement { key, operator, values: Vec::new() });
        }
        let (operator, set) = self.operator()?;
        let mut values = if set { self.values()? } else { vec![self.exact_value()?] };
        values.sort();
        values.dedup();
        let faults = value_faults(&key, operator, &values);
        match faults.as_slice() {
            [] => Ok(Requirement { key, operator, values }),
            [fault] => Err(fault.clone()),
            faults => Err(format!("[{}]", faults.join(", "))),
        }
    }

    /// The operator, and whether a set of values follows.
    fn operator(&mut self) -> Result<(Operator, bool), String> {
        let (token, found) = self.tokens[self.at.min(self.tokens.len() - 1)].clone();
        self.at += 1;
        match token {
            Token::In => Ok((Operator::In, true)),
            Token::NotIn => Ok((Operator::NotIn, true)),
            Token::Equals | Token::DoubleEquals => Ok((Operator::In, false)),
            Token::NotEquals => Ok((Operator::NotIn, false)),
            Token::Greater => Ok((Operator::GreaterThan, false)),
            Token::Less => Ok((Operator::LessThan, false)),
            _ => Err(format!("found '{found}', expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, found) = self.next();
        if token != Token::Open {
            return Err(format!("found '{found}' expected: '('"));
        }
        let (token, found) = self.peek();
        let found = found.to_owned();
        match token {
            Token::Word | Token::Comma => {
                let values = self.members()?;
                // What the list ends with has been looked at.
                self.at += 1;
                Ok(values)
            }
            Token::Close => {
                self.at += 1;
                Ok(vec![String::new()])
            }
            _ => Err(format!("found '{found}', expected: ',', ')' or identifier")),
        }
    }

    /// Up to the closing parenthesis.
    fn members(&mut self) -> Result<Vec<String>, String> {
        let mut members = Vec::new();
        loop {
            let (token, found) = self.next();
            match token {
                Token::Word => {
                    members.push(found);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => return Ok(members),
                        (_, found) => return Err(format!("found '{found}', expected: ',' or ')'")),
                    }
                }
                Token::Comma => {
                    if members.is_empty() {
                        members.push(String::new());
                    }
                    match self.peek().0 {
                        Token::Close => {
                            members.push(String::new());
                            return Ok(members);
                        }
                        Token::Comma => members.push(String::new()),
                        _ => {}
                    }
                }
                _ => return Err(format!("found '{found}', expected: ',', or identifier")),
            }
        }
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.next() {
            (Token::Word, value) => Ok(value),
            (_, found) => Err(format!("found '{found}', expected: identifier")),
        }
    }
}

fn is_symbol(character: char) -> bool {
    matches!(character, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn scan(text: &str) -> Vec<(Token, String)> {
    let mut rest = text;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start_matches(is_space);
        if rest.is_empty() {
            tokens.push((Token::End, String::new()));
            return tokens;
        }
        let other = |character| !is_symbol(character);
        let length = if rest.starts_with(is_symbol) {
            let run = &rest[..rest.find(other).unwrap_or(rest.len())];
            // The longest that means something; `!` and what follows it may be `!=`.
            let longest = (1..=run.len()).take_while(|end| symbol(&run[..*end]).is_some());
            longest.last().unwrap_or(run.len())
        } else {
            rest.find(|character| is_symbol(character) || is_space(character)).unwrap_or(rest.len())
        };
        let (literal, after) = rest.split_at(length);
        rest = after;
        let token = match literal {
            "in" => Token::In,
            "notin" => Token::NotIn,
            _ if literal.starts_with(is_symbol) => symbol(literal).unwrap_or(Token::Word),
            _ => Token::Word,
        };
        tokens.push((token, literal.to_owned()));
    }
}

fn symbol(literal: &str) -> Option<Token> {
    Some(match literal {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        ">" => Token::Greater,
        "<" => Token::Less,
        "!=" => Token::NotEquals,
        "(" => Token::Open,
        _ => return None,
    })
}

/// What the server says of the values of a requirement, all of it.
fn value_faults(key: &str, operator: Operator, values: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    if matches!(operator, Operator::GreaterThan | Operator::LessThan) {
        for (position, value) in values.iter().enumerate() {
            if value.parse::<i64>().is_err() {
                faults.push(format!(
                    "values[{position}]: Invalid value: {}: for 'Gt', 'Lt' operators, the value \
                     must be an integer",
                    go_quote(value)
                ));
            }
        }
    }
    for (position, value) in values.iter().enumerate() {
        let said = label_value_faults(value);
        if !said.is_empty() {
            faults.push(format!(
                "values[{position}][{key}]: Invalid value: {}: {}",
                go_quote(value),
                said.join("; ")
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        LabelSelector::parse(text).unwrap_err()
    }

    #[test]
    fn what_is_selected() {
        let labels = [("app", "web"), ("n", "7"), ("in", "x")];
        let label =
            |key: &str| labels.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        for (selector, selected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=web", true),
            ("app == web , !x", true),
            ("app!=web", false),
            ("x!=web", true),
            ("app in (db,web)", true),
            ("app notin (db,web)", false),
            ("x notin ()", true),
            ("in in (x)", true),
            ("x=", false),
            ("n>6,n<8", true),
            ("n>7", false),
            ("app>1", false),
        ] {
            let parsed = LabelSelector::parse(selector).unwrap();
            assert_eq!(parsed.matches(label), selected, "{selector}");
        }
    }

    #[test]
    fn refusals_are_the_servers() {
        assert_eq!(refusal("a=("), "unable to parse requirement: found '(', expected: identifier");
        assert_eq!(refusal("a,"), "found '', expected: identifier after ','");
        assert_eq!(
            refusal("a b"),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
        assert_eq!(refusal("=a"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(refusal("!a=b"), "found '=', expected: ',' or 'end of string'");
        assert!(refusal("a/b/c").contains("a valid label key must consist of"));
        assert!(refusal("n>x").contains("values[0]: Invalid value: \"x\": for 'Gt'"));
    }
}
