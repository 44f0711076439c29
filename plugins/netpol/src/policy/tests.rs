//! What objects read as, and what servers say of those that they refuse; the real server judges
//! many more in tests/e2e.

use std::fmt::Write as _;
use std::sync::Arc;

use posture::input::yaml;
use posture::model::labels::LabelSelector;
use posture::model::object::Object;
use posture::model::path::FieldPath;
use posture::model::source::Source;
use posture::model::version::{Minor, NEWEST};

use super::*;

/// An object of a text, as it stands in a file.
fn object(text: &str) -> Object {
    let source = Arc::new(Source::new("policy.yaml", text.into()));
    let tree = yaml::single_document(&source).unwrap().unwrap();
    let root = tree.root().id();
    Object::new(tree, root, FieldPath::root(), None)
}

/// An object of a kind; the lines of its spec.
fn with_spec(api_version: &str, kind: &str, name: &str, spec: &str) -> Object {
    let mut text =
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n");
    for line in spec.lines() {
        writeln!(text, "  {line}").unwrap();
    }
    object(&text)
}

fn v1(spec: &str) -> Object {
    with_spec("networking.k8s.io/v1", "NetworkPolicy", "p", spec)
}

/// A policy of the other group with all that its definition asks for, and more.
fn admin(kind: &str, more: &str) -> Object {
    let (version, first) = match kind {
        "ClusterNetworkPolicy" => ("v1alpha2", "tier: Admin\npriority: 7\n"),
        "AdminNetworkPolicy" => ("v1alpha1", "priority: 7\n"),
        _ => ("v1alpha1", ""),
    };
    let spec = format!("{first}subject: {{namespaces: {{}}}}\n{more}");
    with_spec(&format!("policy.networking.k8s.io/{version}"), kind, "default", &spec)
}

fn policy(object: &Object) -> Policy {
    match read(object, "shop") {
        Read::Policy(policy) => policy,
        other => panic!("{other:?}"),
    }
}

