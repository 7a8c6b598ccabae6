// 价格走势: draws the table behind it as steps (what most pharmacies ask) on a band (the middle half of them).
// Without this script, or where the chart's own script is too new for the browser, the table stays.

const DAY_S = 86400;

function seconds(day) {
  return Date.parse(day + "T00:00:00Z") / 1000;
}

function number(text) {
  return text ? parseFloat(text) : null;
}

// [days, q3, q1, mode], oldest first; the last line holds until the last day.
function readTable(section, last) {
  const rows = Array.from(section.querySelectorAll("tr[data-on]")).reverse();
  const data = [[], [], [], []];
  rows.forEach((row) => {
    data[0].push(seconds(row.dataset.on));
    data[1].push(number(row.dataset.q3));
    data[2].push(number(row.dataset.q1));
    data[3].push(number(row.dataset.mode));
  });
  if (data[0][data[0].length - 1] < last) {
    data[0].push(last);
    data.slice(1).forEach((column) => column.push(column[column.length - 1]));
  }
  return data;
}

function shortDay(time) {
  // The day before the month in English, as everywhere on the page: 22 Nov.
  const said = document.documentElement.lang;
  const format = new Intl.DateTimeFormat(said === "en" ? "en-GB" : said, {
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  });
  return format.format(new Date(time * 1000));
}

function look(frame) {
  const style = getComputedStyle(frame);
  const colour = (name) => style.getPropertyValue("--chart-" + name).trim();
  return {
    line: colour("line"),
    band: colour("band"),
    text: colour("text"),
    grid: colour("grid"),
    ground: colour("ground"),
    size: Math.round(parseFloat(style.fontSize)), // uPlot scales whole numbers only
    family: style.fontFamily,
  };
}

// The highest and lowest drawn value from the time `start` on, the step in force at `start` included.
function reach(data, start) {
  let high = -Infinity;
  let low = Infinity;
  data[0].forEach((time, index) => {
    if (index + 1 < data[0].length && data[0][index + 1] <= start) {
      return;
    }
    [data[1][index], data[2][index], data[3][index]].forEach((value) => {
      if (value !== null) {
        high = Math.max(high, value);
        low = Math.min(low, value);
      }
    });
  });
  return { high: high, low: low };
}

function label(chart, words, colours, colour, above) {
  const ratio = devicePixelRatio;
  const ctx = chart.ctx;
  const right = chart.bbox.left + chart.bbox.width;
  ctx.save();
  const font = (size) => "600 " + size * ratio + "px " + colours.family;
  ctx.font = font(colours.size);
  // 长辈版 on a phone: what is longer than the chart is wide is written smaller.
  const fits = Math.min(1, chart.bbox.width / ctx.measureText(words).width);
  ctx.font = font(Math.floor(colours.size * fits));
  ctx.textAlign = "right";
  ctx.textBaseline = above ? "bottom" : "top";
  const start = chart.posToVal((right - ctx.measureText(words).width - chart.bbox.left) / ratio, "x");
  const bounds = reach(chart.data, start);
  if (Number.isFinite(bounds.high)) {
    const y = chart.valToPos(above ? bounds.high : bounds.low, "y", true) + (above ? -6 : 6) * ratio;
    ctx.lineWidth = 4 * ratio;
    ctx.lineJoin = "round";
    ctx.strokeStyle = colours.ground;
    ctx.strokeText(words, right, y);
    ctx.fillStyle = colour;
    ctx.fillText(words, right, y);
  }
  ctx.restore();
}

function labels(frame, chart, colours) {
  const last = chart.data[0].length - 1;
  const said = frame.dataset;
  const oneLine = chart.data[3][last] !== null && chart.data[1][last] === chart.data[2][last];
  if (said.modeLabel) {
    label(chart, said.modeLabel, colours, colours.line, true);
  }
  if (said.halfLabel && !oneLine) {
    label(chart, said.halfLabel, colours, colours.text, false);
  }
}

function options(uPlot, frame, data, colours) {
  const first = data[0][0];
  const last = data[0][data[0].length - 1];
  const parts = Math.max(1, Math.min(frame.clientWidth < 480 ? 2 : 4, Math.round((last - first) / DAY_S)));
  const days = [];
  for (let part = 0; part <= parts; part += 1) {
    days.push(first + Math.round(((last - first) / DAY_S) * (part / parts)) * DAY_S);
  }
  const highest = Math.max.apply(null, data.slice(1).reduce((all, column) => all.concat(column), [0]));
  const steps = uPlot.paths.stepped({ align: 1 });
  const axis = { stroke: colours.text, font: colours.size + "px " + colours.family, ticks: { show: false } };
  // Where there is no mode to draw, the band must be seen alone.
  const alone = data[3].every((value) => value === null);
  const edge = { stroke: alone ? colours.text : colours.band, width: 1, paths: steps, points: { show: false } };
  return {
    width: frame.clientWidth,
    height: frame.clientHeight,
    padding: [colours.size * 0.8, colours.size * 2, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [first, last] }, y: { range: [0, highest * 1.25] } },
    axes: [
      Object.assign({}, axis, {
        size: colours.size * 2.6,
        gap: colours.size * 0.8,
        splits: () => days,
        values: (_chart, times) => times.map(shortDay),
        grid: { show: false },
      }),
      Object.assign({}, axis, {
        size: colours.size * 3.6,
        space: colours.size * 3,
        values: (_chart, values) => values.map((value) => (value ? String(value) : frame.dataset.zero)),
        grid: { stroke: colours.grid, width: 1 },
      }),
    ],
    series: [
      {},
      edge,
      Object.assign({}, edge),
      { stroke: colours.line, width: 2.5, paths: steps, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: colours.band }],
    hooks: { draw: [(chart) => labels(frame, chart, colours)] },
  };
}

function show(uPlot, section, frame) {
  const data = readTable(section, seconds(frame.dataset.last));
  let chart = null;
  function draw() {
    if (chart) {
      chart.destroy();
    }
    chart = new uPlot(options(uPlot, frame, data, look(frame)), data, frame);
  }
  frame.hidden = false;
  let width = 0;
  let height = 0;
  new ResizeObserver(() => {
    // Only when the frame itself changed: also when 长辈版 makes it larger.
    if (frame.clientWidth !== width || frame.clientHeight !== height) {
      width = frame.clientWidth;
      height = frame.clientHeight;
      draw();
    }
  }).observe(frame);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

document.querySelectorAll("[data-history]").forEach((section) => {
  const frame = section.querySelector("[data-history-chart]");
  if (!frame) {
    return;
  }
  // Fetched when somebody comes near it: most visitors read the list and go.
  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watcher.disconnect();
        import("../vendor/uplot/uPlot.esm.js")
          .then((module) => show(module.default, section, frame))
          .catch(() => {
            frame.hidden = true;
          });
      }
    },
    { rootMargin: "400px" }
  );
  watcher.observe(section); // the frame itself has no place yet
});
