// Where things stand in a drawing: in layers from left to right, so that most connections run that way.
const CARD = { width: 164, height: 46, row: 25, across: 80, beside: 40, down: 12, margin: 22 };

/** Ranks: how far from the left each node stands. Where edges go round, some of them run back. */
function ranks(nodes, edges) {
  const out = new Map(nodes.map((node) => [node.id, []]));
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  for (const edge of edges) {
    out.get(edge.from).push(edge.to);
    waiting.set(edge.to, waiting.get(edge.to) + 1);
  }
  const rank = new Map(nodes.map((node) => [node.id, 0]));
  const left = new Set(rank.keys());
  let ready = nodes.filter((node) => !waiting.get(node.id)).map((node) => node.id);
  while (left.size) {
    if (!ready.length) ready = [opening(left, out, waiting)];
    const next = [];
    for (const id of ready) {
      if (!left.delete(id)) continue;
      for (const to of out.get(id)) {
        if (!left.has(to)) continue;
        rank.set(to, Math.max(rank.get(to), rank.get(id) + 1));
        waiting.set(to, waiting.get(to) - 1);
        if (!waiting.get(to)) next.push(to);
      }
    }
    ready = next;
  }
  return rank;
}

/** Where a circle is opened: where most leaves and least arrives. */
function opening(left, out, waiting) {
  let best = null;
  for (const id of left) {
    const score = out.get(id).filter((to) => left.has(to)).length - waiting.get(id);
    if (!best || score > best.score) best = { id, score };
  }
  return best.id;
}

/** What a line costs a reader: within a layer most, back more than on, far more than near. */
function cost(from, to) {
  return to === from ? 4 : to > from ? to - from : 1.5 + from - to;
}

/** Moves nodes to other layers, one by one, as long as lines become easier to follow. */
function settle(nodes, edges, rank, most) {
  const near = new Map(nodes.map((node) => [node.id, []]));
  for (const edge of edges) near.get(edge.from).push([edge.to, true]), near.get(edge.to).push([edge.from, false]);
  const sizes = Array(most).fill(0);
  for (const node of nodes) sizes[rank.get(node.id)]++;
  for (let round = 0; round < 8; round++) for (const { id } of nodes) {
    let best = null;
    sizes[rank.get(id)]--;
    for (let at = 0; at < most; at++) {
      // Layers are kept about as long as one another.
      const sum = near.get(id).reduce((sum, [other, leaves]) => sum + (leaves ? cost(at, rank.get(other)) : cost(rank.get(other), at)), 0)
        + (2 * sizes[at] * most) / nodes.length;
      if (!best || sum < best.sum) best = { at, sum };
    }
    rank.set(id, best.at), sizes[best.at]++;
  }
}

/** Nodes in layers by their ranks, few enough to be seen at once; those without any edge apart. */
function layered(nodes, edges, most) {
  const inner = nodes.filter((node) => !node.side);
  const ids = new Set(inner.map((node) => node.id));
  const linked = new Set(edges.flatMap((edge) => [edge.from, edge.to]));
  const own = edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to));
  const joined = inner.filter((node) => linked.has(node.id));
  const rank = ranks(inner, own);
  const deepest = Math.max(0, ...rank.values());
  if (deepest >= most) {
    for (const [id, at] of rank) rank.set(id, Math.round((at * (most - 1)) / deepest));
    settle(joined, own, rank, most);
  }
  const layers = [];
  for (const node of joined) (layers[rank.get(node.id)] ||= []).push(node);
  const ends = ["left", "hub", "sink", "right"].map((side) => nodes.filter((node) => node.side === side));
  const all = [ends[0], ends[1], ...layers.filter(Boolean), ends[2], ends[3]].filter((layer) => layer.length);
  return { all, lone: inner.filter((node) => !linked.has(node.id)) };
}

/** Puts the nodes of each layer where their neighbours are, a few times to and fro. */
function order(layers, edges) {
  const near = new Map();
  const link = (one, other) => near.has(one) ? near.get(one).push(other) : near.set(one, [other]);
  for (const edge of edges) link(edge.from, edge.to), link(edge.to, edge.from);
  const at = new Map();
  const number = (layer) => layer.forEach((node, index) => at.set(node.id, (index + 0.5) / layer.length));
  layers.forEach(number);
  for (let round = 0; round < 12; round++) {
    for (const layer of round % 2 ? [...layers].reverse() : layers) {
      const wish = new Map(layer.map((node) => {
        const others = (near.get(node.id) || []).filter((id) => at.has(id));
        return [node.id, others.length ? others.reduce((sum, id) => sum + at.get(id), 0) / others.length : at.get(node.id)];
      }));
      layer.sort((one, other) => wish.get(one.id) - wish.get(other.id));
      number(layer);
    }
  }
}

/** A layer as columns side by side, none higher than `tall`, all about as high. */
function stacks(layer, tall) {
  const high = (nodes) => nodes.reduce((sum, node) => sum + node.height + CARD.down, -CARD.down);
  const columns = Math.max(1, Math.ceil(high(layer) / Math.max(tall, 1)));
  const goal = high(layer) / columns;
  const made = [[]];
  for (const node of layer) {
    const last = made[made.length - 1];
    if (last.length && made.length < layer.length && high([...last, node]) > Math.min(tall, Math.max(goal + CARD.height, CARD.height))) made.push([node]);
    else last.push(node);
  }
  return made.map((nodes) => ({ nodes, high: high(nodes) }));
}

