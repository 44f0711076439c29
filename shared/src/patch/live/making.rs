//! The changes themselves, one after the other.

use super::prepare::contested;
use super::{
    Answer, Done, DryRun, Fate, Prepared, Run, TRIES, command, gap, is_hopeless, operations, shown,
};
use crate::client::connection;
use crate::client::failure::{Failure, FailureKind};
use crate::input::live;
use crate::model::object::ObjectRef;

/// What comes of one change, for those that follow.
enum Then {
    GoOn,
    /// None of them is made, because somebody does not want it.
    Quit,
    /// None of them can be made.
    Stop(Failure),
}

impl Run<'_> {
    /// Shows, asks, and makes what is ready.
    pub(super) fn make_all(&mut self, ready: Vec<Prepared>) {
        let count = ready.len();
        let mut ready = ready.into_iter().enumerate();
        while let Some((position, prepared)) = ready.next() {
            match self.make(prepared, position + 1, count) {
                Then::GoOn => {}
                Then::Quit => {
                    let rest = ready.by_ref().map(|(_, rest)| rest.target.change.reference);
                    self.outcome.declined.extend(rest);
                }
                Then::Stop(failure) => {
                    for (_, rest) in ready.by_ref() {
                        let reference = rest.target.change.reference;
                        self.outcome.note(Fate::failed(failure.clone(), &reference));
                    }
                }
            }
        }
    }

    /// Makes one change, anew for as long as somebody else is faster.
    fn make(&mut self, mut prepared: Prepared, number: usize, count: usize) -> Then {
        for _ in 0..TRIES {
            let reference = prepared.target.change.reference.clone();
            self.audience.diff(&prepared.diff);
            for note in &prepared.target.change.notes {
                self.audience.note(note);
            }
            if self.options.dry_run != DryRun::None {
                let shown = self.done(prepared);
                self.outcome.shown.push(shown);
                return Then::GoOn;
            }
            if !self.yes {
                let question = format!("Change {}?", shown(&reference));
                match self.audience.ask(&question, number, count, &prepared.diff) {
                    Answer::Yes => {}
                    Answer::All => self.yes = true,
                    answer @ (Answer::No | Answer::Quit) => {
                        self.outcome.declined.push(reference);
                        return if answer == Answer::No { Then::GoOn } else { Then::Quit };
                    }
                }
            }
            if let Some(record) = &mut self.record
                && let Err(error) = record.object(prepared.undo.clone())
            {
                let failure = Failure {
                    kind: FailureKind::Refused,
                    message: format!("nothing is changed without an undo file: {error}"),
                    status: None,
                };
                self.outcome.note(Fate::failed(failure.clone(), &reference));
                return Then::Stop(failure);
            }
            let patch = self.patch(&prepared.target, &prepared.operations, false);
            let failure = match self.connection.patch(&patch) {
                Ok(answer) => {
                    self.look_at(&answer, &prepared);
                    let done = self.done(prepared);
                    self.outcome.done.push(done);
                    return Then::GoOn;
                }
                Err(failure) => failure,
            };
            if !failure.is_refusal() {
                self.find_out(&failure, prepared);
                return Then::GoOn;
            }
            self.forget(&reference);
            if failure.kind != FailureKind::Conflict {
                let stop = is_hopeless(&failure).then(|| failure.clone());
                self.outcome.note(Fate::failed(failure, &reference));
                return stop.map_or(Then::GoOn, Then::Stop);
            }
            let why = "has been changed by somebody else meanwhile: it is read again";
            self.audience.note(&format!("{} {why}", shown(&reference)));
            let anew = self.planned_anew(&prepared.target);
            match anew.and_then(|target| self.prepare(target)) {
                Ok(anew) => prepared = anew,
                Err(fate) => {
                    self.outcome.note(fate);
                    return Then::GoOn;
                }
            }
        }
        self.outcome.note(contested(&prepared.target.change.reference));
        Then::GoOn
    }

    /// Says so if the server has not made what its dry run has answered, since the undo file rests
    /// on that.
    fn look_at(&mut self, answer: &connection::Answer, prepared: &Prepared) {
        if self.record.is_none() {
            return;
        }
        let object = live::answer(answer.body.to_vec(), &prepared.target.resource);
        let fits = object.is_ok_and(|object| {
            operations::apply(&prepared.undo.operations, &mut object.value().to_json()).is_ok()
        });
        if !fits {
            let object = shown(&prepared.target.change.reference);
            let why = "was changed otherwise than the dry run said: the undo file does not fit it";
            self.audience.note(&format!("{object} {why}"));
        }
    }

    /// The answer was lost, or is none: whether the change was made is seen on the object.
    fn find_out(&mut self, failure: &Failure, prepared: Prepared) {
        let reference = &prepared.target.change.reference;
        let object = self.read(&prepared.target).map(|object| object.value().to_json());
        match object {
            Ok(object) if operations::is_done(&prepared.operations, &object) => {
                let why = "is changed, though the server's answer was lost";
                self.audience.note(&format!("{} {why}: {}", shown(reference), failure.message));
                let done = self.done(prepared);
                self.outcome.done.push(done);
            }
            Ok(_) => {
                // It may still be on its way: what takes it back stays in the undo file.
                let hint = "look at it again: the server may still be at it";
                self.outcome.failed.push(gap(reference, &failure.message, hint));
            }
            Err(_) => {
                let why = format!("nobody knows whether it was changed: {}", failure.message);
                self.outcome.failed.push(gap(reference, &why, "look at it"));
            }
        }
    }

    fn forget(&mut self, object: &ObjectRef) {
        // An entry too many does no harm: its tests fail.
        if let Some(record) = &mut self.record
            && let Err(error) = record.forget(object)
        {
            self.audience.note(&error.to_string());
        }
    }

    fn done(&self, prepared: Prepared) -> Done {
        let Prepared { target, operations, diff, .. } = prepared;
        let object = target.change.reference;
        let command = command::patch(&self.options.kubectl, &target.resource, &object, &operations);
        Done { object, command, diff, operations }
    }
}
