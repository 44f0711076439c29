//! A list in pages: which are asked for, and what happens when one of them fails.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::error::Category;
use tokio::sync::{Semaphore, mpsc};

use super::connection::{Answer, JSON};
use super::failure::{Failure, FailureKind};
use super::list::{Event, List};
use super::request::Requests;

/// Only identity, labels and owners of the objects of a list.
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Only identity, labels and owners of an object.
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/// Where the events of a reading go.
type Sender = mpsc::Sender<(usize, Event)>;

/// What is read of a list to know what it is, and whether there is more of it.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    /// Nothing is `null` where Go has no slice.
    #[serde(default, rename = "items")]
    _items: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

/// Reads what comes before the items, and stops there: `Some` once it has.
struct Beginning<'a>(&'a mut Option<Head>);

impl<'de> Visitor<'de> for Beginning<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut kind, mut metadata) = (String::new(), None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "kind" => kind = map.next_value()?,
                "metadata" => metadata = Some(map.next_value()?),
                "items" => {
                    *self.0 = metadata.map(|metadata| Head { kind, metadata, _items: None });
                    break;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The beginning of a list that looks complete. The next page waits for its token, and whoever
/// takes this one reads the rest of it anyway.
fn beginning(body: &[u8]) -> Option<Head> {
    if !body.trim_ascii_end().ends_with(b"]}") {
        return None;
    }
    let mut head = None;
    let mut json = serde_json::Deserializer::from_slice(body);
    // It stops in the middle, which the deserializer calls an error.
    drop(json.deserialize_map(Beginning(&mut head)));
    head
}

/// What is read of an object to know what it is.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    kind: String,
}

/// Reads the beginning of a whole answer.
fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| match error.classify() {
        Category::Data => not_the_kind("something else"),
        _ => Failure::not_json(&error),
    })
}

/// The token of the next page, empty if there is none. Fails where the answer is no list.
fn next_of(answer: &Answer) -> Result<String, Failure> {
    let head = beginning(&answer.body).map_or_else(|| parsed(answer), Ok)?;
    if !head.kind.ends_with("List") {
        return Err(not_the_kind(&head.kind));
    }
    Ok(head.metadata.token.unwrap_or_default())
}

fn not_the_kind(kind: &str) -> Failure {
    let kind = if kind.is_empty() { "something without a kind" } else { kind };
    let message = format!("the server's answer is not what was asked for: it is {kind}");
    Failure { kind: FailureKind::Broken, message, status: Some(200) }
}

/// Reads a list, or the one object that it names. Everything that happens is sent; nothing more
/// once nobody listens.
pub(super) async fn read(
    requests: &Requests,
    position: usize,
    list: &List,
    slots: &Semaphore,
    sender: &Sender,
) {
    let reading = Reading { requests, position, list, slots, sender };
    let outcome = match reading.run().await {
        Ok(true) => Event::End,
        Ok(false) => return,
        Err(failure) => Event::Failed(failure),
    };
    let _heard = reading.send(outcome).await;
}

struct Reading<'a> {
    requests: &'a Requests,
    position: usize,
    list: &'a List,
    slots: &'a Semaphore,
    sender: &'a Sender,
}

impl Reading<'_> {
    /// Whether anybody has listened to the end.
    async fn run(&self) -> Result<bool, Failure> {
        let path = self.list.resource.path(self.list.namespace.as_deref());
        let Some(name) = &self.list.name else { return self.pages(&path).await };
        // Held until the page is taken: so no more of them wait than there are slots.
        let _slot = self.slots.acquire().await;
        let accept = if self.list.metadata_only { METADATA } else { JSON };
        let path = self.list.resource.object_path(self.list.namespace.as_deref(), name);
        let answer = self.requests.get(&path, accept).await?;
        let head: Object = parsed(&answer)?;
        if head.kind.is_empty() || head.kind == "Status" {
            return Err(not_the_kind(&head.kind));
        }
        Ok(self.send(Event::Page(answer.body.into())).await)
    }

    async fn pages(&self, path: &str) -> Result<bool, Failure> {
        let accept = if self.list.metadata_only { METADATA_LIST } else { JSON };
        let mut token = String::new();
        let mut size = self.list.page;
        let mut is_restarted = false;
        loop {
            let _slot = self.slots.acquire().await;
            let page = page_path(path, self.list, size, &token);
            let answer = match self.requests.get(&page, accept).await {
                // As client-go's pager: the second time everything comes at once, and so cannot
                // expire. Where a server cuts that too, once is enough.
                Err(failure)
                    if failure.kind == FailureKind::Expired
                        && !token.is_empty()
                        && !is_restarted =>
                {
                    is_restarted = true;
                    size = 0;
                    token.clear();
                    if !self.send(Event::Restart).await {
                        return Ok(false);
                    }
                    continue;
                }
                outcome => outcome?,
            };
            let next = next_of(&answer)?;
            if !self.send(Event::Page(answer.body.into())).await {
                return Ok(false);
            }
            if next.is_empty() {
                return Ok(true);
            }
            if next == token {
                let message = "the server goes on with the page that it has just sent";
                return Err(Failure::new(FailureKind::Broken, message));
            }
            token = next;
        }
    }

    /// Whether anybody listens.
    async fn send(&self, event: Event) -> bool {
        self.sender.send((self.position, event)).await.is_ok()
    }
}

