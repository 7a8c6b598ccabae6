/* The map beside the list, drawn from the list's own data- attributes, so that the two cannot disagree.
   Nothing here is needed to compare: without WebGL, or in an old browser, a notice stands in its place. */
const box = document.getElementById("map-box");
const frame = document.getElementById("map");
const WIDE = window.matchMedia("(min-width: 900px)");
const DARK = window.matchMedia("(prefers-color-scheme: dark)");
const OUTLINE_LAYERS = ["city-borders", "county-borders", "names"];
const NOTHING = { type: "FeatureCollection", features: [] };

let library = null;
let map = null;
let pins = [];
let started = false;

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function colours() {
  return {
    land: token("--map-land"),
    water: token("--map-water"),
    line: token("--line"),
    edge: token("--edge"),
    muted: token("--muted"),
    brand: token("--brand"),
  };
}

function style() {
  const colour = colours();
  const tiles = frame.dataset.tiles;
  const sources = {
    outlines: { type: "geojson", data: new URL(frame.dataset.outlines, location.href).href },
    radius: { type: "geojson", data: circle() },
  };
  const layers = [
    { id: "water", type: "background", paint: { "background-color": colour.water } },
    { id: "land", type: "fill", source: "outlines", filter: ["==", ["get", "is"], "land"], paint: { "fill-color": colour.land } },
  ];
  if (tiles) {
    sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256, attribution: frame.dataset.tileNotice };
    layers.push({ id: "tiles", type: "raster", source: "tiles" });
  }
  layers.push(
    { id: "county-borders", type: "line", source: "outlines", filter: ["==", ["get", "is"], "county"], paint: { "line-color": colour.line, "line-width": 1 } },
    { id: "city-borders", type: "line", source: "outlines", filter: ["==", ["get", "is"], "city"], paint: { "line-color": colour.edge, "line-width": 1.5 } },
    {
      id: "names",
      type: "symbol",
      source: "outlines",
      filter: ["==", ["get", "is"], "name"],
      layout: { "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"], "text-padding": 12 },
      paint: { "text-color": colour.muted, "text-halo-color": colour.land, "text-halo-width": 1.5 },
    },
    { id: "radius", type: "line", source: "radius", paint: { "line-color": colour.brand, "line-width": 1.5, "line-dasharray": [3, 3] } }
  );
  return { version: 8, sources: sources, layers: layers };
}

/* Where the citizen stands, from the tab's own memory; the page itself never holds it. */
function me() {
  const results = document.getElementById("results");
  if (!results || results.dataset.origin !== "1") {
    return null;
  }
  try {
    const parts = sessionStorage.getItem("position").split(",").map(Number);
    return [parts[1], parts[0]];
  } catch (error) {
    return null; // storage forbidden: the list knows, the map does without
  }
}

/* The radius of the list around the citizen, as a ring of points. */
function circle() {
  const centre = me();
  const radius = centre ? Number(document.getElementById("results").dataset.radius) : 0;
  if (!radius) {
    return NOTHING;
  }
  const points = [];
  const north = radius / 111195;
  const east = north / Math.cos((centre[1] * Math.PI) / 180);
  for (let step = 0; step <= 72; step += 1) {
    const angle = (step * Math.PI) / 36;
    points.push([centre[0] + east * Math.cos(angle), centre[1] + north * Math.sin(angle)]);
  }
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } };
}

function fail() {
  started = true;
  document.getElementById("map-failed").hidden = false;
  document.getElementById("map-note").hidden = true;
  document.querySelector(".map-switch").hidden = true;
  frame.hidden = true;
  if (map) {
    map.remove();
    map = null;
  }
}

