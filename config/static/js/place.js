/* The shop on a map: where it is said to stand, and a marker to move. The fields say the same without a map. */
const frame = document.getElementById("place-map");
const lng = document.getElementById("lng");
const lat = document.getElementById("lat");
const datum = document.getElementById("datum");
let moved = null; // the marker that can be dragged

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function style() {
  const tiles = frame.dataset.tiles;
  const sources = { outlines: { type: "geojson", data: new URL(frame.dataset.outlines, location.href).href } };
  const layers = [
    { id: "water", type: "background", paint: { "background-color": token("--map-water") } },
    { id: "land", type: "fill", source: "outlines", filter: ["==", ["get", "is"], "land"], paint: { "fill-color": token("--map-land") } },
  ];
  if (tiles) {
    sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256, attribution: frame.dataset.tileNotice };
    layers.push({ id: "tiles", type: "raster", source: "tiles" });
  }
  layers.push({ id: "borders", type: "line", source: "outlines", filter: ["in", ["get", "is"], ["literal", ["county", "city"]]], paint: { "line-color": token("--edge"), "line-width": 1 } });
  return { version: 8, sources: sources, layers: layers };
}

function marker(library, map, at, label, chosen, draggable) {
  const element = document.createElement("div");
  element.className = "place-pin" + (chosen ? " place-pin-new" : "");
  element.textContent = label;
  return new library.Marker({ element: element, draggable: draggable, anchor: "bottom" }).setLngLat(at).addTo(map);
}

function write(at) {
  lng.value = at.lng.toFixed(6);
  lat.value = at.lat.toFixed(6);
  datum.value = "wgs84"; // the map's own
  lng.dispatchEvent(new Event("input", { bubbles: true }));
}

async function show() {
  const library = await import(frame.dataset.module);
  library.setWorkerUrl(new URL(frame.dataset.worker, location.href).href);
  const data = frame.dataset;
  const now = [Number(data.lng), Number(data.lat)];
  const map = new library.Map({ container: frame, style: style(), center: now, zoom: 14, attributionControl: Boolean(data.tiles) && { compact: true } });
  map.addControl(new library.NavigationControl({ showCompass: false }));
  marker(library, map, now, data.labelNow, false, false);
  if (data.newLng) {
    const there = [Number(data.newLng), Number(data.newLat)];
    marker(library, map, there, data.labelNew, true, false);
    map.fitBounds(new library.LngLatBounds(now, now).extend(there), { padding: 60, maxZoom: 15, animate: false });
  } else if (data.edit && lng) {
    moved = marker(library, map, now, data.labelNew, true, true);
    moved.on("dragend", () => write(moved.getLngLat()));
    map.on("click", (event) => {
      moved.setLngLat(event.lngLat);
      write(event.lngLat);
    });
    const typed = () => {
      const at = [Number(lng.value), Number(lat.value)];
      if (datum.value === "wgs84" && at[0] > 73 && at[0] < 136 && at[1] > 3 && at[1] < 54) {
        moved.setLngLat(at);
      }
    };
    [lng, lat, datum].forEach((field) => field.addEventListener("change", typed));
  }
}

const here = document.querySelector("[data-here]");
if (here) {
  here.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      (position) => {
        const at = { lng: position.coords.longitude, lat: position.coords.latitude };
        write(at);
        if (moved) {
          moved.setLngLat([at.lng, at.lat]);
        }
      },
      () => (here.disabled = true),
      { enableHighAccuracy: true, timeout: 15000 }
    );
  });
}
if (frame) {
  show().catch(() => (frame.hidden = true)); // no WebGL: the fields are enough
}
