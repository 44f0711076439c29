// The drawing: cards in layers, and a line for every two that are connected.

/** What stands on the card of a node: a title, a note below it, and how much of it is open. */
function card(model, node) {
  if (node.kind === "space") {
    const { workloads, open } = model.namespaces.get(node.space);
    const note = count(workloads.length, "workload") + (open ? ` · ${open} open` : "");
    return { title: node.space, note, share: workloads.length ? open / workloads.length : 0 };
  }
  if (node.kind === "workload") {
    const workload = model.workloads[node.workload];
    const note = `${workload.kind}${workload.pods ? " · " + count(workload.pods, "pod") : ""}${workload.open ? " · open" : ""}`;
    return { title: workload.name, note, share: workload.open ? 1 : 0 };
  }
  if (node.kind === "whole") return { title: node.title, note: node.members ? "workloads together" : "every workload in it", share: 0 };
  if (node.group) return { title: node.title, note: count(node.group.members.size, "workload"), share: 0 };
  const [first, ...more] = node.texts;
  return { title: node.title, note: more.length ? `${node.texts.size} named` : plain(first || ""), share: 0 };
}

/** What acts when it is clicked, and by the keys that buttons have. */
function acting(act) {
  return {
    click: (event) => { event.stopPropagation(), act(); },
    keydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault(), event.stopPropagation(), act();
    },
  };
}

/** Draws a namespace, or all, for a box of a size. `choose` is called with a node or an edge. */
function draw(model, state, choose, wide, high) {
  const { nodes, edges } = graph(model, state.space, state.hidden);
  const outer = [...nodes.values()].filter((node) => !node.owner);
  const owner = (id) => nodes.get(id).owner || id;
  const apart = edges.filter((edge) => !edge.quiet).map((edge) => ({ from: owner(edge.from), to: owner(edge.to) })).filter((edge) => edge.from !== edge.to);
  const { places, bends, width, height, frame } = layout(outer, apart, wide, high);
  const visible = edges.filter((edge) => !edge.quiet).length;
  const root = svg("svg", {
    class: `picture${visible > 90 ? " busy" : visible > 40 ? " some" : ""}`, viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": state.space === null ? "Namespaces and what connects them" : `Workloads of ${plain(state.space)} and what connects them`,
  });
  root.append(svg("defs", {}, KINDS.map((kind) => svg("marker", {
    id: `tip-${kind}`, class: `tip ${kind}`, viewBox: "0 0 8 8", refX: 1.5, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto", markerUnits: "userSpaceOnUse",
  }, svg("path", { d: "M0 0.6L7.4 4L0 7.4z" })))));
  if (state.space !== null && frame) {
    root.append(svg("rect", { class: "frame", x: frame.x - 13, y: 7, width: frame.end - frame.x + 26, height: height - 14, rx: 14 }));
  }
  if (frame?.lone) {
    const others = edges.some((edge) => edge.quiet) ? "No other connection" : "No connection";
    const which = state.space === null ? " to another namespace" : outer.some((node) => node.kind === "whole") ? " of its own" : "";
    root.append(svg("text", { class: "aside", x: frame.x, y: frame.lone - 11, text: others + which }));
  }
  const parts = { nodes: new Map(), edges: new Map() };
  const lines = svg("g", { class: "lines" });
  for (const edge of edges) {
    const around = (edge.quiet ? [] : bends.get(both(owner(edge.from), owner(edge.to))) || []).map((id) => places.get(id));
    const path = line(anchor(nodes, places, edge.from), anchor(nodes, places, edge.to), around);
    const group = drawLine(model, edge, nodes, path, () => choose(edge));
    parts.edges.set(edge.id, { edge, group });
    lines.append(group);
  }
  const cards = svg("g", { class: "cards" });
  for (const node of outer) {
    const group = drawCard(model, node, places.get(node.id), choose);
    parts.nodes.set(node.id, { node, group });
    node.rows.forEach((index, number) => {
      const row = drawRow(model, model.workloads[index], number, () => choose(nodes.get(`workload:${index}`)));
      parts.nodes.set(`workload:${index}`, { node: nodes.get(`workload:${index}`), group: row });
      group.append(row);
    });
    cards.append(group);
  }
  root.append(lines, cards);
  light(root, parts);
  return { root, parts, width, height };
}

/** Where the lines of a node begin and end. */
function anchor(nodes, places, id) {
  const node = nodes.get(id);
  const { x, y } = places.get(node.owner || id);
  if (!node.owner) return { x, y: y + CARD.height / 2 };
  return { x, y: y + CARD.height + CARD.row * (nodes.get(node.owner).rows.indexOf(node.workload) + 0.5) };
}

