// The console's charts: lines over time drawn from the figure's own data (uPlot), and any chart or map of the page
// saved as a picture with its title and what it rests on. Without this script the table behind the chart stays.

const DARK = matchMedia("(prefers-color-scheme: dark)");

function seconds(day) {
  return Date.parse(day + "T00:00:00Z") / 1000;
}

function shortDay(time, long) {
  const said = document.documentElement.lang;
  const parts = long ? { year: "numeric", month: "short" } : { month: "short", day: "numeric" };
  const format = new Intl.DateTimeFormat(said === "en" ? "en-GB" : said, Object.assign(parts, { timeZone: "UTC" }));
  return format.format(new Date(time * 1000));
}

function look(frame) {
  const style = getComputedStyle(frame);
  const colour = (name) => style.getPropertyValue("--chart-" + name).trim();
  return {
    main: colour("line"),
    second: colour("second"),
    band: colour("band"),
    text: colour("text"),
    grid: colour("grid"),
    ground: colour("ground"),
    size: Math.round(parseFloat(style.fontSize)), // uPlot scales whole numbers only
    family: style.fontFamily,
  };
}

/* -- lines ------------------------------------------------------------------------------------------------------- */

function lastOf(values) {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    if (values[index] !== null) {
      return index;
    }
  }
  return -1;
}

function write(chart, words, x, y, colour, colours, above) {
  const ratio = devicePixelRatio;
  const ctx = chart.ctx;
  ctx.save();
  const font = (size) => "600 " + size * ratio + "px " + colours.family;
  ctx.font = font(colours.size);
  ctx.font = font(Math.floor(colours.size * Math.min(1, chart.bbox.width / ctx.measureText(words).width)));
  const wide = ctx.measureText(words).width;
  const left = Math.max(chart.bbox.left, Math.min(x - wide / 2, chart.bbox.left + chart.bbox.width - wide));
  ctx.textBaseline = above ? "bottom" : "top";
  ctx.lineWidth = 4 * ratio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = colours.ground;
  ctx.strokeText(words, left, y);
  ctx.fillStyle = colour;
  ctx.fillText(words, left, y);
  ctx.restore();
}

// Each line's name stands at its end: the highest above it, the others below theirs.
function names(chart, plan, colours) {
  const ends = plan.lines
    .map((line) => ({ line: line, at: lastOf(line.values) }))
    .filter((end) => end.at >= 0 && end.line.label)
    .sort((one, other) => other.line.values[other.at] - one.line.values[one.at]);
  const gap = 6 * devicePixelRatio;
  ends.forEach((end, order) => {
    const y = chart.valToPos(end.line.values[end.at], "y", true);
    const x = chart.valToPos(plan.x[end.at], "x", true);
    const colour = end.line.main ? colours.main : colours.text;
    write(chart, end.line.label, x, order === 0 ? y - gap : y + gap, colour, colours, order === 0);
  });
}

function mark(chart, plan, colours) {
  if (!plan.mark) {
    return;
  }
  const x = Math.round(chart.valToPos(plan.mark.x, "x", true));
  const ctx = chart.ctx;
  ctx.save();
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.strokeStyle = colours.text;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, chart.bbox.top);
  ctx.lineTo(x, chart.bbox.top + chart.bbox.height);
  ctx.stroke();
  ctx.restore();
  write(chart, plan.mark.label, x, chart.bbox.top + chart.bbox.height - 4 * devicePixelRatio, colours.text, colours, true);
}

function reach(plan) {
  const all = plan.lines.reduce((found, line) => found.concat(line.values), []);
  const band = plan.band ? plan.band.low.concat(plan.band.high) : [];
  const known = all.concat(band).filter((value) => value !== null);
  const high = Math.max.apply(null, known);
  const low = Math.min.apply(null, known);
  if (plan.unit === "%") {
    return [0, 112]; // the whole is 100; above it stands a line's name
  }
  if (plan.zero) {
    return [0, high * 1.25];
  }
  const room = Math.max((high - low) * 0.25, high * 0.004);
  return [low - room, high + room];
}

// The unit stands beside the lowest number; with a percent sign at each.
function tick(value, plan) {
  if (plan.unit === "%") {
    return value > 100 ? "" : value + "%";
  }
  return value || !plan.zero ? String(value) : "0 " + plan.unit;
}

function options(uPlot, frame, plan, colours) {
  const first = plan.x[0];
  const last = plan.x[plan.x.length - 1];
  const long = plan.months || last - first > 200 * 86400;
  const parts = Math.max(1, Math.min(frame.clientWidth < 480 ? 2 : 5, plan.x.length - 1));
  const days = plan.months && plan.x.length < 7 ? plan.x.slice() : [];
  for (let part = 0; part <= parts && !days.includes(last); part += 1) {
    days.push(first + Math.round(((last - first) / 86400) * (part / parts)) * 86400);
  }
  const axis = { stroke: colours.text, font: colours.size + "px " + colours.family, ticks: { show: false } };
  const edge = { stroke: colours.band, width: 1, points: { show: false } };
  const drawn = (line) =>
    Object.assign(
      { stroke: line.main ? colours.main : colours.second, width: line.main ? 2.5 : 2, points: { show: false } },
      line.main ? {} : { dash: [6, 4] }
    );
  const lines = (plan.band ? [edge, Object.assign({}, edge)] : []).concat(plan.lines.map(drawn));
  if (plan.step) {
    lines.forEach((line) => Object.assign(line, { paths: uPlot.paths.stepped({ align: 1 }) }));
  }
  return {
    width: frame.clientWidth,
    height: frame.clientHeight,
    padding: [colours.size * 1.4, colours.size * 2.8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [first, last] }, y: { range: reach(plan) } },
    axes: [
      Object.assign({}, axis, {
        size: colours.size * 2.6,
        gap: colours.size * 0.8,
        splits: () => days,
        values: (_chart, times) => times.map((time) => shortDay(time, long)),
        grid: { show: false },
      }),
      Object.assign({}, axis, {
        size: colours.size * 3.8,
        space: colours.size * 3,
        values: (_chart, values) => values.map((value) => tick(value, plan)),
        grid: { stroke: colours.grid, width: 1 },
      }),
    ],
    series: [{}].concat(lines),
    bands: plan.band ? [{ series: [1, 2], fill: colours.band }] : [],
    hooks: {
      draw: [
        (chart) => {
          mark(chart, plan, colours);
          names(chart, plan, colours);
        },
      ],
    },
  };
}

