// The namespaces against each other: rows open connections, columns are reached.

/** How many namespaces stand against each other at most. */
const SQUARE = 80;

/** Which lines of the matrix an end lies on, and how much of each it means. */
function stripes(model, side) {
  const on = new Map();
  for (const one of side.groups) {
    for (const [name, number] of one.spaces) {
      on.set(`in:${name}`, Math.min(1, (on.get(`in:${name}`) || 0) + number / model.namespaces.get(name).workloads.length));
    }
    if (one.place) on.set(`at:${one.place}`, 1);
  }
  return on;
}

/** What stands beside a row or above a column. */
function named(line) {
  return line.startsWith("in:") ? plain(line.slice(3)) : AROUND[line.slice(3)];
}

/** The cells that are not empty, and the names of rows and columns. */
function table(model, hidden, chosen) {
  const cells = new Map();
  const busy = new Map();
  const outer = { from: new Set(), to: new Set() };
  for (const connection of [...model.connections, ...model.open.connections]) {
    if (hidden.has(connection.kind)) continue;
    const columns = stripes(model, connection.to);
    for (const [row, part] of stripes(model, connection.from)) for (const [column, share] of columns) {
      const id = both(row, column);
      if (!cells.has(id)) cells.set(id, { row, column, share: 0, connections: [] });
      const cell = cells.get(id);
      cell.share = Math.max(cell.share, part * share);
      cell.connections.push(connection);
      busy.set(row, (busy.get(row) || 0) + 1), busy.set(column, (busy.get(column) || 0) + 1);
      if (row.startsWith("at:")) outer.from.add(row);
      if (column.startsWith("at:")) outer.to.add(column);
    }
  }
  let names = [...model.namespaces.keys()].filter((name) => !chosen || chosen.has(name)).map((name) => `in:${name}`);
  const left = Math.max(0, names.length - SQUARE);
  if (left) {
    const kept = new Set([...names].sort((one, other) => (busy.get(other) || 0) - (busy.get(one) || 0)).slice(0, SQUARE));
    names = names.filter((name) => kept.has(name));
  }
  return { cells, rows: [...outer.from, ...names], columns: [...names, ...outer.to], left };
}

/** Draws the matrix. `choose` is called with a cell. */
function square(model, state, chosen, choose) {
  const { cells, rows, columns, left } = table(model, state.hidden, chosen);
  const head = html("tr", {}, html("td", { class: "corner" }, html("span", { text: "from ↓  to →" })),
    columns.map((name) => html("th", { scope: "col", title: named(name) }, html("span", { text: cut(named(name), 22) }))));
  const body = rows.map((row) => html("tr", {},
    html("th", { scope: "row", title: named(row), text: cut(named(row), 24) }),
    columns.map((column) => {
      const cell = cells.get(both(row, column));
      if (!cell) return html("td", { class: row === column ? "self" : null, tabindex: -1, "aria-label": `${named(row)} → ${named(column)}: nothing` });
      const kind = gravest(cell.connections);
      const label = `${named(row)} → ${named(column)}: ${MEANING[kind]}, ${count(cell.connections.length, "connection")}`;
      const box = html("td", { class: `${kind}${row === column ? " self" : ""}`, tabindex: -1, title: label, "aria-label": label, on: { click: () => choose(cell) } }, html("i"));
      box.firstChild.style.opacity = 0.35 + 0.65 * cell.share;
      return box;
    })));
  const grid = html("table", { class: `matrix${columns.length > 60 ? " tiny" : columns.length > 28 ? " small" : ""}`, role: "grid", "aria-label": "Namespaces against each other: rows open connections, columns are reached" },
    html("thead", {}, head), html("tbody", {}, body));
  steer(grid, (box) => {
    const [row, column] = [box.parentNode.rowIndex - 1, box.cellIndex - 1];
    const cell = cells.get(both(rows[row], columns[column]));
    if (cell) choose(cell);
  });
  const parts = [grid];
  if (left) parts.push(html("p", { class: "aside", text: `${count(left, "namespace")} with fewer connections ${left === 1 ? "is" : "are"} not shown: search to narrow.` }));
  return html("div", { class: "square" }, parts);
}

/** Arrow keys walk through the cells; one of them is in the order of the tab key. */
function steer(grid, act) {
  const at = (row, column) => grid.rows[row]?.cells[column];
  const first = at(1, 1);
  if (first) first.tabIndex = 0;
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const mark = (box) => {
    for (const old of grid.querySelectorAll(".on")) old.classList.remove("on");
    if (!box) return;
    box.parentNode.cells[0].classList.add("on");
    grid.rows[0].cells[box.cellIndex].classList.add("on");
  };
  const box = (event) => event.target.closest("tbody td");
  grid.addEventListener("keydown", (event) => {
    const now = box(event);
    if (!now) return;
    if (event.key === "Enter" || event.key === " ") return event.preventDefault(), act(now);
    const move = moves[event.key];
    const next = move && at(now.parentNode.rowIndex + move[0], now.cellIndex + move[1]);
    if (!next || next.tagName !== "TD" || next.classList.contains("corner") || next.parentNode.rowIndex === 0) return;
    event.preventDefault();
    now.tabIndex = -1, next.tabIndex = 0;
    next.focus();
  });
  grid.addEventListener("focusin", (event) => mark(box(event)));
  grid.addEventListener("mouseover", (event) => mark(box(event)));
  grid.addEventListener("mouseleave", () => mark(null));
}
