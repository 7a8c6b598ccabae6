/* Points on a map: a shop and those around it, with their prices. The table beside it says the same; without WebGL, or
   in an old browser, a notice stands in the map's place. */
const DARK = matchMedia("(prefers-color-scheme: dark)");
const WIDE = matchMedia("(min-width: 900px)");

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function style(frame) {
  const sources = { outlines: { type: "geojson", data: new URL(frame.dataset.outlines, location.href).href } };
  const layers = [
    { id: "water", type: "background", paint: { "background-color": token("--map-water") } },
    { id: "land", type: "fill", source: "outlines", filter: ["==", ["get", "is"], "land"], paint: { "fill-color": token("--map-land") } },
  ];
  if (frame.dataset.tiles) {
    sources.tiles = { type: "raster", tiles: [frame.dataset.tiles], tileSize: 256, attribution: frame.dataset.tileNotice };
    layers.push({ id: "tiles", type: "raster", source: "tiles" });
  }
  const border = (id, is, colour, width) => ({
    id: id,
    type: "line",
    source: "outlines",
    filter: ["==", ["get", "is"], is],
    paint: { "line-color": token(colour), "line-width": width },
  });
  layers.push(border("counties", "county", "--line", 1), border("cities", "city", "--edge", 1.5), {
    id: "names",
    type: "symbol",
    source: "outlines",
    filter: ["==", ["get", "is"], "name"],
    layout: { "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"], "text-padding": 12 },
    paint: { "text-color": token("--muted"), "text-halo-color": token("--map-land"), "text-halo-width": 1.5 },
  });
  return { version: 8, sources: sources, layers: layers };
}

function fail(frame) {
  frame.hidden = true;
  frame.parentNode.querySelector(".points-note").hidden = true;
  frame.parentNode.querySelector(".points-failed").hidden = false;
}

function put(library, map, points) {
  const bounds = new library.LngLatBounds();
  points.forEach((point) => {
    const pin = document.createElement("div");
    pin.className = point.main ? "point point-main" : "point";
    pin.textContent = point.label;
    pin.title = point.name;
    new library.Marker({ element: pin, anchor: "bottom" }).setLngLat([point.lng, point.lat]).addTo(map);
    bounds.extend([point.lng, point.lat]);
  });
  map.fitBounds(bounds, { padding: 56, maxZoom: 15, animate: false });
}

async function start(frame) {
  try {
    const library = await import(frame.dataset.module);
    library.setWorkerUrl(new URL(frame.dataset.worker, location.href).href);
    const said = frame.dataset;
    const map = new library.Map({
      container: frame,
      style: style(frame),
      center: [112.3, 31],
      zoom: 6,
      maxZoom: 18,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      cooperativeGestures: !WIDE.matches,
      attributionControl: said.tiles ? { compact: false } : false,
      locale: {
        "Map.Title": said.title,
        "Marker.Title": said.pinTitle,
        "NavigationControl.ZoomIn": said.zoomIn,
        "NavigationControl.ZoomOut": said.zoomOut,
        "CooperativeGesturesHandler.MobileHelpText": said.twoFingers,
        "CooperativeGesturesHandler.WindowsHelpText": said.zoomIn + " / " + said.zoomOut + ": Ctrl",
        "CooperativeGesturesHandler.MacHelpText": said.zoomIn + " / " + said.zoomOut + ": ⌘",
      },
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
    map.getCanvas().addEventListener("webglcontextlost", () => fail(frame));
    map.on("load", () => frame.setAttribute("data-ready", "1"));
    DARK.addListener(() => map.setStyle(style(frame)));
    put(library, map, JSON.parse(said.points));
  } catch (error) {
    fail(frame);
  }
}

document.querySelectorAll("[data-points]").forEach((frame) => {
  // Far down the page: fetched when somebody comes near it.
  const watcher = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        watcher.disconnect();
        start(frame);
      }
    },
    { rootMargin: "300px" }
  );
  watcher.observe(frame);
});
