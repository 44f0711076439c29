//! `quota`: the LimitRanges and ResourceQuotas of the namespace admit the pod.

use super::{Answer, Facts, Requirement, Unmet, at, subject};
use crate::quota::{self, Arrival, Demand, Refusal};
use crate::violation::{Subject, Violation};

pub(super) static CHECK: Requirement = Requirement {
    check: identity!("quota", "a LimitRange or ResourceQuota refuses the pod", "quota.md"),
    find,
    needs: &[("limitranges", "LimitRange"), ("resourcequotas", "ResourceQuota")],
};

fn find(facts: &Facts<'_, '_>, answer: &mut Answer) {
    let arrival = Arrival {
        template: facts.template,
        server: facts.server,
        replicas: quota::replicas(facts.object),
        counted: facts.counted,
    };
    let decision = quota::decide(arrival, facts.neighbours, facts.around);
    answer.unknown.extend(decision.unknown);
    for refusal in decision.refusals {
        let unmet = unmet(facts, refusal);
        // Of several objects that refuse the same, one finding tells all.
        let same = answer.unmet.iter_mut().find(|known| known.violation.path == unmet.violation.path);
        match same {
            Some(known) => {
                let texts = known.says.iter().chain(&unmet.says);
                known.says = Some(texts.cloned().collect::<Vec<_>>().join("; "));
            }
            None => answer.unmet.push(unmet),
        }
    }
}

fn unmet(facts: &Facts<'_, '_>, refusal: Refusal) -> Unmet {
    let subject = match refusal.container {
        Some(index) => {
            let containers = Demand::containers_of(facts.template);
            containers.get(index).map_or(Subject::Pod, subject)
        }
        None => Subject::Pod,
    };
    let advice = match &refusal.by {
        Some(by) => format!("ask for what {by} admits, or have it changed"),
        None => "make requests and limits fit together; a LimitRange may have set one".to_owned(),
    };
    let value = at(facts.template.value, &refusal.path);
    let mut violation = Violation::missing(subject, refusal.path).at(value).advise(advice);
    violation.value = refusal.asked.or(violation.value);
    violation.allowed = refusal.limits;
    let says = match refusal.admitted {
        Some((admitted, all)) => format!("{admitted} of {all} pods fit: {}", refusal.text),
        None => refusal.text,
    };
    Unmet { violation, says: Some(says) }
}