function show(uPlot, frame) {
  const plan = JSON.parse(frame.dataset.chart);
  plan.x = plan.x.map(seconds);
  if (plan.mark) {
    plan.mark.x = seconds(plan.mark.x);
  }
  const bands = plan.band ? [plan.band.high, plan.band.low] : [];
  const data = [plan.x].concat(bands, plan.lines.map((line) => line.values));
  let chart = null;
  let width = 0;
  let height = 0;
  function draw() {
    if (chart) {
      chart.destroy();
    }
    chart = new uPlot(options(uPlot, frame, plan, look(frame)), data, frame);
    frame.dataset.ready = "1";
  }
  frame.hidden = false;
  new ResizeObserver(() => {
    if (frame.clientWidth !== width || frame.clientHeight !== height) {
      width = frame.clientWidth;
      height = frame.clientHeight;
      draw();
    }
  }).observe(frame);
  DARK.addListener(draw);
}

/* -- as a picture ------------------------------------------------------------------------------------------------- */

const COPIED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-family", "font-weight", "text-anchor", "opacity", "paint-order"];

// A drawing of the page as an image of its own: its style sheet does not follow it, so every mark takes its colours along.
function imageOf(svg) {
  const copy = svg.cloneNode(true);
  const from = svg.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((mark, index) => {
    const style = getComputedStyle(from[index]);
    COPIED.forEach((name) => mark.setAttribute(name, style.getPropertyValue(name)));
  });
  const box = svg.getBoundingClientRect();
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve({ image: image, width: box.width, height: box.height });
    image.onerror = reject;
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  });
}

function drawingOf(figure) {
  const canvas = figure.querySelector("canvas");
  if (canvas) {
    const box = canvas.getBoundingClientRect();
    return Promise.resolve({ image: canvas, width: box.width, height: box.height });
  }
  return imageOf(figure.querySelector("svg"));
}

function wrapped(ctx, words, width) {
  const lines = [""];
  Array.from(words).forEach((letter) => {
    const line = lines[lines.length - 1] + letter;
    if (ctx.measureText(line).width > width && lines[lines.length - 1]) {
      lines.push(letter);
    } else {
      lines[lines.length - 1] = line;
    }
  });
  return lines;
}

function paragraph(ctx, words, font, colour, width, top, line, paint) {
  ctx.font = font;
  ctx.fillStyle = colour;
  ctx.textBaseline = "top";
  const lines = words ? wrapped(ctx, words, width) : [];
  if (paint) {
    lines.forEach((text, index) => ctx.fillText(text, 16, top + index * line));
  }
  return top + lines.length * line;
}

function picture(figure, drawn) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  const family = getComputedStyle(document.body).fontFamily;
  const words = (name) => {
    const found = figure.querySelector(name);
    return found ? found.textContent.replace(/\s+/g, " ").trim() : "";
  };
  const width = drawn.width + 32;
  const canvas = document.createElement("canvas");
  const ctx = canvas.getContext("2d");
  function compose(paint) {
    let y = paragraph(ctx, words("figcaption"), "600 18px " + family, colour("ink"), drawn.width, 16, 26, paint) + 8;
    if (paint) {
      ctx.drawImage(drawn.image, 16, y, drawn.width, drawn.height);
    }
    y = paragraph(ctx, words(".caveat"), "13px " + family, colour("muted"), drawn.width, y + drawn.height + 8, 20, paint);
    return y + 16;
  }
  const height = compose(false);
  canvas.width = Math.round(width * 2);
  canvas.height = Math.round(height * 2);
  ctx.scale(2, 2);
  ctx.fillStyle = colour("paper");
  ctx.fillRect(0, 0, width, height);
  compose(true);
  return canvas;
}

function save(button) {
  const figure = button.closest("figure");
  drawingOf(figure).then((drawn) => {
    picture(figure, drawn).toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = button.dataset.png + ".png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }, "image/png");
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  if (button) {
    save(button);
  }
});

// A map says in words what is pointed at or has the focus.
function say(event) {
  const said = event.target.closest ? event.target.closest("[data-says]") : null;
  const line = said && said.closest("figure").querySelector("[data-say]");
  if (line) {
    line.textContent = said.dataset.says;
  }
}
document.addEventListener("mouseover", say);
document.addEventListener("focusin", say);

const frames = document.querySelectorAll("[data-chart]");
if (frames.length) {
  import("../vendor/uplot/uPlot.esm.js")
    .then((module) => frames.forEach((frame) => show(module.default, frame)))
    .catch(() => frames.forEach((frame) => Object.assign(frame, { hidden: true })));
}
