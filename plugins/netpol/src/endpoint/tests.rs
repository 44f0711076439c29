//! What words mean, and what is said of those that mean nothing.
#![cfg(test)]

use super::{Resolved, destination, source};
use crate::engine::verdict::End;
use crate::testing::objects;
use crate::world::World;

const CLUSTER: &str = r#"
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: d}, spec: {replicas: 0,
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}}}
---
{apiVersion: x.io/v1, kind: Rollout, metadata: {name: roll, namespace: shop}, spec: {
  template: {metadata: {labels: {app: roll}}, spec: {containers: [{name: c, image: x}]}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: data, labels: {app: db}}, spec: {nodeName: n1,
  containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}, status: {podIP: 10.0.0.5}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db-1.a, namespace: data, labels: {app: db}}, spec: {nodeName: n1,
  containers: [{name: c, ports: [{name: sql, containerPort: 5433}]}]}, status: {podIP: 10.0.0.6}}
---
{apiVersion: v1, kind: Pod, metadata: {name: proxy, namespace: kube-system}, spec: {nodeName: n1, hostNetwork: true,
  containers: [{name: c}]}, status: {podIP: 192.168.0.1}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: data}, spec: {clusterIP: 10.96.0.7, selector: {app: db},
  ports: [{name: sql, port: 3306, targetPort: sql}, {name: stats, port: 80, targetPort: 9102}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: peers, namespace: data}, spec: {clusterIP: None, selector: {app: db},
  ports: [{port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: far, namespace: data}, spec: {type: ExternalName, externalName: db.example.com}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {node-role.kubernetes.io/control-plane: ""}},
  status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
"#;

const API: &str = r"---
{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}},
  endpoints: [{addresses: [192.168.0.1]}, {addresses: [192.168.0.99]}], ports: [{port: 6443, name: https}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: ingress, namespace: in, labels: {app.kubernetes.io/name: traefik}}, spec: {containers: [{name: c}]}}
";

fn world(text: &str) -> World {
    World::of(objects(text).iter(), "default")
}

/// Words, then each way with its ends: pods by their names.
fn tell(world: &World, resolved: &Resolved) -> Vec<String> {
    let mut told = vec![resolved.words.clone()];
    for way in &resolved.ways {
        let end = |(end, ports): &(End, crate::ports::PortSet)| {
            let name = match end {
                End::Pod(pod) => world.texts.get(world.pods[*pod as usize].name).to_owned(),
                End::Node(node) => format!("node {}", world.nodes[*node as usize].name),
                End::Address(address) => address.to_string(),
                End::AnyPod | End::Outside => panic!("{end:?} stands for nobody known"),
            };
            format!("{name} at {ports}")
        };
        let ends: Vec<String> = way.ends.iter().map(end).collect();
        told.push(format!("{}: {}", way.words, ends.join("; ")));
    }
    told
}

fn to(world: &World, text: &str) -> Vec<String> {
    let resolved = destination(text, "shop", world);
    resolved.map_or_else(|error| vec![error.to_string()], |resolved| tell(world, &resolved))
}

#[test]
fn words_mean_what_kubectl_makes_of_them() {
    let world = world(CLUSTER);
    let template = "Deployment shop/web (no pods yet: by its template)";
    let cases: [(&str, &[&str]); 18] = [
        ("deploy/web", &[template, "all ports: web at all ports"]),
        ("deployments.apps/web.shop:http", &[template, "port http: web at TCP 8080"]),
        ("deploy/web:53/udp", &[template, "UDP 53: web at UDP 53"]),
        (
            "rollouts.x.io/roll:8000-8080",
            &[
                "Rollout shop/roll (no pods yet: by its template)",
                "TCP 8000-8080: roll at TCP 8000-8080",
            ],
        ),
        ("pod/db-0.data:sql", &["Pod data/db-0", "port sql: db-0 at TCP 5432"]),
        ("po/db-1.a.data:nope", &["Pod data/db-1.a", "port nope: db-1.a at no port"]),
        (
            "ns/data",
            &[
                "every pod of namespace data (2 pods)",
                "all ports: db-0 at all ports; db-1.a at all ports",
            ],
        ),
        (
            "app=db@data:1",
            &[
                "pods with app=db in namespace data (2 pods)",
                "TCP 1: db-0 at TCP 1; db-1.a at TCP 1",
            ],
        ),
        (
            "app in (web,x),!tier",
            &[
                "pods with app in (web,x),!tier in namespace shop (no pods yet: by its template)",
                "all ports: web at all ports",
            ],
        ),
        (
            "app=db@*:1",
            &[
                "pods with app=db in any namespace (2 pods)",
                "TCP 1: db-0 at TCP 1; db-1.a at TCP 1",
            ],
        ),
        (
            "svc/db.data",
            &[
                "Service data/db (2 pods)",
                "db:3306 → targetPort sql: db-0 at TCP 5432; db-1.a at TCP 5433",
                "db:80 → targetPort 9102: db-0 at TCP 9102; db-1.a at TCP 9102",
            ],
        ),
        (
            "svc/db.data.svc.cluster.local:stats",
            &[
                "Service data/db (2 pods)",
                "db:80 → targetPort 9102: db-0 at TCP 9102; db-1.a at TCP 9102",
            ],
        ),
        (
            "10.96.0.7:80",
            &[
                "10.96.0.7, Service data/db (2 pods)",
                "db:80 → targetPort 9102: db-0 at TCP 9102; db-1.a at TCP 9102",
            ],
        ),
        (
            "svc/peers.data:9999",
            &["Service data/peers (2 pods)", "TCP 9999: db-0 at TCP 9999; db-1.a at TCP 9999"],
        ),
        (
            "svc/peers.data",
            &["Service data/peers (2 pods)", "TCP 80: db-0 at TCP 80; db-1.a at TCP 80"],
        ),
        ("10.0.0.6:1", &["10.0.0.6, Pod data/db-1.a", "TCP 1: db-1.a at TCP 1"]),
        ("192.168.0.1:1", &["192.168.0.1, Node n1", "TCP 1: node n1 at TCP 1"]),
        ("[fd00::1]:443", &["fd00::1", "TCP 443: fd00::1 at TCP 443"]),
    ];
    for (text, expected) in cases {
        assert_eq!(to(&world, text), expected, "{text}");
    }
}

