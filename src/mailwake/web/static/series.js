// Draws the charts of the page again with a cursor that reads values. The page is complete without it.

const CLASSES = ["human", "possible", "machine"];
const NAMES = { human: "● people", possible: "◐ possibly", machine: "□ machines" };

function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return { human: read("human"), possible: read("possible"), machine: read("machine"), ink: read("soft"), line: read("line"), card: read("card") };
}

// The same fills as in the drawing of the server: solid, hatched, dotted.
function fill(kind, colour) {
  if (kind === "human") return colour.human;
  const tile = document.createElement("canvas");
  const size = kind === "possible" ? 8 : 6;
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  pen.fillStyle = colour.card;
  pen.fillRect(0, 0, size, size);
  if (kind === "possible") {
    pen.strokeStyle = colour.possible;
    pen.lineWidth = 3;
    pen.beginPath();
    for (const shift of [-size, 0, size]) { pen.moveTo(shift - 1, size + 1); pen.lineTo(shift + size + 1, -1); }
    pen.stroke();
  } else {
    pen.fillStyle = colour.machine;
    for (const [x, y] of [[1.5, 1.5], [4.5, 4.5]]) { pen.beginPath(); pen.arc(x, y, 1.35, 0, 7); pen.fill(); }
  }
  return pen.createPattern(tile, "repeat");
}

function draw(place) {
  if (!window.uPlot || place.querySelector(".drawn") || place.clientWidth === 0) return;
  const [times, human, possible, machine] = JSON.parse(place.dataset.points);
  const zone = place.dataset.zone;
  const step = Number(place.dataset.step);
  const colour = colours();
  const counts = { human, possible, machine };
  // Columns stand one behind the other: the tallest, drawn first, holds all three.
  const stacked = [
    times,
    times.map((_, i) => human[i] + possible[i] + machine[i]),
    times.map((_, i) => human[i] + possible[i]),
    human,
  ];
  const bars = uPlot.paths.bars({ size: [0.85, 64], align: 1 });
  const series = [...CLASSES].reverse().map((kind) => ({
    label: NAMES[kind],
    fill: () => fill(kind, colour),
    width: 0,
    paths: bars,
    points: { show: false },
    value: (_, __, ___, i) => (i == null ? "–" : counts[kind][i].toLocaleString("en")),
  }));
  const when = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const axis = { stroke: colour.ink, grid: { stroke: colour.line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const canvas = document.createElement("div");
  canvas.className = "drawn";
  canvas.setAttribute("aria-hidden", "true");
  place.append(canvas);
  const plot = new uPlot({
    width: place.clientWidth,
    height: 216,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { x: { range: (_, low, high) => [low, high + step] }, y: { range: (_, __, high) => [0, Math.max(2, high * 1.05)] } },
    series: [{ label: "From", value: (_, value) => (value == null ? "–" : when.format(new Date(value * 1000))) }, ...series],
    axes: [axis, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000], values: (_, levels) => levels.map((level) => level.toLocaleString("en")) }],
  }, stacked, canvas);
  place.plot = plot;
}

function drawAll() {
  for (const place of document.querySelectorAll(".series[data-points]")) draw(place);
}

function drawAgain() {
  for (const place of document.querySelectorAll(".series[data-points]")) {
    place.plot?.destroy();
    place.querySelector(".drawn")?.remove();
    draw(place);
  }
}

let waiting = 0;
function later() {
  clearTimeout(waiting);
  waiting = setTimeout(drawAgain, 150);
}

addEventListener("resize", later);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
document.addEventListener("htmx:after:swap", drawAll);
drawAll();
