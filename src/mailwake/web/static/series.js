// Draws the charts of the page again with a cursor that reads values. The page is complete without it.

const CLASSES = ["human", "possible", "machine"];

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
  const series = [...CLASSES].reverse().map((kind) => ({ fill: () => fill(kind, colour), width: 0, paths: bars, points: { show: false } }));
  const part = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
  const day = part({ day: "numeric", month: "short" });
  const clock = part({ hour: "2-digit", minute: "2-digit" });
  const moment = (seconds) => `${day.format(seconds * 1000)}, ${clock.format(seconds * 1000)}`;
  // A label says the day where it changes, the time of day elsewhere.
  const labels = (_, ticks) => ticks.map((at, i) => {
    const today = day.format(at * 1000);
    const time = clock.format(at * 1000);
    if (time === "00:00") return today;
    return i === 0 || day.format(ticks[i - 1] * 1000) !== today ? `${today}\n${time}` : time;
  });
  const axis = { stroke: colour.ink, grid: { stroke: colour.line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const canvas = document.createElement("div");
  canvas.className = "drawn";
  canvas.setAttribute("aria-hidden", "true");
  const readout = document.createElement("p");
  readout.className = "readout";
  const read = (plot) => {
    const i = plot.cursor.idx;
    readout.textContent = i == null ? place.dataset.hint
      : `${moment(times[i])}: ` + CLASSES.filter((kind) => place.dataset[kind]).map((kind) => `${place.dataset[kind]} ${counts[kind][i].toLocaleString("en")}`).join(" · ");
  };
  place.append(canvas);
  const plot = new uPlot({
    width: place.clientWidth,
    height: 216,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { show: false },
    scales: { x: { range: (_, low, high) => [low, high + step] }, y: { range: (_, __, high) => [0, Math.max(2, high * 1.05)] } },
    series: [{}, ...series],
    axes: [
      { ...axis, space: 76, values: labels },
      { ...axis, size: 44, space: 36, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (_, levels) => levels.map((level) => level.toLocaleString("en")) },
    ],
    hooks: { setCursor: [read], ready: [read] },
  }, stacked, canvas);
  canvas.append(readout);
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