#[test]
fn blocks_and_the_internet_are_addresses_that_nobody_has() {
    let world = world(CLUSTER);
    let block = destination("10.0.0.4/30:80", "shop", &world).unwrap();
    let left: Vec<String> = block.stretches.iter().map(ToString::to_string).collect();
    assert_eq!(left, ["10.0.0.4", "10.0.0.7"]);
    assert_eq!(tell(&world, &block)[1], "TCP 80: db-0 at TCP 80; db-1.a at TCP 80");
    assert_eq!(block.ways[0].others.to_string(), "TCP 80");
    let internet = source("internet", "shop", &world).unwrap();
    assert!(internet.stretches.len() > 10 && internet.ends().next().is_none());
    let wide = destination("10.0.0.0/8", "shop", &world).unwrap();
    assert_eq!(wide.notes.len(), 1, "{:?}", wide.notes);
}

#[test]
fn the_api_server_and_the_ingress_are_found_or_said_not_to_be() {
    let bare = world(CLUSTER);
    assert_eq!(to(&bare, "apiserver")[1..], ["TCP 6443: node n1 at TCP 6443"]);
    let ingress = source("ingress", "shop", &bare).unwrap();
    assert!(ingress.any_pod && ingress.ends().next().is_none());
    assert!(destination("apiserver", "shop", &World::default()).is_err());
    let world = world(&[CLUSTER, API].concat());
    let ends = "node n1 at TCP 6443; 192.168.0.99 at TCP 6443";
    let told = [format!("kubernetes:443 → targetPort 6443: {ends}")];
    assert_eq!(to(&world, "apiserver")[1..], told);
    assert_eq!(to(&world, "apiserver:443")[1..], told);
    assert_eq!(to(&world, "apiserver:6443")[1..], [format!("TCP 6443: {ends}")]);
    assert_eq!(to(&world, "ingress")[0], "the ingress controllers (1 pod)");
    let far = destination("svc/far.data:5432", "shop", &world).unwrap();
    assert_eq!(far.domain.as_deref(), Some("db.example.com"));
}

#[test]
fn errors_say_what_there_is() {
    let world = world(CLUSTER);
    let cases: [(&str, &str, &str); 14] = [
        (
            "svc/dbb.data",
            "no Service dbb in namespace data: there are db, far, peers",
            "did you mean svc/db?",
        ),
        (
            "svc/db",
            "no Service db in namespace shop: there is none",
            "there is one in namespace data: svc/db.data",
        ),
        (
            "svc/db.data:5433",
            "Service data/db has no TCP 5433: there are sql (3306/TCP), stats (80/TCP)",
            "",
        ),
        (
            "svc/db.data:9102",
            "Service data/db has no TCP 9102: there are sql (3306/TCP), stats (80/TCP)",
            "that is a targetPort: the Service has it at 80",
        ),
        ("ns/shp", "no namespace shp: there are data, kube-system, shop", "did you mean shop?"),
        (
            "deploy/wbe",
            "no Deployment wbe in namespace shop: there is web",
            "did you mean deploy/web?",
        ),
        (
            "rs/web-5f",
            "no ReplicaSet web-5f in namespace shop: there is none",
            "its pods may belong to deployment/web",
        ),
        ("node/n2", "no Node n2: there is n1", "did you mean node/n1?"),
        ("web", "\"web\": it is not said what that is", "did you mean deployment/web?"),
        ("deplyo/web", "deplyo/web: no kind deplyo makes pods here", "did you mean deploy/web?"),
        ("app=x", "no pod with app=x in namespace shop", "app=x@* looks in all namespaces"),
        ("10.0.0.0/99", "10.0.0.0/99 is no block of addresses", ""),
        (
            "deploy/web:0",
            "\"0\" is no port: numbers go from 1 to 65535",
            "write 443, 8000-8080, http or 53/UDP",
        ),
        ("deploy/", "deploy/: a name is missing", ""),
    ];
    for (text, message, hint) in cases {
        let error = destination(text, "shop", &world).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
        assert_eq!(error.hints().first().map_or("", String::as_str), hint, "{text}");
    }
    let error = source("deploy/web:80", "shop", &world).unwrap_err();
    assert_eq!(error.hints(), ["leave it out: deploy/web"]);
}