function drawLine(model, edge, nodes, path, act) {
  const kind = gravest(edge.connections);
  const [from, to] = [edge.from, edge.to].map((id) => plain(card(model, nodes.get(id)).title));
  const ports = [...new Set(edge.connections.map((connection) => connection.portText))];
  const label = `${from} → ${to}: ${MEANING[kind]} (${ports.slice(0, 4).join("; ")}${ports.length > 4 ? " …" : ""})`;
  return svg("g", { class: `line ${kind}${edge.quiet ? " quiet" : ""}`, tabindex: edge.quiet ? -1 : 0, role: "button", "aria-label": label, on: acting(act) },
    svg("title", { text: label }), svg("path", { class: "reach", d: path }), svg("path", { class: "stroke", d: path, "marker-end": `url(#tip-${kind})` }));
}

function drawCard(model, node, { x, y }, choose) {
  const { title, note, share } = card(model, node);
  const group = svg("g", {
    class: `card ${node.kind}`, transform: `translate(${x} ${y})`, tabindex: 0, role: "button", "aria-label": `${plain(title)}, ${note}`, on: acting(() => choose(node)),
  },
  svg("title", { text: `${plain(title)}: ${note}` }),
  svg("rect", { class: "body", width: CARD.width, height: node.height, rx: 8 }),
  svg("text", { class: "title", x: 13, y: 19, text: fitted(plain(title), CARD.width - (node.inner.length ? 38 : 20), `${node.kind === "around" ? 500 : 600} 13px`) }),
  svg("text", { class: "note", x: 13, y: 36, text: fitted(note, CARD.width - (node.reaches || node.reached ? 62 : 20), "12px") }));
  if (node.kind === "space" || node.kind === "workload") {
    const high = node.height - 16;
    group.append(svg("rect", { class: "bar", x: 0, y: 8, width: 4, height: high, rx: 2 }));
    if (share) group.append(svg("rect", { class: "bar open", x: 0, y: 8 + (1 - share) * high, width: 4, height: share * high, rx: 2 }));
  }
  if (node.inner.length) {
    const kind = gravest(node.inner);
    group.append(svg("circle", { class: `inner ${kind}`, cx: CARD.width - 13, cy: 15, r: 4.5 }, svg("title", { text: `between its own workloads: ${MEANING[kind]}` })));
  }
  for (const [mine, arrow, word] of [[node.reaches, "→", "reaches"], [node.reached, "←", "is reached by"]]) {
    if (mine) group.append(svg("text", { class: `many ${gravest(mine.flatMap((edge) => edge.connections))}`, x: CARD.width - 9, y: 36, text: `${arrow} ${mine.length}` },
      svg("title", { text: `${word} ${mine.length} others: point at it to see the lines` })));
  }
  return group;
}

/** A workload as a row of its namespace's card. */
function drawRow(model, workload, number, act) {
  const y = CARD.height + CARD.row * number;
  const note = `${workload.kind}${workload.pods ? ", " + count(workload.pods, "pod") : ""}${workload.open ? ", open" : ""}`;
  return svg("g", { class: `row-line${workload.open ? " open" : ""}`, transform: `translate(0 ${y})`, tabindex: 0, role: "button", "aria-label": `${plain(workload.name)}, ${note}`, on: acting(act) },
    svg("title", { text: `${plain(workload.name)}: ${note}` }),
    svg("rect", { class: "back", x: 6, y: 1, width: CARD.width - 10, height: CARD.row - 2, rx: 5 }),
    svg("circle", { class: "pip", cx: 17, cy: CARD.row / 2, r: 3 }),
    svg("text", { x: 27, y: CARD.row / 2 + 4, text: fitted(plain(workload.name), CARD.width - 36, "13px") }));
}

/** Whoever points at a card sees what it is connected with. */
function light(root, parts) {
  const hide = () => {
    root.classList.remove("lit");
    for (const element of root.querySelectorAll(".near")) element.classList.remove("near");
  };
  const show = (nodes, edges) => {
    hide();
    root.classList.add("lit");
    for (const id of nodes) parts.nodes.get(id).group.classList.add("near");
    for (const edge of edges) parts.edges.get(edge.id).group.classList.add("near");
  };
  const touching = new Map();
  for (const { edge } of parts.edges.values()) for (const id of [edge.from, edge.to]) {
    // A card is pointed at with all of its rows.
    for (const own of new Set([id, parts.nodes.get(id).node.owner || id])) touching.set(own, [...(touching.get(own) || []), edge]);
  }
  const watch = (group, nodes, edges) => {
    for (const event of ["mouseover", "focusin"]) group.addEventListener(event, (happened) => { happened.stopPropagation(), show(nodes, edges); });
    for (const event of ["mouseout", "focusout"]) group.addEventListener(event, (happened) => { happened.stopPropagation(), hide(); });
  };
  const owners = (ids) => [...new Set(ids.flatMap((id) => [id, parts.nodes.get(id).node.owner || id]))];
  for (const [id, { group }] of parts.nodes) {
    const mine = touching.get(id) || [];
    watch(group, owners([id, ...mine.flatMap((edge) => [edge.from, edge.to])]), mine);
  }
  for (const { edge, group } of parts.edges.values()) watch(group, owners([edge.from, edge.to]), [edge]);
}