/** All layers, no higher than `tall` where that can be, and below them what has no edge. */
function packed(all, lone, tall) {
  const places = new Map();
  const columns = all.map((layer) => stacks(layer, tall));
  const high = Math.max(0, ...columns.flat().map((column) => column.high));
  let x = CARD.margin;
  let frame = null;
  columns.forEach((layer, number) => {
    const start = x;
    for (const column of layer) {
      let y = CARD.margin + (high - column.high) / 2;
      for (const node of column.nodes) places.set(node.id, { x, y }), (y += node.height + CARD.down);
      x += CARD.width + CARD.beside;
    }
    x -= CARD.beside;
    if (!all[number][0].side || all[number][0].side === "hub" || all[number][0].side === "sink") frame = { x: frame ? frame.x : start, end: x };
    x += CARD.across;
  });
  let width = all.length ? x - CARD.across + CARD.margin * 3 : CARD.margin * 2 + CARD.width;
  let bottom = CARD.margin + high;
  if (lone.length) {
    const start = frame ? frame.x : all.length ? CARD.margin : CARD.margin;
    if (all.length) bottom += 40;
    const top = bottom;
    const step = CARD.width + CARD.beside;
    const wanted = all.length ? Math.max(4, Math.floor((width - start - CARD.margin + CARD.beside) / step)) : Math.max(1, Math.round(tall / CARD.height));
    const across = Math.min(lone.length, wanted);
    for (let first = 0; first < lone.length; first += across) {
      const row = lone.slice(first, first + across);
      row.forEach((node, index) => places.set(node.id, { x: start + index * step, y: bottom }));
      bottom += Math.max(...row.map((node) => node.height)) + CARD.down;
    }
    bottom -= CARD.down;
    const end = start + across * step - CARD.beside;
    frame = { x: start, end: Math.max(end, frame ? frame.end : 0), lone: all.length ? top : null };
    width = Math.max(width, end + CARD.margin);
  }
  return { places, width, height: bottom + CARD.margin, frame };
}

/** How many lines over several layers are led around the cards in between, at most. */
const LED = 70;

/** Room for the lines that go over several layers: something low in each layer that they cross. */
function led(all, edges) {
  const layer = new Map(all.flatMap((nodes, number) => nodes.map((node) => [node.id, number])));
  const long = new Map(edges.map((edge) => [both(edge.from, edge.to), edge]));
  for (const [id, edge] of long) if (Math.abs(layer.get(edge.from) - layer.get(edge.to)) < 2) long.delete(id);
  if (long.size > LED) return { all, edges, bends: new Map() };
  const layers = all.map((nodes) => [...nodes]);
  const bends = new Map();
  const pieces = edges.filter((edge) => !long.has(both(edge.from, edge.to)));
  for (const [id, { from, to }] of long) {
    const step = Math.sign(layer.get(to) - layer.get(from));
    let last = from;
    bends.set(id, []);
    for (let number = layer.get(from) + step; number !== layer.get(to); number += step) {
      const bend = { id: `bend ${number} ${id}`, height: 8, side: all[number][0].side, bend: true };
      layers[number].push(bend), bends.get(id).push(bend.id), pieces.push({ from: last, to: bend.id });
      last = bend.id;
    }
    pieces.push({ from: last, to });
  }
  return { all: layers, edges: pieces, bends };
}

/**
 * Lays a graph out so that it fills a box of `wide` times `high` well. Nodes have an id, a height and
 * perhaps a side; edges have `from` and `to`. Returns the place of each node, the bends of lines that
 * are led around others, the size of it all, and the frame around the nodes that have no side.
 */
function layout(nodes, edges, wide, high) {
  let best = null;
  for (const most of [6, 5, 4, 3, 2]) {
    const layers = layered(nodes, edges, most);
    const { all, edges: pieces, bends } = led(layers.all, edges);
    order(all, pieces);
    const layer = new Map(all.flatMap((nodes, number) => nodes.map((node) => [node.id, number])));
    const beside = edges.filter((edge) => layer.get(edge.from) === layer.get(edge.to)).length / Math.max(1, edges.length);
    for (let tall = CARD.height; tall < 12000; tall = Math.ceil(tall * 1.2)) {
      const made = packed(all, layers.lone, tall);
      // Lines within a layer are harder to follow; a larger drawing is easier to read.
      const worth = Math.min(wide / made.width, high / made.height, 1) - 0.4 * beside;
      if (!best || worth > best.worth + 0.001) best = { ...made, bends, worth };
    }
    if (layers.all.length < most) break;
  }
  return best;
}

/** A curve to the right, or to the left, without its beginning. */
function swing(from, to) {
  const half = (to.x - from.x) * 0.5;
  const bend = Math.sign(half) * Math.min(130, Math.max(26, Math.abs(half)));
  return `C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
}

/** The line from one place to another, both by their left end and the height of their middle. */
function line(from, to, bends) {
  const [right, left] = [from.x + CARD.width, to.x - 6];
  if (from.x === to.x) {
    const bend = 20 + Math.min(46, Math.abs(to.y - from.y) * 0.13);
    return `M${right} ${from.y + 5}C${right + bend} ${from.y + 5} ${right + bend} ${to.y - 5} ${right + 6} ${to.y - 5}`;
  }
  const on = right < to.x;
  // What runs back leaves and arrives a little lower, beside what runs on.
  const start = on ? { x: right, y: from.y } : { x: from.x, y: from.y + 7 };
  const end = on ? { x: left, y: to.y } : { x: to.x + CARD.width + 6, y: to.y + 7 };
  let path = `M${start.x} ${start.y}`;
  let last = start;
  for (const { x, y } of bends) {
    const enter = { x: on ? x : x + CARD.width, y: y + 4 };
    const leave = { x: on ? x + CARD.width : x, y: y + 4 };
    path += `${swing(last, enter)}L${leave.x} ${leave.y}`;
    last = leave;
  }
  return path + swing(last, end);
}
