// Looks for what keeps people from reading or using the page; runs in the page and returns
// { problems, texts, controls }: sentences, the number of texts measured, and the visible controls.
const problems = [];
const visible = (element) => element.checkVisibility({ visibilityProperty: true })
  && element.getClientRects().length > 0;
const describe = (element) => {
  const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const id = element.id ? `#${element.id}` : "";
  const kind = element.classList.length ? `.${[...element.classList].join(".")}` : "";
  return `<${element.localName}${id}${kind}> "${words}"`;
};

// The frame of the document.
if (!(document.documentElement.lang || "").trim()) problems.push("the document has no language");
if (!document.title.trim()) problems.push("the document has no title");
const viewport = document.querySelector("meta[name=viewport]");
if (!viewport || !/width=device-width/.test(viewport.content)) problems.push("no viewport as wide as the device");
if (viewport && /user-scalable=no|maximum-scale/.test(viewport.content)) problems.push("the page cannot be enlarged");
if (document.querySelectorAll("main, [role=main]").length !== 1) problems.push("there is not exactly one main part");

// Headings.
const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(visible);
if (headings.filter((heading) => heading.localName === "h1").length !== 1) problems.push("there is not exactly one h1");
let level = 0;
for (const heading of headings) {
  const own = Number(heading.localName[1]);
  if (own > level + 1) problems.push(`${describe(heading)} follows a heading of level ${level}`);
  if (!heading.textContent.trim()) problems.push(`${describe(heading)} is empty`);
  level = own;
}

// Names that lead somewhere.
const seen = new Set();
for (const element of document.querySelectorAll("[id]")) {
  if (seen.has(element.id)) problems.push(`the id ${element.id} is given twice`);
  seen.add(element.id);
}
for (const attribute of ["for", "aria-labelledby", "aria-describedby", "aria-controls", "headers"]) {
  for (const element of document.querySelectorAll(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(/\s+/)) {
      if (!document.getElementById(id)) problems.push(`${describe(element)}: ${attribute} leads to no ${id}`);
    }
  }
}
for (const link of document.querySelectorAll("a[href^='#']")) {
  const id = link.getAttribute("href").slice(1);
  if (id && !document.getElementById(id)) problems.push(`${describe(link)} leads nowhere`);
}

// Pictures and tables.
for (const picture of document.querySelectorAll("img:not([alt])")) problems.push(`${describe(picture)} has no alt`);
for (const picture of document.querySelectorAll("svg")) {
  const isHidden = picture.closest("[aria-hidden=true]") !== null;
  const isNamed = picture.hasAttribute("aria-label") || picture.hasAttribute("aria-labelledby")
    || picture.querySelector(":scope > title") !== null;
  if (visible(picture) && !isHidden && !(isNamed && picture.getAttribute("role") === "img")) {
    problems.push(`${describe(picture)} is neither a named picture nor hidden from those who hear`);
  }
}
for (const table of [...document.querySelectorAll("table")].filter(visible)) {
  if (table.querySelector("th") === null) problems.push(`${describe(table)} has no heading cells`);
  const isNamed = table.caption !== null || table.hasAttribute("aria-label") || table.hasAttribute("aria-labelledby");
  if (!isNamed) problems.push(`${describe(table)} has no name`);
}

// Contrast.
for (const animation of document.getAnimations()) {
  try { animation.finish(); } catch { animation.cancel(); }
}
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const brush = canvas.getContext("2d", { willReadFrequently: true });
const colours = new Map();
/** Red, green, blue from 0 to 255 and alpha from 0 to 1, for any colour that CSS can write. */
function colour(text) {
  if (!colours.has(text)) {
    const plain = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    if (plain) {
      colours.set(text, [Number(plain[1]), Number(plain[2]), Number(plain[3]), Number(plain[4] ?? 1)]);
    } else {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = text;
      brush.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
      colours.set(text, [red, green, blue, alpha / 255]);
    }
  }
  return colours.get(text);
}
/** A colour painted over another that lets nothing through. */
function over([red, green, blue, alpha], below) {
  const mix = (top, bottom) => top * alpha + bottom * (1 - alpha);
  return [mix(red, below[0]), mix(green, below[1]), mix(blue, below[2]), 1];
}
/** Source: WCAG 2.2, relative luminance and contrast ratio. */
function luminance([red, green, blue]) {
  const linear = [red, green, blue].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}
