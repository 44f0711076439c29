//! One quick pass over the text before it is scanned: what need not be looked for later.

/// go-yaml reads its input in pieces of this many bytes.
const PIECE: usize = 512;

/// What there is in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// Every byte is a character.
    pub(super) ascii: bool,
    /// Every line ends with `\n` and nothing else breaks lines.
    pub(super) newlines_only: bool,
    /// The first character that YAML does not allow.
    pub(super) forbidden: Option<usize>,
}

/// Looks the text through, up to the first forbidden character.
pub(super) fn survey(bytes: &[u8]) -> Survey {
    /// Short enough to stay in vector registers.
    const BLOCK: usize = 64;
    let mut survey = Survey { ascii: true, newlines_only: true, forbidden: None };
    let mut from = 0;
    for block in bytes.chunks(BLOCK) {
        // Printable ASCII and `\n` are nothing to look at.
        let odd = block.iter().fold(0, |odd, &byte| {
            odd | u8::from(byte.wrapping_sub(0x20) > 0x5e) & u8::from(byte != b'\n')
        });
        if odd != 0 {
            for at in from..from + block.len() {
                look_at(bytes, at, &mut survey);
            }
            if survey.forbidden.is_some() {
                return survey;
            }
        }
        from += block.len();
    }
    survey
}

fn look_at(bytes: &[u8], at: usize, survey: &mut Survey) {
    let rest = &bytes[at..];
    let allowed = match *rest {
        [b'\t' | b'\n' | 0x20..=0x7e, ..] => true,
        [b'\r', ..] => {
            survey.newlines_only = false;
            true
        }
        [0..=0x7f, ..] => false,
        _ => {
            survey.ascii = false;
            match *rest {
                [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] => {
                    survey.newlines_only = false;
                    true
                }
                [0xc2, 0x80..=0x9f, ..] | [0xef, 0xbf, 0xbe | 0xbf, ..] => false,
                _ => true,
            }
        }
    };
    if !allowed && survey.forbidden.is_none() {
        survey.forbidden = Some(at);
    }
}

/// Where go-yaml's reading pauses last before the forbidden character at `offset`: it complains
/// only when it reads on from there.
pub(super) fn pause_before(text: &str, offset: usize) -> usize {
    let mut pause = 0;
    loop {
        let end = piece_end(text, pause);
        if end > offset || end == pause {
            return pause;
        }
        pause = end;
    }
}

/// Where the piece ends that go-yaml reads at once from `start` on.
pub(super) fn piece_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut room = PIECE;
    let mut end = start;
    while room > 0 && end < bytes.len() {
        // kubectl drops a `\r` before a `\n`, so it takes no room.
        room -= usize::from(!bytes[end..].starts_with(b"\r\n"));
        end += 1;
    }
    // A character that does not fit waits for the next piece.
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_there_is() {
        let plain = Survey { ascii: true, newlines_only: true, forbidden: None };
        assert_eq!(survey(b"a: b\n\tc\n"), plain);
        assert_eq!(survey(b"a: b\r\n"), Survey { newlines_only: false, ..plain });
        assert_eq!(survey("a: é\n".as_bytes()), Survey { ascii: false, ..plain });
        let broken = Survey { ascii: false, newlines_only: false, ..plain };
        assert_eq!(survey("a\u{85}b".as_bytes()), broken);
        assert_eq!(survey("a\u{2028}b".as_bytes()), broken);
        for bad in ["\0", "\u{7f}", "\u{80}", "\u{9f}", "\u{fffe}", "\u{ffff}", "\u{1b}"] {
            let text = format!("{}{bad}x", "a".repeat(70));
            assert_eq!(survey(text.as_bytes()).forbidden, Some(70), "{bad:?}");
        }
        for good in ["\t", "\u{a0}", "\u{fffd}", "\u{10ffff}", "\u{e000}", "\u{feff}"] {
            assert_eq!(survey(good.as_bytes()).forbidden, None, "{good:?}");
        }
    }

    #[test]
    fn pieces_end_before_split_characters() {
        let text = "x".repeat(511) + "é" + &"y".repeat(600);
        assert_eq!(pause_before(&text, 10), 0);
        assert_eq!(pause_before(&text, 512), 511);
        assert_eq!(pause_before(&text, 1100), 511 + 512);
    }
}
