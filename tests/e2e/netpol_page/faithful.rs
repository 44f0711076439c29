//! The page says of every two workloads what the map was made from.

use kubectl_netpol::engine::verdict::Verdict;
use kubectl_netpol::picture::{Traffic, Who};
use posture_harness::browser::{Browser, Visit};

use crate::maps::{Making, large, small};

/// What the page has of every pair: a digit for what is allowed (1), depends (2) and is not known
/// (4), a line for each workload that connections are opened by.
const PAIRS: &str = "(() => {
  const bits = { allowed: 1, open: 1, depends: 2, unknown: 4 };
  const all = [...model.connections, ...model.open.connections];
  return model.workloads.map((from) => {
    const mine = all.filter((one) => one.from.members.has(from.index));
    return model.workloads.map((to) => from === to ? '-'
      : mine.filter((one) => one.to.members.has(to.index)).reduce((sum, one) => sum | bits[one.kind], 0)).join('');
  }).join('\\n');
})()";

/// The same from the rectangles, pair by pair.
fn pairs(traffic: &Traffic) -> String {
    let workloads: Vec<u32> = (0u32..)
        .zip(&traffic.parties)
        .filter(|(_, party)| matches!(party.who, Who::Workload { .. }))
        .map(|(number, _)| number)
        .collect();
    let open = |number: u32| traffic.parties[number as usize].open;
    let digit = |from: u32, to: u32| {
        if from == to {
            return "-".to_owned();
        }
        // What is open is allowed whatever else is said of it.
        if open(from).egress && open(to).ingress {
            return "1".to_owned();
        }
        let mut bits = 0;
        for flow in &traffic.flows {
            if flow.from.contains(from) && flow.to.contains(to) {
                bits |= match flow.verdict {
                    Verdict::Allowed => 1,
                    Verdict::Depends => 2,
                    Verdict::Unknown => 4,
                    Verdict::Denied => 0,
                };
            }
        }
        bits.to_string()
    };
    let line = |from: &u32| workloads.iter().map(|to| digit(*from, *to)).collect::<String>();
    workloads.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the matrix shows: names of namespaces that are connected, in order.
const CELLS: &str = "[...document.querySelectorAll('.matrix tbody td')]
  .filter((cell) => cell.title).map((cell) => cell.title.split(':')[0]).sort()";

/// The same from the pairs; what is outside stands beside the namespaces.
fn cells(made: &Making) -> Vec<String> {
    let report = made.report();
    let names: Vec<&str> =
        report.workloads.iter().filter_map(|one| one.object.namespace.as_deref()).collect();
    let mut found: Vec<String> = Vec::new();
    for (from, line) in pairs(&made.traffic).lines().enumerate() {
        for (to, digit) in line.chars().enumerate() {
            if digit != '0' && digit != '-' {
                found.push(format!("{} → {}", names[from], names[to]));
            }
        }
    }
    let outside =
        |number: u32| matches!(made.traffic.parties[number as usize].who, Who::External { .. });
    for (number, party) in (0usize..).zip(&made.traffic.parties).take(names.len()) {
        let own = u32::try_from(number).expect("few");
        let flows = &made.traffic.flows;
        let arrives =
            flows.iter().any(|flow| flow.to.contains(own) && flow.from.iter().any(outside));
        // The pods of one workload may reach each other, too.
        let among = flows.iter().any(|flow| flow.from.contains(own) && flow.to.contains(own));
        if among || (party.open.ingress && party.open.egress) {
            found.push(format!("{} → {}", names[number], names[number]));
        }
        if party.open.ingress || arrives {
            found.push(format!("Outside the cluster → {}", names[number]));
        }
        if party.open.egress {
            found.push(format!("{} → Outside the cluster", names[number]));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn every_pair_of_workloads_is_as_the_map_was_made() {
    let mut browser = Browser::start();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, made) in [("small", small()), ("large", large())] {
        let seen = browser
            .visit(
                &Visit::new(&made.page(folder.path()))
                    .at("view=matrix")
                    .evaluate(PAIRS)
                    .evaluate(CELLS),
            )
            .expect("the page opens");
        let expected = pairs(&made.traffic);
        let all = ["0", "1", "2", "4"].iter().all(|digit| expected.contains(digit));
        assert!(all || name == "small", "a verdict is missing");
        let found = seen.answers[0].as_str().expect("lines");
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{name}: whom workload {number} reaches");
        }
        assert_eq!(found.len(), expected.len(), "{name}");
        assert_eq!(seen.answers[1], serde_json::json!(cells(&made)), "{name}");
    }
}