const probe = document.createElement("div");
probe.style.backgroundColor = "Canvas";
document.body.append(probe);
const paper = colour(getComputedStyle(probe).backgroundColor);
probe.remove();
/** What lies behind the content of an element, how much of it shows, and whether that is certain. */
function behind(element) {
  const chain = [];
  for (let at = element; at !== null; at = at.parentElement) chain.unshift(getComputedStyle(at));
  let [back, shows, isCertain] = [paper, 1, true];
  for (const style of chain) {
    shows *= Number(style.opacity);
    const [red, green, blue, alpha] = colour(style.backgroundColor);
    if (alpha > 0) back = over([red, green, blue, alpha * shows], back);
    if (alpha * shows === 1) isCertain = true;
    if (style.backgroundImage !== "none") isCertain = false;
  }
  return { back, shows, isCertain };
}
let texts = 0;
function measure(element, style, paint, words) {
  const { back, shows, isCertain } = behind(element);
  if (shows === 0) return;
  texts += 1;
  const name = `"${words.trim().replace(/\s+/g, " ").slice(0, 40)}" in ${describe(element)}`;
  if (!isCertain) {
    problems.push(`${name} stands over a picture`);
    return;
  }
  const [red, green, blue, alpha] = colour(paint);
  const ratio = contrast(over([red, green, blue, alpha * shows], back), back);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const wanted = isLarge ? 3 : 4.5;
  if (ratio < wanted) problems.push(`${name}: contrast ${ratio.toFixed(2)}, wanted ${wanted}`);
}
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  const element = node.parentElement;
  if (!node.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT", "TITLE", "DESC"].includes(element.tagName.toUpperCase())) continue;
  const range = document.createRange();
  range.selectNodeContents(node);
  if (!visible(element) || range.getClientRects().length === 0) continue;
  const style = getComputedStyle(element);
  const isDrawn = element.namespaceURI === "http://www.w3.org/2000/svg";
  measure(element, style, isDrawn ? style.fill : style.color, node.data);
}
for (const element of [...document.body.querySelectorAll("*")].filter(visible)) {
  for (const part of ["::before", "::after"]) {
    const style = getComputedStyle(element, part);
    const words = /^"(.*)"$/.exec(style.content);
    if (words && words[1].trim() && style.display !== "none") measure(element, style, style.color, words[1]);
  }
  if (element.matches("input:not([type=radio], [type=checkbox], [type=hidden]), select, textarea")) {
    measure(element, getComputedStyle(element), getComputedStyle(element).color, element.value || element.localName);
    if (element.placeholder) {
      const style = getComputedStyle(element, "::placeholder");
      measure(element, style, style.color, element.placeholder);
    }
  }
}

// Width.
const [wide, room] = [document.scrollingElement.scrollWidth, window.innerWidth];
if (wide > room) {
  const cut = [...document.body.querySelectorAll("*")].filter((e) => visible(e) && e.getBoundingClientRect().right > room + 1);
  problems.push(`the page is ${wide} pixels wide in a window of ${room}: ${cut.slice(0, 3).map(describe).join("; ")}`);
}

const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, "
  + "summary, [role=button], [tabindex]:not([tabindex='-1'])")].filter(visible);
for (const control of controls.filter((one) => !one.matches("a, summary, pre, ol, ul, div, section"))) {
  const box = control.getBoundingClientRect();
  const label = control.labels?.[0]?.getBoundingClientRect();
  const height = Math.max(box.height, label?.height ?? 0);
  const width = Math.max(box.width, label?.width ?? 0);
  if (Math.min(height, width) < 24) problems.push(`${describe(control)} is smaller than a finger: ${width} x ${height}`);
}
return { problems, texts, controls };
