//! How much of an answer's warnings reaches whoever asked.
//!
//! Source: `recorder` in `pkg/endpoints/filters/warning.go` of k8s.io/apiserver, alike from 1.24
//! to 1.37.

/// All warnings of an answer may have this many characters before they are shortened.
const ALL: usize = 4 * 1024;
/// Each of them has this many then.
const EACH: usize = 256;

/// The texts of the `Warning` headers of an answer, if these warnings are all that the server has
/// to say, in this order. Each text is said once. If together they are too long, every one is cut
/// after 256 characters, and once they are too long even so, the rest is left out.
pub fn delivered<S: AsRef<str>>(warnings: &[S]) -> Vec<String> {
    let mut said: Vec<&str> = Vec::new();
    let mut headers: Vec<String> = Vec::new();
    let (mut written, mut cutting) = (0, false);
    for text in warnings.iter().map(AsRef::as_ref) {
        if cutting && written >= ALL {
            break;
        }
        if text.is_empty() || said.contains(&text) {
            continue;
        }
        said.push(text);
        if !cutting && written + text.chars().count() > ALL {
            // What has been said is said again, shorter.
            cutting = true;
            headers = said.iter().map(|text| cut(text)).collect();
            written = headers.iter().map(|header| header.chars().count()).sum();
            continue;
        }
        let header = if cutting { cut(text) } else { text.to_owned() };
        written += header.chars().count();
        headers.push(header);
    }
    headers
}

fn cut(text: &str) -> String {
    text.chars().take(EACH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_warnings_arrive_whole_and_once() {
        assert_eq!(delivered(&["a", "", "b", "a"]), ["a", "b"]);
        let long = "ä".repeat(ALL);
        assert_eq!(delivered(&[long.as_str()]), [long]);
        assert!(delivered::<&str>(&[]).is_empty());
    }

    #[test]
    fn long_warnings_are_cut_then_left_out() {
        let text = |number: usize, length: usize| format!("{number:03}{}", "ü".repeat(length - 3));
        let lengths = |warnings: &[String]| -> Vec<usize> {
            delivered(warnings).iter().map(|text| text.chars().count()).collect()
        };
        let ten: Vec<String> = (0..10).map(|number| text(number, 409)).collect();
        assert_eq!(lengths(&ten), [409; 10]);
        let eleven: Vec<String> = (0..11).map(|number| text(number, 409)).collect();
        assert_eq!(lengths(&eleven), [EACH; 11]);
        let twenty: Vec<String> = (0..20).map(|number| text(number, 409)).collect();
        assert_eq!(lengths(&twenty), [EACH; 16]);
        // Short ones are cut nowhere, and all that were said before the cut are said again.
        let many: Vec<String> = (0..50).map(|number| text(number, 100)).collect();
        assert_eq!(lengths(&many), [100; 41]);
    }
}
