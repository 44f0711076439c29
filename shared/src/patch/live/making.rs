//! The changes themselves, one after the other.

use std::collections::VecDeque;
use std::slice;

use serde_json::Value as Json;

use super::prepare::{contested, patch};
use super::{
    Answer, Done, DryRun, Fate, ObjectUndo, Prepared, Run, TRIES, command, gap, is_hopeless,
    operations, shown,
};
use crate::client::connection;
use crate::client::failure::{Failure, FailureKind};
use crate::input::live;
use crate::model::object::ObjectRef;

/// How many changes are written down to be undone at once, where nobody is asked about each.
const BATCH: usize = 100;

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
        let mut ready = VecDeque::from(ready);
        let mut announced = 0;
        while let Some(prepared) = ready.pop_front() {
            if announced > 0 {
                announced -= 1;
            } else if self.yes && self.record.is_some() {
                // Whatever follows is made without a question: one file for many is soon written.
                let entries = std::iter::once(&prepared).chain(&ready).take(BATCH);
                let entries: Vec<ObjectUndo> = entries.map(|next| next.undo.clone()).collect();
                announced = entries.len() - 1;
                if let Err(failure) = self.announce(entries) {
                    ready.push_front(prepared);
                    return self.stop(ready, &failure);
                }
            }
            match self.make(prepared, count - ready.len(), count) {
                Then::GoOn => {}
                Then::Quit => {
                    let rest = ready.drain(..).map(|rest| rest.target.change.reference);
                    self.outcome.declined.extend(rest);
                }
                Then::Stop(failure) => {
                    let idle: Vec<ObjectRef> = ready.iter().take(announced).map(of).collect();
                    self.forget(&idle);
                    return self.stop(ready, &failure);
                }
            }
        }
    }

    /// None of these can be made.
    fn stop(&mut self, rest: VecDeque<Prepared>, failure: &Failure) {
        for prepared in rest {
            self.outcome.note(Fate::failed(failure.clone(), &of(&prepared)));
        }
    }

    /// Writes down what takes changes back, before they are made.
    fn announce(&mut self, entries: Vec<ObjectUndo>) -> Result<(), Failure> {
        let Some(record) = &mut self.record else { return Ok(()) };
        record.objects(entries).map_err(|error| Failure {
            kind: FailureKind::Refused,
            message: format!("nothing is changed without an undo file: {error}"),
            status: None,
        })
    }

    /// Makes one change, anew for as long as somebody else is faster.
    fn make(&mut self, mut prepared: Prepared, number: usize, count: usize) -> Then {
        let mut is_announced = self.yes;
        for number_of_try in 1.. {
            let reference = of(&prepared);
            self.audience.diff(&prepared.diff);
            for note in &prepared.target.change.notes {
                self.audience.note(note);
            }
            if self.options.dry_run != DryRun::None {
                let shown = self.done(prepared);
                self.outcome.shown.push(shown);
                return Then::GoOn;
            }
            match self.answer(&prepared, number, count) {
                Answer::Yes | Answer::All => {}
                answer @ (Answer::No | Answer::Quit) => {
                    self.outcome.declined.push(reference);
                    return if answer == Answer::No { Then::GoOn } else { Then::Quit };
                }
            }
            if !is_announced && let Err(failure) = self.announce(vec![prepared.undo.clone()]) {
                self.outcome.note(Fate::failed(failure.clone(), &reference));
                return Then::Stop(failure);
            }
            let change = patch(self.options, &prepared.target, &prepared.operations, false);
            let failure = match self.connection.patch(&change) {
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
            self.forget(slice::from_ref(&reference));
            is_announced = false;
            if failure.kind != FailureKind::Conflict {
                let stop = is_hopeless(&failure).then(|| failure.clone());
                self.outcome.note(Fate::failed(failure, &reference));
                return stop.map_or(Then::GoOn, Then::Stop);
            }
            if number_of_try == TRIES {
                self.outcome.note(contested(&reference));
                break;
            }
            let anew = self.again(&prepared.target);
            match self.settled(anew) {
                Ok(anew) => prepared = anew,
                Err(fate) => {
                    self.outcome.note(fate);
                    break;
                }
            }
        }
        Then::GoOn
    }

    /// What somebody says to a change; yes where nobody is asked.
    fn answer(&mut self, prepared: &Prepared, number: usize, count: usize) -> Answer {
        if self.yes {
            return Answer::Yes;
        }
        let question = format!("{} {}?", self.verb, shown(&of(prepared)));
        let answer = self.audience.ask(&question, number, count, &prepared.diff);
        self.yes = answer == Answer::All;
        answer
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
        let object = prepared.target.read(self.connection).map(|object| object.value().to_json());
        match object {
            Ok(object) if is_made(&prepared, &object) => {
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

    fn forget(&mut self, objects: &[ObjectRef]) {
        // An entry too many does no harm: its tests fail.
        if let Some(record) = &mut self.record
            && let Err(error) = record.forget(objects)
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

/// Whether an object is as the dry run has said that it would be, at what is to be undone.
fn is_made(prepared: &Prepared, object: &Json) -> bool {
    let undo = &prepared.undo.operations;
    operations::is_done(&prepared.operations, object)
        || undo.iter().any(|operation| !operation.is_test())
            && operations::apply(undo, &mut object.clone()).is_ok()
}

fn of(prepared: &Prepared) -> ObjectRef {
    prepared.target.change.reference.clone()
}
