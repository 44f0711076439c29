// What a drawing shows: the namespaces, or the workloads of one of them with what is around.

/** How many workloads a namespace may have for "all of it" to be drawn as each of them. */
const FEW = 3;

/** How many workloads that something means together are drawn apart. */
const MANY = 10;

/** How many workloads there may be for all of them to be drawn in their namespaces. */
const SMALL = 40;

/** With how many others a node may be connected before its lines are drawn on demand alone. */
const BUSY = 10;

/** The workloads of a group that are in a namespace: each of them, or one node for many. */
function inside(model, one, space) {
  const all = model.namespaces.get(space).workloads;
  const members = all.filter((index) => one.members.has(index));
  if (members.length === all.length && all.length > FEW) return [{ id: `whole:${space}`, kind: "whole", title: `all of ${space}`, space }];
  if (members.length <= MANY) return members.map((index) => ({ id: `workload:${index}`, kind: "workload", workload: index }));
  return [{ id: `some:${members.join(",")}`, kind: "whole", title: `${members.length} of ${space}`, space, members }];
}

/** A namespace of the overview, or the rows of it that a group means. */
function cards(model, one, name) {
  const space = { id: `space:${name}`, kind: "space", space: name };
  const all = model.namespaces.get(name).workloads;
  if (!model.small || all.length === 1 || one.spaces.get(name) === all.length) return [space];
  return all.filter((index) => one.members.has(index)).map((index) => ({ id: `workload:${index}`, kind: "workload", workload: index, owner: space.id }));
}

/** The nodes for what a group means, but for the workloads of the namespace that is drawn. */
function around(model, one, space, direction) {
  const end = direction === "from" ? "left" : "right";
  const nodes = [];
  if (one.place) nodes.push({ id: `${direction}:${one.place}`, kind: "around", place: one.place, title: AROUND[one.place], side: end });
  if (one.wide) nodes.push({ id: `${direction}:wide:${one.text}`, kind: "around", title: one.text, group: one, side: end });
  else for (const name of one.spaces.keys()) {
    if (space === null) nodes.push(...cards(model, one, name));
    else if (name !== space) nodes.push({ id: `${direction}:space:${name}`, kind: "space", space: name, side: end });
  }
  return nodes;
}

/** The pairs of nodes that a connection joins. */
function pairs(model, connection, space) {
  const far = (side, direction) => side.groups.flatMap((one) => around(model, one, space, direction));
  if (space === null) return [[far(connection.from, "from"), far(connection.to, "to")]];
  // What is drawn as one stands for its workloads here as well, unless it is the other end.
  const near = (side, wide) => side.groups.filter((one) => one.spaces.has(space) && (wide || !one.wide)).flatMap((one) => inside(model, one, space));
  return [
    [near(connection.from, false), near(connection.to, false)],
    [far(connection.from, "from"), near(connection.to, true)],
    [near(connection.from, true), far(connection.to, "to")],
  ];
}

/** Nodes and edges of the drawing of a namespace, or of all where none is given. */
function graph(model, space, hidden) {
  const nodes = new Map();
  const edges = new Map();
  const add = (node) => { if (!nodes.has(node.id)) nodes.set(node.id, { ...node, inner: [], texts: new Set(), rows: [], height: CARD.height }); };
  const workload = (index, owner) => ({ id: `workload:${index}`, kind: "workload", workload: index, owner });
  if (space !== null) for (const index of model.namespaces.get(space).workloads) add(workload(index));
  else for (const { name, workloads } of model.namespaces.values()) {
    const id = `space:${name}`;
    add({ id, kind: "space", space: name });
    if (!model.small || workloads.length === 1) continue;
    for (const index of workloads) add(workload(index, id)), nodes.get(id).rows.push(index);
    nodes.get(id).height += CARD.row * workloads.length + 4;
  }
  for (const connection of model.connections) {
    if (hidden.has(connection.kind)) continue;
    for (const [sources, targets] of pairs(model, connection, space)) for (const source of sources) for (const target of targets) {
      // A workload and itself is no connection that policies could forbid.
      if (source.id === target.id && source.kind === "workload") continue;
      add(source), add(target);
      const id = both(source.id, target.id);
      if (!edges.has(id)) edges.set(id, { id, from: source.id, to: target.id, connections: new Set() });
      edges.get(id).connections.add(connection);
      for (const [node, side] of [[source, connection.from], [target, connection.to]]) {
        if (node.place) for (const one of side.groups) if (one.place === node.place) nodes.get(node.id).texts.add(one.text);
      }
    }
  }
  const drawn = [];
  for (const edge of edges.values()) {
    edge.connections = [...edge.connections];
    if (edge.from === edge.to) nodes.get(edge.from).inner = edge.connections;
    else drawn.push(edge);
  }
  quieten(nodes, drawn);
  return { nodes, edges: drawn };
}

/** The lines of what is connected with very many are drawn on demand; it stands at an end. */
function quieten(nodes, edges) {
  for (const [own, other, side] of [["from", "to", "hub"], ["to", "from", "sink"]]) {
    const mine = new Map();
    for (const edge of edges) if (!edge.quiet) mine.set(edge[own], [...(mine.get(edge[own]) || []), edge]);
    for (const [id, many] of mine) {
      if (many.length < BUSY) continue;
      const node = nodes.get(id);
      node[own === "from" ? "reaches" : "reached"] = many;
      if (!node.side && !node.owner) node.side = side;
      for (const edge of many) edge.quiet = true;
    }
  }
}
