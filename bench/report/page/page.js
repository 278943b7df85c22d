"use strict";
// Draws each chart from its rows in the colours of the style sheet, and again when those change; keeps what is open.
const specifications = JSON.parse(document.getElementById("specifications").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const palettes = {
  climb: ["ours", "green", "violet", "gold", "pink", "slate"],
  latency: ["ink", "pink", "slate"],
  cores: ["ours", "green", "rest"],
  time: ["red", "gold", "green", "violet", "ours", "rest"],
  course: ["ours", "gold", "red"],
  waits: ["green", "red", "gold", "violet", "pink", "slate", "ours", "ink", "rest"],
  forest: ["green", "red", "ours", "gold"],
  curve: ["ours", "green", "violet", "gold", "pink", "slate"],
  delays: ["ours", "green", "violet", "gold", "pink", "slate"],
};
if (matchMedia("(max-width: 720px)").matches) // a fact a line there: long
  for (const group of document.querySelectorAll("#fingerprint details")) group.open = false;
const charts = [...document.querySelectorAll(".chart")];

function theme(chart) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const text = { labelColor: color("soft"), titleColor: color("soft"), labelFontSize: 12, titleFontSize: 12 };
  return {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    axis: { ...text, titleFontWeight: "normal", gridColor: color("line"), domainColor: color("line"), tickColor: color("line"), labelLimit: Math.max(130, chart.clientWidth * 0.35) },
    axisY: { labelColor: color("ink"), domain: false, ticks: false, labelPadding: 6 },
    legend: { ...text, labelColor: color("ink"), orient: "top", labelLimit: Math.max(chart.clientWidth - 150, 120), symbolType: "circle", columns: chart.clientWidth < 600 ? 1 : 3 },
    header: { labelColor: color("soft"), labelFontSize: 11 },
    range: { category: palettes[chart.dataset.chart].map(color) },
    style: {
      published: { color: color("published") },
      strip: { color: color("ours") },
      limit: { color: color("ink") },
      checkpoint: { color: color("ink") },
      margin: { color: color("rest"), opacity: 0.35 },
      floor: { color: color("violet") },
    },
  };
}

// As high as its rungs need, with a lane for each of several on the same rung; a trial's picture as wide as fits.
function sized(drawn, rows, chart) {
  if (drawn.spec) {
    const columns = Math.min(rows.length, Math.max(1, Math.floor(chart.clientWidth / 125)));
    const width = Math.min((chart.clientWidth - 45) / columns - 14, 260);
    return { ...drawn, columns, spec: { ...drawn.spec, width } };
  }
  if (rows[0].at !== undefined) {
    // Its axis names the values that were tried, and no others.
    const values = [...new Set(rows.map((row) => row.at))];
    const layer = drawn.layer.map((one) => {
      const x = { ...one.encoding.x, axis: { ...one.encoding.x.axis, values } };
      return { ...one, encoding: { ...one.encoding, x } };
    });
    return { ...drawn, layer };
  }
  const count = (name) => new Set(rows.map((row) => row[name])).size;
  if (!drawn.height.step) return drawn;
  return { ...drawn, height: drawn.height.step * count("rung") * (drawn.height.for === "offset" ? count("who") : 1) };
}

// Vega is packed, so that a page is small; it is unpacked here, and nothing is fetched.
async function unpack() {
  const bytes = Uint8Array.from(atob(document.getElementById("vega").textContent), (each) => each.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.head.append(script);
}

async function draw(chart) {
  const rows = JSON.parse(chart.querySelector("script").textContent);
  const specification = { ...sized(specifications[chart.dataset.chart], rows, chart), datasets: { rows } };
  await vegaEmbed(chart.querySelector(".drawing"), specification, {
    mode: "vega-lite", actions: false, config: theme(chart), tooltip: { theme: dark.matches ? "dark" : "light" },
    renderer: chart.dataset.chart === "course" ? "canvas" : "svg",
  });
  chart.dataset.drawn = "yes";
}

// What is folded is drawn when it is opened.
const folded = (chart) => chart.closest("details:not([open])") !== null;
let ready;
async function drawShown(again) {
  delete document.documentElement.dataset.drawn;
  for (const chart of charts) {
    if (again) delete chart.dataset.drawn;
    if (folded(chart) || chart.dataset.drawn) continue;
    try { await (ready ??= unpack()); await draw(chart); } catch (error) { chart.dataset.drawn = "no"; console.error(error); }
  }
  document.documentElement.dataset.drawn = "all";
}

// The address keeps what the reader opened and, after a ~, closed: #climb.~comparison-1
const parts = [...document.querySelectorAll("details[id]")];
const usual = new Map(parts.map((part) => [part.id, part.open]));
function opened() {
  const others = parts.filter((part) => part.open !== usual.get(part.id));
  return others.map((part) => (part.open ? part.id : `~${part.id}`)).join(".");
}
let kept;
function follow() {
  const names = location.hash.slice(1).split(".");
  for (const part of parts) part.open = usual.get(part.id) && !names.includes(`~${part.id}`);
  const named = names.map((name) => document.getElementById(name)).filter((each) => each !== null);
  for (const each of named)
    for (let part = each.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  named[0]?.scrollIntoView();
  kept = opened();
}
function keep() {
  if (opened() === kept) return; // a link to what is open anyway stays
  kept = opened();
  history.replaceState(null, "", kept ? `#${kept}` : location.href.split("#")[0]);
}
addEventListener("hashchange", follow);
follow();

let drawing = Promise.resolve();
const queue = (again) => { drawing = drawing.then(() => drawShown(again)); };
dark.addEventListener("change", () => queue(true));
document.addEventListener("toggle", () => { queue(false); keep(); }, true);
addEventListener("resize", () => charts.filter((chart) => chart.dataset.chart === "course" && !folded(chart)).forEach(draw));
queue(false);