fn selector(selector: &LabelSelector) -> String {
    let requirements = selector.requirements().iter();
    let words = requirements.map(|requirement| {
        format!(
            "{} {:?} {}",
            requirement.key(),
            requirement.operator(),
            requirement.values().join("|")
        )
    });
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

fn pods(pods: &Pods) -> String {
    match &pods.namespaces {
        Namespaces::Own => format!("own {}", selector(&pods.pods)),
        Namespaces::Selected(namespaces) => {
            format!("of {} {}", selector(namespaces), selector(&pods.pods))
        }
    }
}

fn who(who: &Who) -> String {
    match who {
        Who::Pods(selected) => pods(selected),
        Who::Block { cidr, except, reaches_pods } => {
            let except: Vec<String> = except.iter().map(ToString::to_string).collect();
            format!("{cidr} -{} {reaches_pods}", except.join(","))
        }
        Who::Nodes(nodes) => format!("nodes {}", selector(nodes)),
        Who::Domains(names) => format!("names {}", names.join(",")),
        Who::Unknown(what) => format!("unknown {what}"),
    }
}

fn port(port: &Port) -> String {
    match port {
        Port::Range { protocol, first, last } => format!("{protocol} {first}-{last}"),
        Port::Named { protocol, name } => format!("{protocol:?} {name}"),
    }
}

/// A rule in one line: action, peers, ports.
fn rule(rule: &Rule) -> String {
    let all = |texts: Option<Vec<String>>| texts.map_or("*".to_owned(), |texts| texts.join("; "));
    let peers = rule.peers.as_ref().map(|peers| peers.iter().map(|peer| who(&peer.who)).collect());
    let ports = rule.ports.as_ref().map(|ports| ports.iter().map(port).collect());
    format!("{:?} {} @ {}", rule.action, all(peers), all(ports))
}

/// The rules of a section.
fn rules(section: &Section) -> Vec<String> {
    section.rules.iter().map(rule).collect()
}

/// The only ingress rule of a `NetworkPolicy` with these lines in it.
fn ingress(lines: &str) -> String {
    let found = rules(&policy(&v1(&format!("ingress:\n- {lines}"))).ingress);
    assert_eq!(found.len(), 1, "{lines}");
    found[0].clone()
}

/// What a server says of an object.
fn said(object: &Object, server: u16) -> String {
    match read_new(object, "shop", Minor(server)) {
        Read::Refused(refused) => refused.message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_kinds_of_the_right_groups_are_read() {
    for (version, kind, is_ours) in [
        ("networking.k8s.io/v1", "NetworkPolicy", true),
        ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", true),
        ("policy.networking.k8s.io/v1beta1", "ClusterNetworkPolicy", true),
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", true),
        ("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", true),
        ("networking.k8s.aws/v1alpha1", "ClusterNetworkPolicy", false),
        ("crd.projectcalico.org/v1", "NetworkPolicy", false),
        ("networking.k8s.io/v1", "Ingress", false),
        ("v1", "NetworkPolicy", false),
    ] {
        let object = with_spec(version, kind, "default", "podSelector: {}");
        assert_eq!(!matches!(read(&object, "shop"), Read::NotOurs), is_ours, "{version} {kind}");
    }
    for version in ["extensions/v1beta1", "networking.k8s.io/v1beta1", "networking.k8s.io/v2"] {
        let object = with_spec(version, "NetworkPolicy", "p", "podSelector: {}");
        let message = format!("no matches for kind \"NetworkPolicy\" in version \"{version}\"");
        assert_eq!(said(&object, NEWEST.0), message);
        assert!(
            matches!(read(&object, "shop"), Read::Refused(refused) if refused.message == message)
        );
    }
}

#[test]
fn directions_count_as_the_server_fills_them_in() {
    for (spec, ingress, egress) in [
        ("podSelector: {}", true, false),
        ("", true, false),
        ("policyTypes: []", true, false),
        ("policyTypes: null", true, false),
        ("egress: []", true, false),
        ("egress: null", true, false),
        ("egress: [{}]", true, true),
        ("egress: [null]", true, true),
        ("ingress: [{}]", true, false),
        ("policyTypes: [Egress]", false, true),
        ("policyTypes: [Egress]\ningress: [{}]", false, true),
        ("policyTypes: [Ingress]\negress: [{}]", true, false),
        ("policyTypes: [Ingress, Egress]", true, true),
        ("policyTypes: [Ingress, Ingress]", true, false),
        ("policyTypes: [Egress, Ingress]\negress: []", true, true),
    ] {
        let policy = policy(&v1(spec));
        assert_eq!((policy.ingress.active, policy.egress.active), (ingress, egress), "{spec}");
    }
    // What does not count is still there.
    let policy = policy(&v1("policyTypes: [Egress]\ningress: [{}]"));
    assert_eq!(rules(&policy.ingress), ["Allow * @ *"]);
}

#[test]
fn rules_and_ports() {
    for (lines, read) in [
        ("{}", "Allow * @ *"),
        ("null", "Allow * @ *"),
        ("from: []\n  ports: []", "Allow * @ *"),
        ("from: null\n  ports: null", "Allow * @ *"),
        ("ports: [{}]", "Allow * @ TCP 1-65535"),
        ("ports: [null]", "Allow * @ TCP 1-65535"),
        ("ports: [{protocol: null, port: null}]", "Allow * @ TCP 1-65535"),
        ("ports: [{protocol: UDP}]", "Allow * @ UDP 1-65535"),
        ("ports: [{port: 80}, {protocol: SCTP, port: 81}]", "Allow * @ TCP 80-80; SCTP 81-81"),
        ("ports: [{port: 1, endPort: 65535}]", "Allow * @ TCP 1-65535"),
        ("ports: [{port: 80, endPort: 80}]", "Allow * @ TCP 80-80"),
        ("ports: [{port: web}]", "Allow * @ Some(Tcp) web"),
        ("ports: [{port: dns, protocol: UDP}]", "Allow * @ Some(Udp) dns"),
        // Text is a name, also where it looks like a number; this one has no letter.
        ("ports: [{port: 0x50}]", "Allow * @ TCP 80-80"),
        ("ports: [{port: \"80a\"}]", "Allow * @ Some(Tcp) 80a"),
    ] {
        assert_eq!(ingress(lines), read, "{lines}");
    }
}

#[test]
fn peers() {
    for (peer, read) in [
        ("{podSelector: {}}", "own []"),
        ("{podSelector: {matchLabels: {a: b}}}", "own [a In b]"),
        ("{podSelector: {matchLabels: {a: \"\"}}}", "own [a In ]"),
        ("{podSelector: {matchLabels: {a: null}}}", "own [a In ]"),
        ("{namespaceSelector: {}}", "of [] []"),
        ("{podSelector: null, namespaceSelector: {}}", "of [] []"),
        (
            "{namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchExpressions: \
             [{key: k, operator: NotIn, values: [z, x, z]}, {key: e, operator: Exists}]}}",
            "of [a In b] [k NotIn x|z, e Exists ]",
        ),
        ("{ipBlock: {cidr: 10.0.0.0/8}}", "10.0.0.0/8 - false"),
        ("{ipBlock: {cidr: 10.1.2.3/8}}", "10.0.0.0/8 - false"),
        ("{ipBlock: {cidr: 010.0.0.0/08}}", "10.0.0.0/8 - false"),
        ("{ipBlock: {cidr: \"::ffff:10.0.0.0/104\"}}", "10.0.0.0/8 - false"),
        ("{ipBlock: {cidr: \"::/0\", except: [\"2001:DB8::1/32\"]}}", "::/0 -2001:db8::/32 false"),
        (
            "{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.169.254/32]}}",
            "0.0.0.0/0 -10.0.0.0/8,169.254.169.254/32 false",
        ),
    ] {
        let wanted = format!("Allow {read} @ *");
        assert_eq!(ingress(&format!("from: [{peer}]")), wanted, "{peer}");
    }
}

#[test]
fn who_and_where() {
    let read = policy(&v1(
        "podSelector: {matchLabels: {app: web}}\negress:\n- {}\n- to:\n  - podSelector: {}\n  - ipBlock: {cidr: 10.0.0.0/8}",
    ));
    assert_eq!(read.object.to_string(), "networkpolicy.networking.k8s.io/p");
    assert_eq!(read.object.namespace.as_deref(), Some("shop"));
    assert_eq!((read.tier, read.priority), (Tier::NetworkPolicy, 0));
    assert_eq!(pods(&read.subject), "own [app In web]");
    let second = &read.egress.rules[1];
    let peer = &second.peers.as_ref().unwrap()[1];
    assert_eq!(second.path.to_string(), "spec.egress[1]");
    assert_eq!(peer.path.to_string(), "spec.egress[1].to[1]");
    let line = |mark: &Option<Mark>| mark.as_ref().map(Mark::line);
    assert_eq!([line(&read.mark), line(&second.mark), line(&peer.mark)], [1, 9, 11].map(Some));
}

#[test]
fn values_of_other_types_are_refused_and_never_read_as_nothing() {
    let wrong = |spec: &str| said(&v1(spec), NEWEST.0);
    for (spec, field) in [
        (
            "ingress: {}",
            "object into Go struct field NetworkPolicySpec.spec.ingress of type []v1.NetworkPolicyIngressRule",
        ),
        (
            "podSelector: []",
            "array into Go struct field NetworkPolicySpec.spec.podSelector of type v1.LabelSelector",
        ),
        (
            "podSelector: {matchLabels: []}",
            "array into Go struct field LabelSelector.spec.podSelector.matchLabels of type map[string]string",
        ),
        (
            "policyTypes: Ingress",
            "string into Go struct field NetworkPolicySpec.spec.policyTypes of type []v1.PolicyType",
        ),
        (
            "ingress: [{ports: [{endPort: \"80\"}]}]",
            "string into Go struct field NetworkPolicyPort.spec.ingress.ports.endPort of type int32",
        ),
    ] {
        let start = "NetworkPolicy in version \"v1\" cannot be handled as a NetworkPolicy: json: cannot unmarshal";
        assert_eq!(wrong(spec), format!("{start} {field}"));
        assert!(matches!(read(&v1(spec), "shop"), Read::Refused(_)), "{spec}");
    }
}

#[test]
fn refusals_in_the_servers_words() {
    let one = |spec: &str, server| {
        let said = said(&v1(spec), server);
        let start = "NetworkPolicy.networking.k8s.io \"p\" is invalid: spec.";
        said.strip_prefix(start).unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    for (spec, words) in [
        ("ingress: [{from: [{}]}]", "ingress[0].from[0]: Required value: must specify a peer"),
        ("egress: [{to: [null]}]", "egress[0].to[0]: Required value: must specify a peer"),
        (
            "ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]",
            "ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
        ),
        ("ingress: [{from: [{ipBlock: {}}]}]", "ingress[0].from[0].ipBlock.cidr: Required value"),
        (
            "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]",
            "ingress[0].from[0].ipBlock.cidr: Invalid value: \"10.0.0.0\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
        (
            "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]",
            "ingress[0].from[0].ipBlock.except[0]: Invalid value: \"11.0.0.0/16\": must be a strict subset of `cidr`",
        ),
        (
            "ingress: [{ports: [{protocol: tcp}]}]",
            "ingress[0].ports[0].protocol: Unsupported value: \"tcp\": supported values: \"TCP\", \"UDP\", \"SCTP\"",
        ),
        (
            "ingress: [{ports: [{port: 0}]}]",
            "ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            "ingress: [{ports: [{port: \"80\"}]}]",
            "ingress[0].ports[0].port: Invalid value: \"80\": must contain at least one letter (a-z)",
        ),
        (
            "ingress: [{ports: [{port: 80, endPort: 79}]}]",
            "ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`",
        ),
        (
            "ingress: [{ports: [{port: web, endPort: 79}]}]",
            "ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is non-numeric",
        ),
        (
            "ingress: [{ports: [{endPort: 79}]}]",
            "ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is not specified",
        ),
        (
            "policyTypes: [Ingress, ingress]",
            "policyTypes[1]: Unsupported value: \"ingress\": supported values: \"Ingress\", \"Egress\"",
        ),
        (
            "policyTypes: [Ingress, Egress, Egress]",
            "policyTypes: Invalid value: [\"Ingress\",\"Egress\",\"Egress\"]: may not specify more than two policyTypes",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: in}]}",
            "podSelector.matchExpressions[0].operator: Invalid value: \"in\": not a valid selector operator",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: In}]}",
            "podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            "podSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
    ] {
        assert_eq!(one(spec, NEWEST.0), words, "{spec}");
        assert!(matches!(read(&v1(spec), "shop"), Read::Refused(_)), "{spec}");
    }
    let both = said(&v1("ingress: [{from: [{}], ports: [{port: 0}]}]"), NEWEST.0);
    assert!(both.contains("is invalid: [spec.ingress[0].ports[0].port: Invalid"), "{both}");
    // Older releases have other words.
    let end = "ingress: [{ports: [{port: 80, endPort: 79}]}]";
    assert!(one(end, 36).contains("endPort: Invalid value: 80: must be greater"));
    let types = "policyTypes: [Ingress, Egress, Egress]";
    assert!(one(types, 33).contains(
        "Invalid value: []networking.PolicyType{\"Ingress\", \"Egress\", \"Egress\"}: may not"
    ));
}

#[test]
fn blocks_that_only_newer_releases_refuse() {
    for (cidr, why) in [
        ("10.1.2.3/8", "must not have bits set beyond the prefix length"),
        ("010.0.0.0/8", "must not have leading 0s in IP or prefix length"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("::ffff:10.0.0.0/104", "must not have an IPv4-mapped IPv6 address"),
    ] {
        let object = v1(&format!("egress: [{{to: [{{ipBlock: {{cidr: \"{cidr}\"}}}}]}}]"));
        assert_eq!(validate(&object, Minor(35)), [], "{cidr}");
        let path = "spec.egress[0].to[0].ipBlock.cidr";
        let message = format!("{path}: Invalid value: \"{cidr}\": {why}");
        let faults = validate(&object, Minor(36));
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].path.to_string().as_str(), &faults[0].message), (path, &message));
        // A server that holds it goes on doing so.
        assert!(matches!(read(&object, "shop"), Read::Policy(_)));
        assert!(matches!(read_new(&object, "shop", Minor(35)), Read::Policy(_)));
        assert!(matches!(read_new(&object, "shop", Minor(36)), Read::Refused(_)));
    }
}

#[test]
fn what_is_declared_comes_last() {
    let spec = "egress: [{to: [{ipBlock: {}}, {}]}]";
    let order = |server| {
        let faults = validate(&v1(spec), Minor(server));
        faults.iter().map(|fault| fault.path.to_string()).collect::<Vec<_>>()
    };
    let (block, peer) = ("spec.egress[0].to[0].ipBlock.cidr", "spec.egress[0].to[1]");
    assert_eq!(order(37), [peer, block]);
    assert_eq!(order(36), [block, peer]);
}

#[test]
fn a_refusal_has_a_place() {
    let object = v1("podSelector: {}\ningress:\n- from:\n  - podSelector: {}\n  - {}");
    let Read::Refused(refused) = read(&object, "shop") else { panic!("it is taken") };
    assert_eq!(refused.path.to_string(), "spec.ingress[0].from[1]");
    assert_eq!(refused.mark.map(|mark| mark.line()), Some(10));
}

#[test]
fn tiers_priorities_and_subjects() {
    for (kind, tier, priority) in [
        ("ClusterNetworkPolicy", Tier::Admin, 7),
        ("AdminNetworkPolicy", Tier::Admin, 7),
        ("BaselineAdminNetworkPolicy", Tier::Baseline, 0),
    ] {
        let read = policy(&admin(kind, ""));
        assert_eq!((read.tier, read.priority), (tier, priority), "{kind}");
        assert_eq!(read.object.namespace, None);
        assert_eq!(pods(&read.subject), "of [] []");
        assert!(read.ingress.active && read.egress.active && read.ingress.rules.is_empty());
    }
    let of = |spec: &str| {
        let version = "policy.networking.k8s.io/v1beta1";
        with_spec(version, "ClusterNetworkPolicy", "p", spec)
    };
    let read = policy(&of(
        "tier: Baseline\npriority: 0\nsubject: {pods: {namespaceSelector: {matchLabels: {a: b}}, podSelector: {matchLabels: {c: d}}}}",
    ));
    assert_eq!((read.tier, read.priority), (Tier::Baseline, 0));
    assert_eq!(pods(&read.subject), "of [a In b] [c In d]");
    for spec in [
        "priority: 0\nsubject: {namespaces: {}}",
        "tier: Cluster\npriority: 0\nsubject: {namespaces: {}}",
        "tier: Admin\nsubject: {namespaces: {}}",
        "tier: Admin\npriority: 0",
        "tier: Admin\npriority: 0\nsubject: {}",
        "tier: Admin\npriority: 0\nsubject: {newer: {}}",
        "tier: Admin\npriority: 0\nsubject: {namespaces: {}, pods: {podSelector: {}}}",
        "tier: Admin\npriority: 0\nsubject: {namespaces: {matchExpressions: [{key: a, operator: Like}]}}",
        "tier: Admin\npriority: 0\nsubject: {namespaces: {}}\ningress: [{action: Log, from: [{namespaces: {}}]}]",
        "tier: Admin\npriority: 0\nsubject: {namespaces: {}}\ningress: [{action: Deny}]",
    ] {
        assert!(matches!(super::read(&of(spec), ""), Read::Refused(_)), "{spec}");
    }
}

#[test]
fn peers_of_the_other_kinds() {
    for (kind, peer, wanted) in [
        ("C", "{namespaces: {matchLabels: {a: b}}}", "of [a In b] []"),
        ("C", "{pods: {podSelector: {matchLabels: {a: b}}}}", "of [] [a In b]"),
        ("A", "{pods: {namespaceSelector: {}, podSelector: {}}}", "of [] []"),
        ("C", "{nodes: {matchLabels: {a: b}}}", "nodes [a In b]"),
        ("C", "{networks: [10.0.0.0/8, \"::/0\"]}", "10.0.0.0/8 - true; ::/0 - true"),
        ("C", "{domainNames: [\"*.example.com\"]}", "names *.example.com"),
        ("C", "{}", "unknown "),
        ("C", "null", "unknown "),
        ("C", "{newer: {}}", "unknown newer"),
        ("C", "{namespaces: {}, newer: {}}", "unknown namespaces, newer"),
        ("C", "{networks: []}", "unknown networks"),
        ("C", "{networks: [x]}", "unknown networks"),
        ("C", "{namespaces: {matchExpressions: [{key: a, operator: Like}]}}", "unknown namespaces"),
        // The form of v0.1.1 and before.
        ("A", "{namespaces: {namespaceSelector: {matchLabels: {a: b}}}}", "of [a In b] []"),
        ("B", "{namespaces: {sameLabels: [a]}}", "unknown namespaces"),
        ("A", "{namespaces: {notSameLabels: [a]}}", "unknown namespaces"),
        (
            "A",
            "{pods: {namespaces: {namespaceSelector: {matchLabels: {a: b}}}, podSelector: {}}}",
            "of [a In b] []",
        ),
        ("C", "{namespaces: {namespaceSelector: {}}}", "unknown namespaces"),
    ] {
        let kind = match kind {
            "C" => "ClusterNetworkPolicy",
            "A" => "AdminNetworkPolicy",
            _ => "BaselineAdminNetworkPolicy",
        };
        let read = policy(&admin(kind, &format!("egress: [{{action: Deny, to: [{peer}]}}]")));
        assert_eq!(rules(&read.egress), [format!("Deny {wanted} @ *")], "{kind} {peer}");
    }
    // No address can be where traffic comes from.
    let more = "ingress: [{action: Accept, name: first, from: [{networks: [10.0.0.0/8]}]}]";
    let read = policy(&admin("ClusterNetworkPolicy", more));
    assert_eq!(rules(&read.ingress), ["Allow unknown networks @ *"]);
    assert_eq!(read.ingress.rules[0].name.as_deref(), Some("first"));
    let read = policy(&admin(
        "ClusterNetworkPolicy",
        "egress: [{action: Pass, to: [{networks: [10.0.0.0/8, 11.0.0.0/8]}]}]",
    ));
    let paths = read.egress.rules[0].peers.iter().flatten().map(|peer| peer.path.to_string());
    let base = "spec.egress[0].to[0].networks";
    assert_eq!(paths.collect::<Vec<_>>(), [format!("{base}[0]"), format!("{base}[1]")]);
}

#[test]
fn ports_of_the_other_kinds() {
    for (kind, action, ports, wanted) in [
        ("C", "Deny", "[{tcp: {destinationPort: {number: 80}}}]", "of [] [] @ TCP 80-80"),
        (
            "C",
            "Deny",
            "[{udp: {destinationPort: {range: {start: 1, end: 9}}}}, {destinationNamedPort: web}]",
            "of [] [] @ UDP 1-9; None web",
        ),
        ("C", "Deny", "null", "of [] [] @ *"),
        ("A", "Deny", "[{portNumber: {port: 80}}]", "of [] [] @ TCP 80-80"),
        (
            "A",
            "Deny",
            "[{portNumber: {protocol: SCTP, port: 80}}, {portRange: {start: 1, end: 2}}, {namedPort: web}]",
            "of [] [] @ SCTP 80-80; TCP 1-2; None web",
        ),
        // Their definition takes both; there is no such traffic.
        ("A", "Deny", "[{portNumber: {protocol: tcp, port: 80}}]", "of [] [] @ "),
        ("A", "Deny", "[{portRange: {start: 9, end: 1}}]", "of [] [] @ "),
        // What is not known: a rule that allows has nothing of it, others deny everything.
        (
            "C",
            "Allow",
            "[{icmp: {}}, {tcp: {destinationPort: {number: 80}}}]",
            "of [] [] @ TCP 80-80",
        ),
        ("C", "Deny", "[{icmp: {}}]", "of [] []; unknown icmp @ "),
        ("C", "Pass", "[{tcp: {newer: 1}}]", "of [] []; unknown tcp @ "),
        ("C", "Allow", "[{tcp: {}}]", "of [] [] @ "),
    ] {
        let (kind, field, word) = match kind {
            "C" if action == "Allow" => ("ClusterNetworkPolicy", "protocols", "Accept"),
            "C" => ("ClusterNetworkPolicy", "protocols", action),
            _ => ("AdminNetworkPolicy", "ports", action),
        };
        let more = format!(
            "ingress: [{{action: {word}, from: [{{namespaces: {{}}}}], {field}: {ports}}}]"
        );
        let read = policy(&admin(kind, &more));
        assert_eq!(rules(&read.ingress), [format!("{action} {wanted}")], "{kind} {ports}");
    }
}
