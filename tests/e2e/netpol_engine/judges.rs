//! The judges, and their answers.

use posture_generators::cluster::points::Question;
use posture_harness::judge::LineJudge;
use serde::Deserialize;

/// The program that follows the specification to the letter.
const REFERENCE: &str = "netpol-reference";

/// The libraries: what of the specification they do otherwise, their programs do not answer.
pub(crate) const LIBRARIES: [&str; 3] = ["kube-network-policies", "cyclonus", "netpol-analyzer"];

/// What a judge says of a question: a text for each pair with a sign for each port.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) verdicts: Vec<String>,
    /// What the API server would refuse of the cluster.
    invalid: Vec<String>,
}

/// What a judge says of a connection.
pub(crate) mod sign {
    pub(crate) const ALLOWED: u8 = b'1';
    pub(crate) const DENIED: u8 = b'0';
    /// The specification does not tell.
    pub(crate) const OPEN: u8 = b'?';
    /// The judge is known to depart from the specification.
    pub(crate) const NOT_JUDGED: u8 = b'-';
}

/// The judges, started.
pub(crate) struct Judges {
    reference: LineJudge,
    libraries: Vec<LineJudge>,
}

impl Judges {
    pub(crate) fn start() -> Self {
        Self {
            reference: LineJudge::start(REFERENCE),
            libraries: LIBRARIES.map(LineJudge::start).into(),
        }
    }

    /// The reference's answers.
    pub(crate) fn reference(&mut self, questions: &[Question<'_>]) -> Vec<Answer> {
        asked(&mut self.reference, questions)
    }

    /// The libraries' answers, in the order of [`LIBRARIES`].
    pub(crate) fn libraries(&mut self, questions: &[Question<'_>]) -> Vec<Vec<Answer>> {
        self.libraries.iter_mut().map(|judge| asked(judge, questions)).collect()
    }
}

fn asked(judge: &mut LineJudge, questions: &[Question<'_>]) -> Vec<Answer> {
    let answers: Vec<Answer> = judge.ask_all(questions);
    for (question, answer) in questions.iter().zip(&answers) {
        assert!(answer.invalid.is_empty(), "the server would refuse {:?}", answer.invalid);
        let whole = |signs: &String| signs.len() == question.ports.len();
        assert!(answer.verdicts.len() == question.pairs.len() && answer.verdicts.iter().all(whole));
    }
    answers
}
