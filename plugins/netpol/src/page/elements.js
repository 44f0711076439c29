// Elements: everything that is shown is made here, and every text is set as text, never as markup.
const SVG = "http://www.w3.org/2000/svg";
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

function fill(element, settings, children) {
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/** An element of the page: `text`, `on` and attributes, then what is in it. */
function html(tag, settings = {}, ...children) {
  return fill(document.createElement(tag), settings, children);
}

/** An element of a drawing. */
function svg(tag, settings = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), settings, children);
}

/** A number with what is counted. */
function count(number, one, many = one + "s") {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** A text cut to so many characters; the whole of it is in the title beside. */
function cut(text, length) {
  const letters = Array.from(text);
  return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : text;
}

const ruler = document.createElement("canvas").getContext("2d");

/** A text cut to so many pixels in a drawing. */
function fitted(text, pixels, font) {
  ruler.font = `${font} ${FONT}`;
  if (ruler.measureText(text).width <= pixels) return text;
  const letters = Array.from(text);
  let [fits, not] = [0, letters.length];
  while (not - fits > 1) {
    const middle = (fits + not) >> 1;
    if (ruler.measureText(letters.slice(0, middle).join("") + "…").width <= pixels) fits = middle;
    else not = middle;
  }
  return letters.slice(0, fits).join("") + "…";
}

/** Writing that changes direction, and signs that cannot be seen, are shown as their numbers. */
function plain(text) {
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
}
