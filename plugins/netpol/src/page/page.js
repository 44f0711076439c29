// The page: what was chosen is kept in its address, so that going back goes back.
const model = read(JSON.parse(document.getElementById("map").textContent));
const app = { model, state: null, drawn: null };
const at = (id) => document.getElementById(id);

/** What the address says. Numbers and names that the map does not have are left out. */
function stateOf(address) {
  const said = new URLSearchParams(address.replace(/^#/, ""));
  const space = said.get("namespace");
  const workload = said.has("workload") ? Number(said.get("workload")) : NaN;
  const pick = model.workloads[workload] ? { workload } : said.has("from") && said.has("to") ? { from: said.get("from"), to: said.get("to") } : null;
  const home = pick && "workload" in pick ? model.workloads[workload].namespace : space;
  return {
    view: said.get("view") === "matrix" ? "matrix" : "map",
    space: said.has("namespace") && model.namespaces.has(home) ? home : null,
    pick,
    question: said.get("search") || "",
    hidden: new Set((said.get("hidden") || "").split(",").filter((kind) => KINDS.includes(kind))),
  };
}

function addressOf(state) {
  const said = new URLSearchParams();
  if (state.view !== "map") said.set("view", state.view);
  if (state.space !== null) said.set("namespace", state.space);
  if (state.pick) for (const [name, value] of Object.entries(state.pick)) said.set(name, value);
  if (state.question) said.set("search", state.question);
  if (state.hidden.size) said.set("hidden", [...state.hidden].join(","));
  return "#" + said;
}

/** Goes on to what `change` says; what it does not name stays. A new search leaves what was picked. */
app.go = (change, replace = false) => {
  const next = { ...app.state, ...change };
  if (!("question" in change) && ("pick" in change || "space" in change)) next.question = "";
  const address = addressOf(next);
  if (address === addressOf(app.state)) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  show(next, !("question" in change));
};
app.ask = (question) => { at("search").value = question; app.go({ question, pick: null }); };
app.back = () => app.state.pick ? app.go({ pick: null }) : app.go({ space: null });

/** What happens when something in the drawing is chosen. */
function choose(thing) {
  if (thing.connections) return app.go({ pick: { from: thing.from, to: thing.to } });
  if (thing.kind === "space") return app.go({ space: thing.space, pick: null });
  if (thing.kind === "workload") return app.go({ pick: { workload: thing.workload } });
  app.go({ pick: { from: thing.id, to: "" } });
}

/** The panel for what the state says. */
function panel(hits) {
  const { state, drawn } = app;
  if (hits) return searchPanel(app, hits);
  if (state.pick && "workload" in state.pick) return workloadPanel(app, state.pick.workload);
  if (state.pick && state.view === "matrix") {
    const cell = table(model, state.hidden, null).cells.get(both(state.pick.from, state.pick.to));
    return connectionsPanel(app, `${named(state.pick.from)} → ${named(state.pick.to)}`, cell ? cell.connections : []);
  }
  if (state.pick) {
    const title = (id) => { const part = drawn.parts.nodes.get(id); return part ? card(model, part.node).title : id; };
    const { from, to } = state.pick;
    if (to) return connectionsPanel(app, `${title(from)} → ${title(to)}`, drawn.parts.edges.get(both(from, to))?.edge.connections || []);
    const edges = [...drawn.parts.edges.values()].map((part) => part.edge).filter((edge) => edge.from === from || edge.to === from);
    const inner = drawn.parts.nodes.get(from)?.node.inner || [];
    return connectionsPanel(app, title(from), [...new Set([...inner, ...edges.flatMap((edge) => edge.connections)])]);
  }
  return state.space === null ? overviewPanel(app) : spacePanel(app, state.space);
}

/** Marks what answers the search, or what was picked. */
function mark(hits) {
  const { state, drawn } = app;
  if (!drawn) return;
  const nodes = new Set();
  const edges = new Set();
  const owns = (node) => {
    const mine = node.kind === "space" ? model.namespaces.get(node.space).workloads : node.kind === "workload" ? [node.workload] : [];
    return (node.kind === "space" && hits.namespaces.has(node.space)) || mine.some((index) => hits.workloads.has(index));
  };
  const { pick } = state;
  const index = pick && "workload" in pick ? pick.workload : null;
  const picks = (node) => index === null ? !pick.to && node.id === pick.from : node.workload === index;
  // A workload is picked with all that stands for it: its namespace, or a group that it is one of.
  const stands = (id) => {
    const { kind, space, workload, members, group } = drawn.parts.nodes.get(id).node;
    if (kind === "workload") return workload === index;
    if (group) return group.members.has(index);
    return space === model.workloads[index].namespace && (!members || members.includes(index));
  };
  const joins = (edge) => {
    if (index === null) return pick.to ? edge.from === pick.from && edge.to === pick.to : edge.from === pick.from || edge.to === pick.from;
    return (stands(edge.from) && edge.connections.some((one) => one.from.members.has(index)))
      || (stands(edge.to) && edge.connections.some((one) => one.to.members.has(index)));
  };
  if (hits) {
    for (const { node } of drawn.parts.nodes.values()) if (owns(node)) nodes.add(node.id);
    const decided = new Set([...hits.connections, ...hits.policies.flatMap((policy) => [...policy.connections])]);
    for (const { edge } of drawn.parts.edges.values()) {
      if (edge.connections.some((one) => decided.has(one.index))) edges.add(edge.id), nodes.add(edge.from), nodes.add(edge.to);
    }
    for (const { node } of drawn.parts.nodes.values()) if (node.inner.some((one) => decided.has(one.index))) nodes.add(node.id);
  } else if (pick) {
    for (const { node } of drawn.parts.nodes.values()) if (picks(node)) nodes.add(node.id);
    for (const { edge } of drawn.parts.edges.values()) if (joins(edge)) edges.add(edge.id), nodes.add(edge.from), nodes.add(edge.to);
  }
  drawn.root.classList.toggle("chosen", Boolean(hits || state.pick));
  for (const id of [...nodes]) nodes.add(drawn.parts.nodes.get(id).node.owner || id);
  for (const [id, part] of drawn.parts.nodes) part.group.classList.toggle("hit", nodes.has(id));
  for (const [id, part] of drawn.parts.edges) part.group.classList.toggle("hit", edges.has(id));
}

/** Shows a state; `move` says whether the panel is to be read from its beginning. */
function show(state, move) {
  const old = app.state;
  app.state = state;
  const hits = search(model, state.question);
  if (at("search").value !== state.question) at("search").value = state.question;
  for (const view of ["map", "matrix"]) at(`view-${view}`).setAttribute("aria-pressed", String(state.view === view));
  document.body.classList.toggle("matrix-view", state.view === "matrix");
  for (const kind of KINDS) at(`kind-${kind}`)?.setAttribute("aria-pressed", String(!state.hidden.has(kind)));
  const same = old && old.view === state.view && old.space === state.space && String([...old.hidden]) === String([...state.hidden]);
  if (!same || state.view === "matrix") drawAll(state, hits);
  trail(state);
  mark(hits);
  at("panel").replaceChildren(...panel(hits).filter(Boolean));
  if (move) at("panel").scrollTop = 0;
}

/** Draws the picture or the matrix. */
function drawAll(state, hits) {
  const box = at("drawing");
  app.drawn = null;
  if (state.view === "matrix") {
    const chosen = hits ? new Set([...hits.namespaces, ...[...hits.workloads].map((index) => model.workloads[index].namespace)]) : null;
    box.replaceChildren(square(model, state, chosen, (cell) => app.go({ pick: { from: cell.row, to: cell.column } })));
    return;
  }
  app.drawn = draw(model, state, choose, box.clientWidth - 14, roomy(box) * (model.small ? 1 : 1.5));
  box.replaceChildren(app.drawn.root, ...asides());
  fit(1);
}

/** What the drawing does not show, below it. */
function asides() {
  const { leaves, arrives } = model.open;
  if (!leaves.size && !arrives.size) return [];
  const parts = [
    arrives.size ? `${count(arrives.size, "workload")} ${arrives.size === 1 ? "takes" : "take"} whatever may be sent` : null,
    leaves.size ? `${count(leaves.size, "workload")} may send to whatever takes it` : null,
  ];
  return [html("p", { class: "aside", text: `Not limited by policies: ${parts.filter(Boolean).join(", ")}. No lines are drawn between these.` })];
}

/** How high the drawing may be; where all is one column, the box has no height of its own. */
function roomy(box) {
  return Math.max(420, box.clientHeight - 50);
}

let zoom = 1;
/** Fits the drawing into its box, as long as it stays readable. */
function fit(times) {
  zoom = times;
  if (!app.drawn) return;
  const { root, width, height } = app.drawn;
  const box = at("drawing");
  const scale = Math.max(0.8, Math.min(1.3, (box.clientWidth - 14) / width, roomy(box) / height)) * zoom;
  root.setAttribute("width", Math.round(width * scale));
  root.setAttribute("height", Math.round(height * scale));
}

/** Where we are: all namespaces, or one of them. */
function trail(state) {
  at("trail").replaceChildren(
    html("button", { class: "link", type: "button", text: "All namespaces", disabled: state.space === null, on: { click: () => app.go({ space: null, pick: null }) } }),
    ...(state.space === null ? [] : [html("span", { text: "›", "aria-hidden": "true" }), html("b", { text: plain(state.space) })]));
}

/** The head of the page: what was looked at, and what the colours mean. */
function head() {
  const { report } = model;
  const { target, summary } = report;
  at("enforcer").textContent = plain(report.enforcer);
  at("target").textContent = plain([target.context, ...(target.files || [])].filter(Boolean).join(", "));
  at("counts").textContent = [count(model.namespaces.size, "namespace"), count(model.workloads.length, "workload"), count(summary.pods, "pod"), count(model.connections.length, "connection")].join(" · ");
  if (!summary.complete) at("incomplete").textContent = `not everything is known: ${count(report.gaps.length, "gap")}, ${summary.depends} connections depend, ${summary.unknown} are not known`;
  at("incomplete").hidden = summary.complete;
  const numbers = new Map(KINDS.map((kind) => [kind, model.connections.filter((one) => one.kind === kind).length]));
  at("legend").replaceChildren(...KINDS.filter((kind) => numbers.get(kind) || kind === "allowed" || kind === "open").map((kind) => html("button", {
    id: `kind-${kind}`, class: `kind ${kind}`, type: "button", title: MEANING[kind], "aria-pressed": "true",
    on: { click: () => { const hidden = new Set(app.state.hidden); hidden.has(kind) ? hidden.delete(kind) : hidden.add(kind); app.go({ hidden, pick: null }); } },
  }, html("span", { class: `dot ${kind}` }), SHORT[kind], html("span", { class: "number", text: ` ${numbers.get(kind)}` }))),
  html("span", { class: "kind", title: "workloads that no policy limits" }, html("span", { class: "mark open" }), "open", html("span", { class: "number", text: ` ${model.workloads.filter((workload) => workload.open).length}` })));
}

function start() {
  head();
  let waiting = 0;
  at("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => app.go({ question: at("search").value.trim() }, true), 80);
  });
  at("view-map").addEventListener("click", () => app.go({ view: "map", pick: null }));
  at("view-matrix").addEventListener("click", () => app.go({ view: "matrix", pick: null }));
  at("larger").addEventListener("click", () => fit(zoom * 1.25));
  at("smaller").addEventListener("click", () => fit(zoom / 1.25));
  at("fit").addEventListener("click", () => fit(1));
  addEventListener("resize", () => fit(zoom));
  addEventListener("popstate", () => show(stateOf(location.hash), true));
  addEventListener("hashchange", () => show(stateOf(location.hash), true));
  addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== at("search")) event.preventDefault(), at("search").focus();
    if (event.key !== "Escape") return;
    if (app.state.question) app.go({ question: "" });
    else app.back();
  });
  show(stateOf(location.hash), true);
  document.documentElement.dataset.ready = "yes";
}

start();
