// The map as the page needs it, from the report that lies in the page.

/** How a connection is shown, the gravest last: what is drawn for several is the last of theirs. */
const KINDS = ["allowed", "open", "depends", "unknown"];
const MEANING = {
  allowed: "allowed on some ports",
  open: "allowed on every port",
  depends: "depends on the enforcer",
  unknown: "not known",
};

const SHORT = { allowed: "some ports", open: "every port", depends: "depends", unknown: "not known" };

/** What a connection depends on, in words. */
const CAUSES = {
  "block-on-pod": "it is left open whether an ipBlock means pods and nodes",
  "host-network": "it is left open whether policies select pods in the network of their node",
  "equal-priority": "it is left open which of two policies of one priority goes first",
  "before-dnat": "it is left open whether a Service is judged by its own address",
  "address-family": "the addresses of the two families are judged apart, and differ",
  "address-unknown": "the address of a pod is not known",
  "pod-unknown": "which pods these are is not known",
  "namespace-unknown": "the labels of a namespace are not known",
  "domain-name": "the addresses behind a domain name are not known",
  "vendor-policy": "a policy of another kind selects one of them",
};

/** Over how many namespaces a group may stretch before it is drawn as one. */
const SPREAD = 6;

/** What groups stand for beside workloads. */
const AROUND = { outside: "Outside the cluster", node: "Nodes", possible: "Pods that could exist" };

/** The parts of the report that are there in any case. */
function read(report) {
  const workloads = report.workloads.map((said, index) => {
    const name = said.variant ? `${said.name} (${said.variant})` : said.name;
    const namespace = said.namespace || "";
    return {
      index, id: said.id, namespace, name, kind: said.kind, pods: said.pods, place: said.place,
      openIngress: said.openIngress, openEgress: said.openEgress, open: said.openIngress && said.openEgress,
      text: `${namespace}/${name} ${said.kind}`.toLowerCase(),
    };
  });
  const namespaces = new Map();
  for (const workload of workloads) {
    if (!namespaces.has(workload.namespace)) namespaces.set(workload.namespace, { name: workload.namespace, workloads: [], open: 0 });
    const space = namespaces.get(workload.namespace);
    space.workloads.push(workload.index);
    if (workload.open) space.open++;
  }
  const model = { report, workloads, namespaces: new Map([...namespaces].sort()), connections: [], policies: [], open: null, small: workloads.length <= SMALL };
  model.byId = new Map(workloads.map((workload) => [workload.id, workload.index]));
  const groups = new Map(report.groups.map((said) => [said.id, group(model, said)]));
  report.connections.forEach((said) => model.connections.push(connection(model, groups, said)));
  model.open = unlimited(model);
  model.policies = policies(model);
  return model;
}

/** A group: the workloads that it means, and what it means beside them. */
function group(model, said) {
  const members = new Set();
  let others = 0;
  for (const id of said.members) model.byId.has(id) ? members.add(model.byId.get(id)) : others++;
  const place = { node: "node", allNodes: "node", anywhere: "outside", blocks: "outside", possible: "possible" }[said.kind] || null;
  return gathered(model, { text: said.words, kind: said.kind, place: said.kind === "everything" || others && !place ? "outside" : place, members });
}

/** A group with the namespaces that its workloads are in, and how many of each. */
function gathered(model, made) {
  const spaces = new Map();
  for (const index of made.members) {
    const name = model.workloads[index].namespace;
    spaces.set(name, (spaces.get(name) || 0) + 1);
  }
  const any = model.workloads.length > 0 && made.members.size === model.workloads.length;
  return { ...made, spaces, any, wide: spaces.size > SPREAD || (any && model.namespaces.size > 1) };
}

/** A connection with its ends, its ports in words, and what it is found by. */
function connection(model, groups, said) {
  const end = (ids) => side(ids.map((id) => groups.get(id)).filter(Boolean));
  const every = ["TCP", "UDP", "SCTP"].every((protocol) => said.ports.some((port) => port.protocol === protocol && port.from <= 1 && port.to >= 65535));
  const kind = said.verdict !== "allowed" ? said.verdict : every ? "open" : "allowed";
  const why = said.why || [];
  const made = {
    index: model.connections.length, from: end(said.from), to: end(said.to), ports: said.ports, portText: every ? "every port" : portText(said.ports),
    kind: KINDS.includes(kind) ? kind : "unknown", causes: said.causes || [], why, asked: Boolean(said.why),
  };
  const named = why.filter((reason) => reason.policy).map((reason) => policyName(reason.policy));
  made.text = [...made.from.texts, "→", ...made.to.texts, made.portText, made.kind, ...named].join(" ").toLowerCase();
  return made;
}

