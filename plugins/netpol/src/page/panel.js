// The panel beside the drawing: what is known of the thing that was chosen.

/** How many lines of a list are shown at once. */
const STEP = 40;

/** A list of which more is shown on demand. */
function listing(items, show, none) {
  if (!items.length) return html("p", { class: "none", text: none });
  const list = html("ul", { class: "list" });
  const box = html("div", {}, list);
  let shown = 0;
  const more = html("button", { class: "more", type: "button", on: { click: () => { const first = shown; next(); list.children[first]?.querySelector("button, summary")?.focus(); } } });
  function next() {
    for (const item of items.slice(shown, shown + STEP)) list.append(html("li", {}, show(item)));
    shown = Math.min(items.length, shown + STEP);
    more.textContent = `${count(items.length - shown, "more", "more")}`;
    more.remove();
    if (shown < items.length) box.append(more);
  }
  next();
  return box;
}

/** Names in a row, the first few of them. */
function names(texts, most = 4) {
  const some = texts.slice(0, most).map(plain).join(", ");
  return texts.length > most ? `${some} and ${count(texts.length - most, "more", "more")}` : some;
}

/** A connection as a line that opens: from or to whom, on which ports, and below it what decides. */
function entry(app, connection, seen) {
  const ends = { from: connection.from.texts, to: connection.to.texts };
  const who = seen ? names(ends[seen]) : `${names(ends.from, 3)} → ${names(ends.to, 3)}`;
  const box = html("details", { class: `entry ${connection.kind}` },
    html("summary", {}, html("span", { class: "who", text: who }), html("span", { class: "ports", text: connection.portText })));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(details(app, connection)); });
  return box;
}

/** All that is known of a connection. */
function details(app, connection) {
  const ends = (title, end) => [html("dt", { text: title }), html("dd", {}, end.groups.map((one) => groupLine(app, one)))];
  const box = html("div", { class: "details" }, html("dl", {},
    ends("from", connection.from), ends("to", connection.to),
    html("dt", { text: "ports" }), html("dd", { text: connection.portText }),
    html("dt", { text: "verdict" }), html("dd", {}, html("span", { class: `dot ${connection.kind}` }), connection.kind === "open" ? "allowed" : connection.kind),
    connection.causes.length ? [html("dt", { text: "because" }), html("dd", { text: connection.causes.map((cause) => CAUSES[cause] || plain(cause)).join("; ") })] : []));
  if (connection.unlimited) box.append(html("p", { class: "reason", text: "No policy limits either end." }));
  else if (!connection.asked) box.append(html("p", { class: "none", text: "The rules that decide were not asked for." }));
  else box.append(html("ul", { class: "rules" }, connection.why.map((reason) => html("li", {},
    html("span", { class: "direction", text: reason.direction }),
    html("div", {},
      reason.policy ? html("button", { class: "link", type: "button", text: plain(policyName(reason.policy)), on: { click: () => app.ask(policyName(reason.policy)) } }) : null,
      reason.path ? html("code", { text: plain(reason.path) }) : null,
      reason.place ? html("span", { class: "place", text: plain(placeText(reason.place)) }) : null,
      html("p", { class: "reason", text: plain(reason.words) }))))));
  return box;
}

/** A group by its name, and its workloads one by one where they are few. */
function groupLine(app, one) {
  const workloads = [...one.members];
  if (workloads.length === 1) return html("div", {}, workloadLink(app, app.model.workloads[workloads[0]], one.text));
  const line = html("div", { text: plain(one.text) });
  if (!workloads.length) return line;
  const box = html("details", { class: "members" }, html("summary", {}, plain(one.text), html("span", { class: "number", text: ` ${count(workloads.length, "workload")}` })));
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1) box.append(listing(workloads, (index) => workloadLink(app, app.model.workloads[index]), ""));
  });
  return box;
}

function workloadLink(app, workload, text) {
  return html("button", { class: "link", type: "button", text: plain(text || `${workload.namespace}/${workload.name}`), on: { click: () => app.go({ space: workload.namespace, pick: { workload: workload.index } }) } });
}

function spaceLink(app, name) {
  return html("button", { class: "link", type: "button", text: plain(name), on: { click: () => app.go({ space: name, pick: null }) } });
}

/** Whether policies limit a workload, in words. */
function limits(workload) {
  if (workload.open) return "No policy limits it in either direction.";
  if (workload.openIngress) return "No policy limits what arrives.";
  if (workload.openEgress) return "No policy limits what leaves.";
  return "Policies limit what arrives and what leaves.";
}

/** The connections that a workload takes part in, by direction. */
function mine(app, index) {
  const all = [...app.model.connections, ...app.model.open.connections].filter((one) => !app.state.hidden.has(one.kind));
  return { into: all.filter((one) => one.to.members.has(index)), out: all.filter((one) => one.from.members.has(index)) };
}

function workloadPanel(app, index) {
  const workload = app.model.workloads[index];
  const { into, out } = mine(app, index);
  return [
    heading(app, `${workload.namespace}/${workload.name}`, `${workload.kind}, ${workload.pods ? count(workload.pods, "pod") : "no pods"}`),
    html("p", { class: workload.open ? "warn" : null, text: limits(workload) }),
    workload.place ? html("p", { class: "place", text: plain(placeText(workload.place)) }) : null,
    section("Who can reach it", into.length, listing(into, (one) => entry(app, one, "from"), "Nobody.")),
    section("Whom it can reach", out.length, listing(out, (one) => entry(app, one, "to"), "Nobody.")),
  ];
}

