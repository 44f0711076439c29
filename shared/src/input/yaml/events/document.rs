//! The grammar around the document: directives, its start and its end.

use super::parser::{Context, Next, Parser, State, error, event};
use super::token::{Kind, Token};
use super::{EventData, Fault};

impl<'a> Parser<'a> {
    /// The start of the document, written or not; the end of the stream, if there is none.
    pub(super) fn document_start(&mut self) -> Next<'a> {
        let first = self.token()?;
        match first.kind {
            Kind::StreamEnd => {
                self.state = State::StreamEnd;
                return Ok(event(EventData::StreamEnd, first.start, first.start));
            }
            Kind::VersionDirective | Kind::TagDirective | Kind::DocumentStart => {
                self.directives()?;
                let token = self.token()?;
                if token.kind != Kind::DocumentStart {
                    return error("did not find expected <document start>", token);
                }
                self.scanner.skip();
                self.state = State::DocumentContent;
            }
            _ => self.state = State::BlockNode,
        }
        self.states.push(State::DocumentEnd);
        Ok(event(EventData::DocumentStart, first.start, first.start))
    }

    /// The directives before a `---`.
    fn directives(&mut self) -> Result<(), Fault> {
        let mut has_version = false;
        loop {
            let token = self.token()?;
            match token.kind {
                Kind::VersionDirective if has_version => {
                    return error("found duplicate %YAML directive", token);
                }
                Kind::VersionDirective if token.extra != Token::VERSION => {
                    return error("found incompatible YAML document", token);
                }
                Kind::VersionDirective => has_version = true,
                Kind::TagDirective => {
                    let tag = self.scanner.queue.take_tag(token.extra);
                    if self.handles.iter().any(|known| known.handle == tag.handle) {
                        return error("found duplicate %TAG directive", token);
                    }
                    self.handles.push(tag);
                }
                _ => return Ok(()),
            }
            self.scanner.skip();
        }
    }

    /// The outermost node behind a `---`.
    pub(super) fn document_content(&mut self) -> Next<'a> {
        let token = self.token()?;
        match token.kind {
            Kind::VersionDirective
            | Kind::TagDirective
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => {
                self.resume();
                Ok(self.absent(token.start, self.state))
            }
            _ => self.node(Context::Block),
        }
    }

    /// The end of the document.
    pub(super) fn document_end(&mut self) -> Next<'a> {
        let token = self.token()?;
        self.state = State::StreamEnd;
        Ok(event(EventData::DocumentEnd, token.start, token.start))
    }
}
