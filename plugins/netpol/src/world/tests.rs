//! What objects make of the world.
#![cfg(test)]

use super::{Backend, Facts, TargetPort, VendorSubject, World};
use crate::policy::Namespaces;
use crate::testing::objects;

fn world(text: &str) -> World {
    World::of(objects(text).iter(), "default")
}

/// Each pod as `namespace/workload-kind/workload/name`, with `?` where it does not exist.
fn pods(world: &World) -> Vec<String> {
    let pod = |pod: &super::Pod| {
        let workload = &world.workloads[pod.workload as usize].object;
        let namespace = &world.namespaces[pod.namespace as usize].name;
        let mark = if pod.exists { "" } else { "?" };
        let name = world.texts.get(pod.name);
        format!("{namespace}/{}/{}/{name}{mark}", workload.kind, workload.name)
    };
    world.pods.iter().map(pod).collect()
}

const RUNNING: &str = r#"
{apiVersion: v1, kind: Pod, metadata: {name: web-1-b, namespace: shop, uid: p1, labels: {app: web},
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r1, controller: true}]},
  spec: {nodeName: n1, initContainers: [{name: i, ports: [{name: init, containerPort: 1}]}],
    containers: [{name: c, ports: [{name: http, containerPort: 8080}, {containerPort: 9},
      {name: dns, containerPort: 53, protocol: UDP}]}]},
  status: {phase: Running, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, namespace: shop,
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r1, controller: true}]},
  status: {phase: Succeeded, podIP: 10.0.0.2}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, namespace: shop, uid: r1,
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}]},
  spec: {replicas: 1, template: {spec: {containers: [{name: c, image: x}]}}}}
---
{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: idle-0, namespace: shop, uid: r0,
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: idle, uid: d0, controller: true}]},
  spec: {replicas: 0, template: {spec: {containers: [{name: c, image: x}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: d1},
  spec: {replicas: 3, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: x}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: idle, namespace: shop, uid: d0,
    ownerReferences: [{apiVersion: x.io/v1, kind: Shop, name: s, uid: s0, controller: true}]},
  spec: {replicas: 0, template: {metadata: {labels: {app: idle}}, spec: {containers: [{name: c, image: x}]}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: proxy-n1, namespace: kube-system, uid: p3,
  ownerReferences: [{apiVersion: v1, kind: Node, name: n1, uid: n, controller: true}]},
  spec: {nodeName: n1, hostNetwork: true, containers: [{name: c}]}, status: {phase: Pending}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {node-role.kubernetes.io/control-plane: ""}},
  status: {addresses: [{type: InternalIP, address: 192.168.0.1}, {type: Hostname, address: n1}]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
"#;

#[test]
fn pods_belong_to_what_people_know() {
    let world = world(RUNNING);
    assert_eq!(
        pods(&world),
        [
            "kube-system/Pod/proxy-n1/proxy-n1",
            "shop/Deployment/idle/idle?",
            "shop/Deployment/web/web-1-b",
        ]
    );
    let web = &world.pods[2];
    assert_eq!(web.addresses.len(), 2);
    let ports: Vec<_> =
        web.ports.iter().map(|port| (world.texts.get(port.name), port.number)).collect();
    assert_eq!(ports.len(), 2);
    assert!(ports.contains(&("http", 8080)) && ports.contains(&("dns", 53)), "{ports:?}");
    assert_eq!(world.workloads[web.workload as usize].replicas, Some(3));
    let proxy = &world.pods[0];
    assert!(proxy.host_network && proxy.node == Some(0));
    assert_eq!(proxy.addresses[0].to_string(), "192.168.0.1");
    assert!(world.nodes[0].control_plane);
}

#[test]
fn namespaces_have_their_names_and_say_whether_they_were_seen() {
    let world = world(RUNNING);
    let told: Vec<_> = world.namespaces.iter().map(|one| (one.name.as_str(), one.seen)).collect();
    assert_eq!(told, [("kube-system", false), ("shop", true)]);
    let label = |number: usize, key: &str| {
        let key = world.texts.find(key)?;
        let labels = &world.namespaces[number].labels;
        labels.iter().find(|(own, _)| *own == key).map(|(_, value)| world.texts.get(*value))
    };
    assert_eq!(label(0, super::NAME_LABEL), Some("kube-system"));
    assert_eq!(label(1, super::NAME_LABEL), Some("shop"));
    assert_eq!(label(1, "team"), Some("a"));
}

#[test]
fn manifests_are_what_their_templates_would_make() {
    let world = world(
        r"
{apiVersion: batch/v1, kind: CronJob, metadata: {name: night}, spec: {jobTemplate: {spec: {template:
  {metadata: {labels: {app: night, level: 1}}, spec: {containers: [{name: c, image: x}]}}}}}}
---
{apiVersion: x.io/v1, kind: Shop, metadata: {name: s, namespace: a}, spec: {parts: [
  {template: {spec: {containers: [{name: c, image: x}]}}}, {template: {spec: {containers: [{name: d, image: x}]}}}]}}
---
{apiVersion: v1, kind: PodTemplate, metadata: {name: t}, template: {spec: {containers: [{name: c, image: x}]}}}
---
{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: k}, spec: {rules: [
  {validate: {pattern: {spec: {containers: [{name: c}]}}}}]}}
",
    );
    assert_eq!(pods(&world), ["a/Shop/s/s?", "a/Shop/s/s?", "default/CronJob/night/night?"]);
    assert_eq!(world.gaps.len(), 1);
    assert_eq!(world.gaps[0].why, "the label level of its pods is no text");
}

#[test]
fn what_is_found_in_parts_is_what_is_found_at_once() {
    let all = objects(RUNNING);
    let at_once = World::of(all.iter(), "default");
    let mut facts = Facts::new("default");
    for object in all.iter().rev() {
        let mut part = Facts::new("default");
        part.note(object);
        facts.merge(part);
    }
    let in_parts = facts.into_world();
    assert_eq!(pods(&in_parts), pods(&at_once));
    let labels = |world: &World| {
        let pairs = world.pods.iter().flat_map(|pod| &pod.labels);
        let texts =
            pairs.map(|(key, value)| [world.texts.get(*key), world.texts.get(*value)].concat());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(labels(&in_parts), labels(&at_once));
    assert!(labels(&at_once).contains(&"appweb".to_owned()));
}

#[test]
fn services_lead_to_ports_and_routes_to_services() {
    let world = world(
        r#"
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: data}, spec: {type: NodePort,
  externalTrafficPolicy: Local, clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::60"],
  selector: {app: db}, ports: [{name: sql, port: 5432, targetPort: sql, nodePort: 30001},
  {name: dns, port: 53, protocol: UDP}, {name: own, port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: kubernetes}, spec: {clusterIP: None, ports: [{port: 443}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: kubernetes}, subsets: [{addresses: [{ip: 1.2.3.4}], ports: [{port: 6443}]}]}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: kubernetes, labels: {kubernetes.io/service-name: kubernetes}},
  endpoints: [{addresses: [192.168.0.9]}], ports: [{port: 6443, name: https}]}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: data}, spec: {
  defaultBackend: {service: {name: db, port: {name: sql}}},
  rules: [{http: {paths: [{backend: {service: {name: db, port: {number: 80}}}}, {backend: {service: {name: db, port: {number: 80}}}}]}}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: h, namespace: web}, spec: {rules: [
  {backendRefs: [{name: db, namespace: data, port: 80}, {name: b, group: x.io, kind: Bucket}],
   filters: [{requestMirror: {backendRef: {name: copy}}}]}]}}
---
{apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: o, namespace: data}, spec: {
  to: {kind: Service, name: db}, port: {targetPort: 8080}}}
"#,
    );
    let db = &world.services[0];
    assert_eq!(db.object.name, "db");
    assert!(db.from_outside && db.keeps_source && db.cluster_addresses.len() == 2);
    assert_eq!(db.ports[0].target, TargetPort::Name("sql".to_owned()));
    assert_eq!(db.ports[1].target, TargetPort::Number(53));
    let api = &world.services[1];
    assert_eq!(api.endpoints.len(), 1, "slices mirror endpoints");
    assert_eq!(api.endpoints[0].addresses[0].to_string(), "192.168.0.9");
    assert!(api.cluster_addresses.is_empty());
    let backend = |namespace: &str, service: &str, port| Backend {
        namespace: namespace.to_owned(),
        service: service.to_owned(),
        port,
    };
    let of = |kind: &str| {
        let route = world.routes.iter().find(|route| route.object.kind == kind).unwrap();
        route.backends.clone()
    };
    let number = |number| Some(TargetPort::Number(number));
    let sql = Some(TargetPort::Name("sql".to_owned()));
    assert_eq!(of("Ingress"), [backend("data", "db", sql), backend("data", "db", number(80))]);
    assert_eq!(of("HTTPRoute"), [backend("data", "db", number(80)), backend("web", "copy", None)]);
    assert_eq!(of("Route"), [backend("data", "db", number(80))]);
}

