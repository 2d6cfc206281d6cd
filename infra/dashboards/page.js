// Draws the panels of one dashboard from what Prometheus answers; the page and Prometheus have the same address.
"use strict";
const DASHBOARD = JSON.parse(document.getElementById("dashboard").textContent);
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#a6761d", "#6a3d9a", "#b2182b"];
const POINTS = 240, EVERY_MS = 10000, WIDTH = 600, HEIGHT = 160, LEFT = 68, BOTTOM = 18, TOP = 6;
const ranges = document.getElementById("range");

function element(name, attributes = {}, ...children) {
  const svg = ["svg", "polyline", "line", "text"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function shown(value, unit, digits = 4) {
  if (unit === "%") return `${+(100 * value).toPrecision(3)} %`;
  if (unit === "B") {
    const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1) / 10)));
    return `${+(value / 1024 ** power).toPrecision(3)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
  }
  return `${Number.isInteger(value) ? value : +value.toPrecision(digits)} ${unit}`.trim();
}

const largest = (series) => Math.max(...series.points.map(([, value]) => value));
const named = (legend, labels) => legend.replace(/\{(\w+)\}/g, (_, label) => labels[label] ?? "");

// What stands between backticks is typed.
const worded = (text) => text.split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

async function asked(query, seconds) {
  const end = Math.floor(Date.now() / 1000);
  const words = new URLSearchParams({ query, start: end - seconds, end, step: Math.max(5, Math.round(seconds / POINTS)) });
  const answer = await fetch(`../api/v1/query_range?${words}`);
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error);
  return { end, series: body.data.result };
}

function drawn(series, unit, seconds, end) {
  const values = series.flatMap((one) => one.points.map(([, value]) => value));
  const low = Math.min(0, ...values), most = Math.max(...values), high = most > low ? most : low + 1;
  const x = (time) => LEFT + (WIDTH - LEFT) * (1 - (end - time) / seconds);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const part of [0, 0.5, 1]) {
    const value = low + part * (high - low);
    svg.append(element("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }));
    svg.append(element("text", { x: LEFT - 4, y: y(value) + 4, "text-anchor": "end" }, shown(value, unit, 3)));
  }
  for (const part of [0, 0.5, 1]) {
    const time = end - seconds * (1 - part);
    const text = new Date(1000 * time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    svg.append(element("text", { x: x(time), y: HEIGHT - 4, "text-anchor": ["start", "middle", "end"][2 * part] }, text));
  }
  for (const one of series) {
    const points = one.points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    svg.append(element("polyline", { points, stroke: one.colour }));
  }
  return svg;
}

async function look(figure, panel) {
  const seconds = Number(ranges.value);
  const place = figure.querySelector(".drawing");
  try {
    const answers = await Promise.all(panel.lines.map((line) => asked(line.query, seconds)));
    const series = answers.flatMap(({ series: found }, at) => found.map((one) => ({
      name: named(panel.lines[at].legend, one.metric),
      points: one.values.map(([time, value]) => [time, Number(value)]).filter(([, value]) => Number.isFinite(value)),
    }))).filter((one) => one.points.length);
    series.forEach((one, at) => { one.colour = COLOURS[at % COLOURS.length]; });
    // What has ended has no value now.
    const recent = answers[0].end - Math.max(60, (2 * seconds) / POINTS);
    for (const one of series) one.now = one.points.at(-1)[0] < recent ? null : one.points.at(-1)[1];
    // The legend scrolls: what is large comes first, in the colour that it always has.
    series.sort((one, other) => (other.now ?? 0) - (one.now ?? 0) || largest(other) - largest(one));
    if (!series.length) {
      place.replaceChildren(element("div", { class: "none" }, panel.empty || "nothing yet"));
      return;
    }
    const legend = element("ul");
    for (const one of series) {
      const row = element("li", {}, element("span", {}, one.name), element("span", {}, one.now === null ? "ended" : shown(one.now, panel.unit)));
      row.style.setProperty("--colour", one.colour);
      legend.append(row);
    }
    place.replaceChildren(drawn(series, panel.unit, seconds, answers[0].end), legend);
  } catch (error) {
    place.replaceChildren(element("div", { class: "none fault", role: "alert" }, `Prometheus says: ${error.message}`));
  }
}

const figures = [];
const main = document.querySelector("main");
for (const [heading, panels] of Object.entries(DASHBOARD.rows)) {
  const row = element("div", { class: "row" });
  for (const panel of panels) {
    const caption = element("figcaption", {}, panel.title, ...(panel.help ? [element("small", {}, ...worded(panel.help))] : []));
    const figure = element("figure", {}, caption, element("div", { class: "drawing" }));
    row.append(figure);
    figures.push([figure, panel]);
  }
  main.append(element("h2", {}, heading), row);
}

async function lookAtAll() {
  await Promise.all(figures.map(([figure, panel]) => look(figure, panel)));
  document.body.dataset.looked = String(1 + Number(document.body.dataset.looked || 0));
}
ranges.addEventListener("change", lookAtAll);
setInterval(() => { if (!document.hidden) lookAtAll(); }, EVERY_MS);
lookAtAll();
