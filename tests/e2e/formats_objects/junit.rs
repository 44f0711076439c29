//! `junit`, read by a consumer's own reader.

use std::collections::BTreeMap;

use posture::render::escape::escape;
use posture_generators::random::Random;
use posture_harness::judge::LineJudge;
use posture_harness::{score, seed};
use serde_json::{Value, json};

use super::input::Input;

/// How many hostile objects are read.
const OBJECTS: [usize; 2] = [300, 5_000];

/// What a reader makes of the format.
fn read(judge: &mut LineJudge, input: &Input) -> Vec<Value> {
    let run = input.run(&["-o", "junit"]);
    let mut answer: Value = judge.ask(&json!({ "kind": "junit", "text": run.stdout }));
    assert!(answer["error"].is_null(), "{answer}\n{}", run.stdout);
    answer["suites"].as_array_mut().map(std::mem::take).unwrap()
}

fn lines(text: &Value) -> impl Iterator<Item = &str> {
    text.as_str().unwrap_or_default().lines()
}

#[test]
fn a_reader_finds_every_object_and_every_finding() {
    let mut random = Random::new(seed::seed());
    let mut judge = LineJudge::start("formats");
    let hostile = Input::hostile(&mut random, seed::scaled(OBJECTS[0], OBJECTS[1]));
    let mut compared = 0;
    for input in [Input::clean(), Input::single(), Input::mixed(), Input::many(), hostile] {
        let report = input.json();
        let suites = read(&mut judge, &input);
        let mut expected: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
        let text = |value: &Value, key: &str| {
            escape(value[key].as_str().unwrap_or_default()).replace(['\u{fffe}'], "\\u{fffe}")
        };
        for object in report["objects"].as_array().unwrap() {
            let namespace = object["namespace"]
                .as_str()
                .map_or_else(|| "_cluster".to_owned(), |_| text(object, "namespace"));
            expected.entry((namespace, text(object, "name"))).or_default();
        }
        for finding in report["findings"].as_array().unwrap() {
            let object = &finding["object"];
            let namespace = object["namespace"]
                .as_str()
                .map_or_else(|| "_cluster".to_owned(), |_| text(object, "namespace"));
            let marks = (
                format!("{}: {}: ", text(finding, "severity"), text(finding, "check")),
                text(finding, "message"),
            );
            expected.get_mut(&(namespace, text(object, "name"))).unwrap().push(marks);
        }
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let mut gaps = 0;
        for suite in &suites {
            let tests = suite["tests"].as_array().unwrap();
            let counted =
                |status: &str| tests.iter().filter(|test| test["status"] == status).count();
            let said =
                |key: &str| suite["properties"][key].as_str().unwrap().parse::<usize>().unwrap();
            assert_eq!(said("tests"), tests.len());
            assert_eq!(said("failures"), counted("failed"));
            assert_eq!(said("errors"), counted("error"));
            assert_eq!(said("skipped"), counted("skipped"));
            for test in tests {
                let class = test["classname"].as_str().unwrap();
                let namespace = class.strip_prefix("kubectl-pss.").unwrap();
                assert_eq!(suite["name"], namespace);
                let name = test["name"].as_str().unwrap();
                if namespace == "gaps" {
                    assert_eq!(test["status"], "error");
                    gaps += 1;
                    continue;
                }
                let (_, name) = name.split_once('/').unwrap();
                let all = found.entry((namespace.to_owned(), name.to_owned())).or_default();
                let failing: Vec<&str> = lines(&test["error"]["body"]).collect();
                assert_eq!(test["status"] == "failed", !failing.is_empty());
                assert!(
                    failing
                        .iter()
                        .all(|line| line.contains(": error: ") || line.starts_with("error: "))
                );
                all.extend(failing.into_iter().map(str::to_owned));
                all.extend(lines(&test["stdout"]).map(str::to_owned));
            }
        }
        assert_eq!(gaps, report["gaps"].as_array().unwrap().len());
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (key, findings) in &expected {
            for (start, message) in findings {
                let line = |line: &&String| {
                    line.contains(start.as_str()) && line.contains(message.as_str())
                };
                assert!(
                    found[key].iter().any(|own| line(&own)),
                    "{start}{message} of {key:?}: {:?}",
                    found[key]
                );
                compared += 1;
            }
        }
    }
    score::record(
        "formats_junit",
        "JUnit, read by joshdk/go-junit",
        &format!("{compared} findings"),
        0,
    );
}

#[test]
fn places_are_those_of_the_chart() {
    let mut judge = LineJudge::start("formats");
    let suites = read(&mut judge, &Input::mixed());
    let team = suites.iter().find(|suite| suite["name"] == "team-a").unwrap();
    for test in team["tests"].as_array().unwrap() {
        assert_eq!(test["properties"]["file"], "shop/templates/web.yaml");
        assert!(test["properties"]["line"].is_null(), "the line is that of what was rendered");
    }
    let team = suites.iter().find(|suite| suite["name"] == "team-b").unwrap();
    let properties = &team["tests"][0]["properties"];
    assert_eq!(properties["file"], "out/rendered.yaml");
    assert!(properties["line"].is_string(), "{properties}");
}