#[test]
fn policies_of_others_are_told_with_whom_they_select() {
    let world = world(
        r#"
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a, namespace: shop}, spec: {
  endpointSelector: {matchLabels: {"k8s:app": web}, matchExpressions: [{key: "any:tier", operator: In, values: [x, z]}]}}}
---
{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: b, namespace: shop}, spec: {
  endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": shop}}}}
---
{apiVersion: crd.projectcalico.org/v1, kind: GlobalNetworkPolicy, metadata: {name: c}, spec: {selector: all()}}
---
{apiVersion: crd.projectcalico.org/v1, kind: NetworkPolicy, metadata: {name: d, namespace: shop}, spec: {selector: "app == 'web'"}}
---
{apiVersion: projectcalico.org/v3, kind: NetworkPolicy, metadata: {name: knp.default.e, namespace: shop}, spec: {selector: all()}}
---
{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: f, namespace: istio-system}}
---
{apiVersion: networking.k8s.aws/v1alpha1, kind: ClusterNetworkPolicy, metadata: {name: g}, spec: {subject: {namespaces: {matchLabels: {team: a}}}}}
"#,
    );
    let told: Vec<String> = world
        .vendors
        .iter()
        .map(|vendor| {
            let whom = match &vendor.selects {
                VendorSubject::Any => "any".to_owned(),
                VendorSubject::Pods(pods) => {
                    let namespaces = match &pods.namespaces {
                        Namespaces::Own => "own".to_owned(),
                        Namespaces::Selected(selector) => selector.requirements().len().to_string(),
                    };
                    let keys = pods.pods.requirements().iter().map(|one| one.key().to_owned());
                    format!("{namespaces} {}", keys.collect::<Vec<_>>().join(","))
                }
            };
            format!("{}: {whom}", vendor.object.name)
        })
        .collect();
    assert_eq!(told, ["a: own app,tier", "b: any", "c: 0 ", "d: any", "g: 1 ", "f: 0 "]);
}