async function start() {
  if (started || !frame) {
    return;
  }
  started = true;
  try {
    library = await import(frame.dataset.module);
    library.setWorkerUrl(new URL(frame.dataset.worker, location.href).href);
    map = new library.Map({
      container: frame,
      style: style(),
      center: [112.3, 31],
      zoom: 6,
      minZoom: 4,
      maxZoom: 18,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      cooperativeGestures: !WIDE.matches,
      attributionControl: frame.dataset.tiles ? { compact: false } : false,
      locale: {
        "Map.Title": frame.dataset.title,
        "Marker.Title": frame.dataset.pinTitle,
        "NavigationControl.ZoomIn": frame.dataset.zoomIn,
        "NavigationControl.ZoomOut": frame.dataset.zoomOut,
        "CooperativeGesturesHandler.MobileHelpText": frame.dataset.twoFingers,
        "CooperativeGesturesHandler.WindowsHelpText": frame.dataset.zoomIn + " / " + frame.dataset.zoomOut + ": Ctrl",
        "CooperativeGesturesHandler.MacHelpText": frame.dataset.zoomIn + " / " + frame.dataset.zoomOut + ": ⌘",
      },
    });
  } catch (error) {
    fail();
    return;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
  map.on("moveend", uncrowd);
  map.on("load", () => frame.setAttribute("data-ready", "1"));
  map.getCanvas().addEventListener("webglcontextlost", fail);
  draw();
}

function clear() {
  pins.forEach((pin) => pin.marker.remove());
  pins = [];
}

function draw() {
  if (!map) {
    return;
  }
  clear();
  const bounds = new library.LngLatBounds();
  document.querySelectorAll("[data-pin]").forEach((card) => {
    if (card.closest(".plan-off")) {
      return;
    }
    const place = [Number(card.dataset.lng), Number(card.dataset.lat)];
    const pin = document.createElement("button");
    pin.type = "button";
    pin.tabIndex = -1; // the list says the same and is in the tab order
    pin.className = "pin" + (card.dataset.stale === "1" ? " pin-stale" : card.dataset.rank === "1" ? " pin-best" : "");
    pin.textContent = card.dataset.price;
    pin.title = card.dataset.name;
    pin.addEventListener("mouseenter", () => highlight(card));
    pin.addEventListener("mouseleave", () => highlight(null));
    pin.addEventListener("click", () => show(card));
    const marker = new library.Marker({ element: pin, anchor: "bottom", offset: [0, -6] }).setLngLat(place).addTo(map);
    pins.push({ card: card, element: pin, marker: marker, place: place, half: pin.offsetWidth / 2 + 2 });
    bounds.extend(place);
  });
  drawMe(bounds);
  const ring = map.getSource("radius");
  if (ring) {
    ring.setData(circle());
  }
  if (!bounds.isEmpty()) {
    // Without tiles there is nothing to see close by: stay where county names give a bearing.
    const closest = frame.dataset.tiles ? 16 : pins.length > 1 ? 14 : 11;
    // Clear of the note in the corner, whatever its letters need.
    const bottom = document.getElementById("map-note").offsetHeight + 28;
    const padding = { top: 70, bottom: bottom, left: 50, right: 60 };
    map.fitBounds(bounds, { padding: padding, maxZoom: closest, animate: false });
  }
  uncrowd();
}

function drawMe(bounds) {
  const place = me();
  if (!place) {
    return;
  }
  const dot = document.createElement("div");
  dot.className = "me";
  const marker = new library.Marker({ element: dot }).setLngLat(place).addTo(map);
  pins.push({ card: null, element: dot, marker: marker, place: place });
  bounds.extend(place);
}

/* Of pins that would cover each other the better ranked keeps its price; the others shrink to dots. */
function uncrowd() {
  const taken = [];
  pins.forEach((pin, order) => {
    if (!pin.card) {
      return;
    }
    const at = map.project(pin.place);
    const crowded = taken.some((other) => Math.abs(other.x - at.x) < other.half + pin.half && Math.abs(other.y - at.y) < 32);
    pin.element.classList.toggle("pin-dot", crowded);
    pin.element.style.zIndex = String((crowded ? 0 : 200) + pins.length - order);
    if (!crowded) {
      taken.push({ x: at.x, y: at.y, half: pin.half });
    }
  });
}

function highlight(card) {
  pins.forEach((pin) => {
    if (!pin.card) {
      return;
    }
    const active = pin.card === card;
    pin.element.classList.toggle("pin-active", active);
    pin.card.classList.toggle("card-active", active);
  });
}

function show(card) {
  highlight(card);
  const link = card.querySelector("a");
  card.scrollIntoView({ block: "center" });
  if (link) {
    link.focus({ preventScroll: true });
  }
}

if (box && frame) {
  const follow = (event) => highlight(event.target.closest ? event.target.closest("[data-pin]") : null);
  document.addEventListener("mouseover", (event) => {
    if (!event.target.closest(".pin")) {
      follow(event);
    }
  });
  document.addEventListener("focusin", follow);
  document.addEventListener("htmx:afterSwap", draw);
  document.getElementById("map-outlines").addEventListener("change", (event) => {
    if (map) {
      OUTLINE_LAYERS.forEach((layer) => map.setLayoutProperty(layer, "visibility", event.target.checked ? "visible" : "none"));
    }
  });
  DARK.addListener(() => {
    if (map) {
      map.setStyle(style());
    }
  });
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-map-toggle]");
    if (toggle) {
      const open = box.classList.toggle("map-open");
      toggle.setAttribute("aria-expanded", String(open));
      start();
      if (open) {
        box.scrollIntoView({ block: "start" });
      }
    }
  });
  const startWhereItShows = () => {
    if (WIDE.matches || box.classList.contains("map-open")) {
      start();
    }
  };
  WIDE.addListener(startWhereItShows);
  startWhereItShows();
}