/** One end of a connection. */
function side(groups) {
  const members = new Set();
  const spaces = new Set();
  for (const one of groups) {
    for (const index of one.members) members.add(index);
    for (const name of one.spaces.keys()) spaces.add(name);
  }
  return { groups, members, spaces, texts: groups.map((one) => one.text) };
}

/** What is open is connected with all that is open: the report leaves that out, and it is said once. */
function unlimited(model) {
  const { both: two, ingress, egress } = model.report.open;
  const all = (...lists) => new Set(lists.flat().filter((id) => model.byId.has(id)).map((id) => model.byId.get(id)));
  const pods = (members, text) => gathered(model, { text, kind: "open", place: null, members });
  const leaves = all(two, egress);
  const arrives = all(two, ingress);
  const none = (text, place) => ({ text, kind: "open", place, members: new Set(), spaces: new Map(), any: false, wide: false });
  // No policy is about nodes or what is outside.
  const beyond = [none("everything outside the cluster", "outside"), ...(model.report.nodes?.length ? [none("every node", "node")] : [])];
  const made = (from, to) => ({
    index: -1, from: side(from), to: side(to), ports: [], portText: "every port", kind: "open", causes: [], why: [], asked: true, text: "", unlimited: true,
  });
  const named = (members, what) => pods(members, `${count(members.size, "workload")} that no policy limits in what ${what}`);
  const sources = leaves.size ? [named(leaves, "leaves")] : [];
  const connections = [];
  if (arrives.size) connections.push(made([...sources, ...beyond], [named(arrives, "arrives")]));
  if (leaves.size) connections.push(made(sources, beyond));
  return { leaves, arrives, connections };
}

/** `TCP 80,443-445, UDP 53` */
function portText(ports) {
  const parts = [];
  for (const protocol of new Set(ports.map((port) => port.protocol))) {
    const own = ports.filter((port) => port.protocol === protocol);
    const whole = own.some((port) => port.from <= 1 && port.to >= 65535);
    parts.push(whole ? protocol : `${protocol} ${own.map((port) => port.from === port.to ? port.from : `${port.from}-${port.to}`).join(",")}`);
  }
  return parts.join(", ");
}

/** `NetworkPolicy shop/web-in` */
function policyName(policy) {
  return `${policy.kind} ${policy.namespace ? policy.namespace + "/" : ""}${policy.name}`;
}

/** `shop.yaml:31` */
function placeText(place) {
  return place.line ? `${place.file}:${place.line}` : place.file;
}

/** The policies that decide something, each with the connections that it decides. */
function policies(model) {
  const known = new Map();
  for (const one of model.connections) for (const reason of one.why) if (reason.policy) {
    const name = policyName(reason.policy);
    if (!known.has(name)) known.set(name, { name, connections: new Set() });
    known.get(name).connections.add(one.index);
  }
  return [...known.values()].sort((one, other) => one.name < other.name ? -1 : 1);
}

/** Two names as one, which no other two can be. */
function both(from, to) {
  return JSON.stringify([from, to]);
}

/** The gravest kind of some connections. */
function gravest(connections) {
  return KINDS[Math.max(...connections.map((one) => KINDS.indexOf(one.kind)))];
}

/** Whether every word of a question is found in a text; a number is found among ports. */
function found(words, text, ports) {
  return words.every((word) => text.includes(word)
    || (/^[0-9]+$/.test(word) && ports && ports.some((port) => port.from <= +word && +word <= port.to)));
}

/** What of the map answers a question, or null if nothing is asked. */
function search(model, question) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return null;
  const numbers = (list) => new Set(list.map((one) => one.index));
  return {
    namespaces: new Set([...model.namespaces.keys()].filter((name) => found(words, name.toLowerCase()))),
    workloads: numbers(model.workloads.filter((workload) => found(words, workload.text))),
    connections: numbers(model.connections.filter((one) => found(words, one.text, one.ports))),
    policies: model.policies.filter((policy) => found(words, policy.name.toLowerCase())),
  };
}