function spacePanel(app, name) {
  const { workloads, open } = app.model.namespaces.get(name);
  const line = (index) => {
    const workload = app.model.workloads[index];
    const { into, out } = mine(app, index);
    return html("button", { class: "row", type: "button", on: { click: () => app.go({ pick: { workload: index } }) } },
      html("span", { class: `mark${workload.open ? " open" : ""}` }),
      html("span", { class: "who", text: plain(workload.name) }),
      html("span", { class: "ports", text: `${into.length} in · ${out.length} out` }));
  };
  const all = app.model.connections.filter((one) => !app.state.hidden.has(one.kind));
  const into = all.filter((one) => one.to.spaces.has(name));
  const out = all.filter((one) => one.from.spaces.has(name) && !into.includes(one));
  return [
    heading(app, name, `${count(workloads.length, "workload")}${open ? `, ${open} of them open` : ""}`),
    section("Workloads", workloads.length, listing(workloads, line, "None.")),
    section("Connections into it", into.length, listing(into, (one) => entry(app, one), "None but those of open workloads.")),
    section("Connections out of it", out.length, listing(out, (one) => entry(app, one), "None but those of open workloads.")),
  ];
}

function connectionsPanel(app, title, connections) {
  const list = listing(connections, (one) => entry(app, one), "Nothing is allowed.");
  // One alone is opened at once.
  if (connections.length === 1) list.querySelector("details").open = true;
  return [heading(app, title, count(connections.length, "connection")), list];
}

function searchPanel(app, hits) {
  const { model } = app;
  const part = (title, items, show) => items.length ? section(title, items.length, listing(items, show, "")) : null;
  const total = hits.namespaces.size + hits.workloads.size + hits.connections.size + hits.policies.length;
  const policy = (one) => html("details", { class: "entry" },
    html("summary", {}, html("span", { class: "who", text: plain(one.name) }), html("span", { class: "ports", text: count(one.connections.size, "connection") })),
    listing([...one.connections], (index) => entry(app, model.connections[index]), ""));
  return [
    html("h2", { text: total ? "Found" : "Nothing found" }),
    total ? null : html("p", { class: "none", text: "Names of namespaces, workloads, policies, addresses and ports are searched." }),
    part("Namespaces", [...hits.namespaces], (name) => spaceLink(app, name)),
    part("Workloads", [...hits.workloads], (index) => workloadLink(app, model.workloads[index])),
    part("Policies", hits.policies, policy),
    part("Connections", [...hits.connections], (index) => entry(app, model.connections[index])),
  ];
}

function overviewPanel(app) {
  const { model } = app;
  const open = model.workloads.filter((workload) => workload.open);
  const closed = model.report.closed.ingress.filter((id) => model.byId.has(id)).map((id) => model.workloads[model.byId.get(id)]);
  const line = (space) => html("button", { class: "row", type: "button", on: { click: () => app.go({ space: space.name, pick: null }) } },
    html("span", { class: `mark${space.open ? " open" : ""}` }),
    html("span", { class: "who", text: plain(space.name) }),
    html("span", { class: "ports", text: count(space.workloads.length, "workload") + (space.open ? ` · ${space.open} open` : "") }));
  return [
    html("h2", { text: "Overview" }),
    html("p", { class: "none", text: "Choose a namespace, a line or a cell. Point at something to see what it is connected with." }),
    model.report.gaps.length ? section("Not known", model.report.gaps.length, listing(model.report.gaps, gapLine, "")) : null,
    open.length ? html("details", { class: "open-list" },
      html("summary", { class: "warn", text: `${count(open.length, "workload")} ${open.length === 1 ? "is" : "are"} open: no policy limits ${open.length === 1 ? "it" : "them"}` }),
      listing(open, (workload) => workloadLink(app, workload), "")) : null,
    closed.length ? html("details", { class: "open-list" },
      html("summary", { text: `${count(closed.length, "workload")} can be reached by nobody` }),
      listing(closed, (workload) => workloadLink(app, workload), "")) : null,
    section("Namespaces", model.namespaces.size, listing([...model.namespaces.values()], line, "None.")),
  ];
}

function gapLine(gap) {
  const what = [gap.what, gap.object, gap.place ? placeText(gap.place) : null].filter(Boolean).join(" ");
  return html("div", { class: "gap" }, html("b", { text: plain(what) }), html("p", { text: plain(gap.why) }), gap.hint ? html("p", { class: "none", text: plain(gap.hint) }) : null);
}

function heading(app, title, note) {
  return html("header", {},
    html("h2", { tabindex: -1, text: plain(title) }), html("p", { class: "note", text: note }),
    html("button", { class: "close", type: "button", "aria-label": "Close", text: "×", on: { click: () => app.back() } }));
}

function section(title, number, ...content) {
  return html("section", {}, html("h3", {}, title, html("span", { class: "number", text: ` ${number}` })), content);
}
