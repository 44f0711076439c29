//! A line of text from a terminal, key by key: so that Ctrl-C is an answer like any other, and the
//! terminal is as it was after each key.

use dialoguer::console::{Key, Term};
use unicode_width::UnicodeWidthChar;

/// What Ctrl-D sends: on an empty line it says that nothing more comes.
const END: char = '\u{4}';

/// What somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without blanks around it.
    Text(String),
    /// Ctrl-C, Ctrl-D, or the terminal is gone.
    End,
}

/// Reads a line, and shows what is typed. Characters that steer a terminal are not taken.
pub(super) fn read(term: &Term) -> Line {
    let mut typed: Vec<char> = Vec::new();
    loop {
        // A terminal that is gone says so at once, and for ever.
        let Ok(key) = term.read_key_raw() else { return Line::End };
        let shown = match key {
            Key::Enter => {
                // Where nothing can be shown there is nobody to ask again.
                let text: String = typed.iter().collect();
                let is_shown = term.write_str("\n").is_ok();
                return if is_shown { Line::Text(text.trim().to_owned()) } else { Line::End };
            }
            Key::CtrlC => Err(()),
            Key::Char(END) if typed.is_empty() => Err(()),
            Key::Backspace => {
                let columns = typed.pop().and_then(UnicodeWidthChar::width).unwrap_or(0);
                Ok("\u{8} \u{8}".repeat(columns))
            }
            Key::Char(character) if character.width().is_some_and(|columns| columns > 0) => {
                typed.push(character);
                Ok(character.to_string())
            }
            _ => Ok(String::new()),
        };
        let Ok(shown) = shown else {
            drop(term.write_str("\n"));
            return Line::End;
        };
        if term.write_str(&shown).and_then(|()| term.flush()).is_err() {
            return Line::End;
        }
    }
}