/// The path and query of a page.
fn page_path(path: &str, list: &List, size: usize, token: &str) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let selectors =
        [("labelSelector", &list.label_selector), ("fieldSelector", &list.field_selector)];
    for (key, value) in selectors {
        pairs.extend(value.as_ref().map(|value| (key, value.clone())));
    }
    if size > 0 {
        pairs.push(("limit", size.to_string()));
    }
    if !token.is_empty() {
        pairs.push(("continue", token.to_owned()));
    }
    let query: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// A value of a query, percent-encoded.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            let written = write!(escaped, "%{byte:02X}");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::resource::Resource;
    use super::*;

    fn head(body: &str) -> Result<String, String> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = Answer { content_type: JSON.to_owned(), body };
        next_of(&answer).map_err(|failure| {
            assert_eq!(failure.kind, FailureKind::Broken);
            failure.message
        })
    }

    #[test]
    fn lists_of_every_make() {
        for list in [
            r#"{"kind":"PodList","metadata":{},"items":[{}]}"#,
            r#"{"kind":"PodList","metadata":{"continue":null},"items":null}"#,
            r#"{"kind":"PodList"}"#,
        ] {
            assert_eq!(head(list), Ok(String::new()));
        }
        assert_eq!(head(r#"{"kind":"AList","metadata":{"continue":"t"}}"#), Ok("t".to_owned()));
    }

    #[test]
    fn only_the_beginning_of_a_list_is_read() {
        let body = br#"{"kind":"PodList","metadata":{"continue":"t"},"items":[no JSON]}"#;
        let head = beginning(body).unwrap();
        assert_eq!((head.kind.as_str(), head.metadata.token.as_deref()), ("PodList", Some("t")));
        for other in [
            r#"{"kind":"PodList","metadata":{},"items":[{"a":"#,
            r#"{"kind":"PodList","items":[{}]}"#,
            r#"{"metadata":{"continue":1},"items":[]}"#,
        ] {
            assert!(beginning(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn what_is_no_list() {
        let says = |body: &str, part: &str| {
            let message = head(body).unwrap_err();
            assert!(message.contains(part), "{body}: {message}");
        };
        says(r#"{"kind":"PodList","items":[{"a":"#, "is cut");
        says("", "is cut");
        says("no", "is not JSON (line 1, column 2)");
        says("[]", "something without a kind");
        says("7", "something else");
        says("{}", "something without a kind");
        says(r#"{"kind":"Status"}"#, "it is Status");
        says(r#"{"kind":"PodList","items":{}}"#, "something else");
        says(r#"{"kind":"PodList"} x"#, "is not JSON");
    }

    #[test]
    fn paths_of_pages() {
        let mut list = List::of(Resource::new("", "v1", "pods", "Pod", true), Some("a"));
        assert_eq!(page_path("/p", &list, 0, ""), "/p");
        assert_eq!(page_path("/p", &list, 500, "a+b="), "/p?limit=500&continue=a%2Bb%3D");
        list.label_selector = Some("a in (b, ü)".to_owned());
        list.field_selector = Some("x!=y".to_owned());
        assert_eq!(
            page_path("/p", &list, 0, ""),
            "/p?labelSelector=a%20in%20%28b%2C%20%C3%BC%29&fieldSelector=x%21%3Dy"
        );
    }
}
