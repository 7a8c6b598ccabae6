/* Where a list begins. The citizen's position is rounded to 3 decimals here (about 100 m), kept until the tab closes, and
   sent only as a header of fragment requests, so that no address, history or log of addresses ever holds it. A city or
   county that was chosen is kept in this browser, and stands in the address. */
const KEY = "position";
const HEADER = "X-Position";
const AREA = "area";
const OPTIONS = { enableHighAccuracy: false, timeout: 15000, maximumAge: 300000 };

let position = remembered();

function remembered() {
  try {
    return sessionStorage.getItem(KEY);
  } catch (error) {
    return null;
  }
}

function remember(value) {
  position = value;
  document.dispatchEvent(new CustomEvent("position:changed", { detail: value }));
  try {
    if (value) {
      sessionStorage.setItem(KEY, value);
    } else {
      sessionStorage.removeItem(KEY);
    }
  } catch (error) {
    return; // storage forbidden: the position lasts for this page
  }
}

/* The city and county of the last list, kept in this browser so that the next drug begins there. */
function lastArea() {
  try {
    return JSON.parse(localStorage.getItem(AREA));
  } catch (error) {
    return null;
  }
}

function keepArea() {
  const chosen = (id) => (document.getElementById(id) || { value: "" }).value;
  try {
    if (chosen("city")) {
      localStorage.setItem(AREA, JSON.stringify({ city: chosen("city"), county: chosen("county") || null }));
    } else {
      localStorage.removeItem(AREA);
    }
  } catch (error) {
    return; // storage forbidden: every list begins with the province
  }
}

/* Ask for the list again, with what the address says and these changes (null takes a choice away). A page whose list
   is not chosen by its address listens for `position:changed` instead. */
async function refresh(changes) {
  if (!document.getElementById("choice")) {
    return;
  }
  const query = new URLSearchParams(location.search);
  Object.keys(changes).forEach((name) => {
    if (changes[name] === null) {
      query.delete(name);
    } else {
      query.set(name, changes[name]);
    }
  });
  const words = query.toString();
  const address = location.pathname + (words ? "?" + words : "");
  const headers = { "HX-Request": "true" };
  if (position) {
    headers[HEADER] = position;
  }
  document.getElementById("results").classList.add("htmx-request");
  try {
    const answer = await fetch(address, { headers: headers, cache: "no-store" });
    if (!answer.ok) {
      complain(answer.status);
      return;
    }
    swap(await answer.text(), answer.headers.get("HX-Replace-Url") || address);
  } catch (error) {
    complain();
  }
}

/* As htmx would; by hand, because phones too old for htmx may still have a position. */
function swap(html, address) {
  const results = document.getElementById("results");
  const held = results.contains(document.activeElement) ? document.activeElement : null;
  results.insertAdjacentHTML("afterend", html);
  const fresh = results.nextElementSibling;
  results.remove();
  if (held) {
    (document.getElementById(held.id) || fresh).focus({ preventScroll: true });
  }
  if (window.htmx) {
    window.htmx.process(fresh);
  }
  if (address !== location.pathname + location.search) {
    history.replaceState(history.state, "", address);
    document.dispatchEvent(new CustomEvent("htmx:replacedInHistory"));
  }
  document.dispatchEvent(new CustomEvent("htmx:afterSwap"));
}

/* A network that went away, or a server with too much to do, must not leave the list under its skeleton. */
function complain(status) {
  const notice = document.getElementById("request-failed");
  document.getElementById("results").classList.remove("htmx-request");
  if (!notice.dataset.offline) {
    notice.dataset.offline = notice.textContent;
  }
  notice.textContent = status >= 500 ? notice.dataset.busy : notice.dataset.offline;
  notice.hidden = false;
}

function locate(button) {
  const then = button.dataset.then;
  const label = document.querySelector("[data-locate] [data-waiting]"); // whichever was pressed, the words stand there
  const said = label && label.textContent;
  const done = () => {
    button.disabled = false;
    if (label) {
      label.textContent = said;
    }
  };
  const failed = () => {
    done();
    const notice = document.getElementById("locate-failed");
    if (notice) {
      notice.textContent = notice.dataset.denied;
      notice.hidden = false;
    }
  };
  if (!navigator.geolocation) {
    failed();
    return;
  }
  button.disabled = true;
  if (label) {
    label.textContent = label.dataset.waiting;
  }
  navigator.geolocation.getCurrentPosition(
    (found) => {
      done();
      remember(found.coords.latitude.toFixed(3) + "," + found.coords.longitude.toFixed(3));
      refresh(then ? { sort: then, city: null, county: null } : { city: null, county: null });
    },
    failed,
    OPTIONS
  );
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-locate], [data-forget]");
  if (!button) {
    return;
  }
  if (button.hasAttribute("data-locate")) {
    locate(button);
  } else {
    remember(null);
    refresh({ sort: null, travel: null, radius: null });
  }
});

document.addEventListener("htmx:configRequest", (event) => {
  if (position) {
    event.detail.headers[HEADER] = position;
  }
});

document.addEventListener("htmx:afterSwap", () => {
  const words = document.getElementById("list-words");
  const said = document.getElementById("said");
  if (words && said) {
    said.textContent = words.textContent;
  }
  if (document.getElementById("choice")) {
    keepArea();
  }
});

["htmx:sendError", "htmx:responseError", "htmx:timeout"].forEach((name) => {
  document.addEventListener(name, (event) => complain(event.detail.xhr.status));
});

const area = new URLSearchParams(location.search).has("city") ? null : lastArea();
if (area && area.city) {
  refresh({ city: area.city, county: area.county });
} else if (position) {
  refresh({});
}
