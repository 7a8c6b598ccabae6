/* The page of 我的药单. Lines and plan are the server's words; the list itself never leaves but in the body of a POST. */
import { fragment, fromFragment, MAX_PACKS, read, write } from "./basket-store.js";

const root = document.getElementById("basket");
const box = document.getElementById("lines");
const form = document.getElementById("plan-form");
const plan = document.getElementById("plan");
const region = document.getElementById("from-region");
const undo = document.getElementById("undo");

let shared = fromFragment(location.hash); // a list that was sent: not this browser's until it is kept
let lines = shared || read();
let before = null;
let position = remembered();
let asked = 0;
let soon = 0;

function remembered() {
  try {
    return sessionStorage.getItem("position");
  } catch (error) {
    return null;
  }
}

/* Keep the list where it came from: a sent one in its address, one's own in the browser. */
function keep() {
  if (shared) {
    shared = lines;
    history.replaceState(history.state, "", location.pathname + (lines.length ? "#" + fragment(lines) : ""));
  } else {
    write(lines);
  }
  document.dispatchEvent(new CustomEvent("list:changed"));
  frame();
}

/* Everything around the lines that depends on whether there are any. */
function frame() {
  const some = lines.length > 0;
  document.getElementById("no-lines").hidden = some;
  document.getElementById("list-actions").hidden = !some;
  document.getElementById("share").hidden = !some;
  document.getElementById("shared").hidden = !shared;
  form.hidden = !some;
  document.getElementById("share-address").value = location.origin + location.pathname + "#" + fragment(lines);
  document.getElementById("from-position").hidden = !position;
  document.getElementById("from-elsewhere").hidden = Boolean(position);
  const language = document.querySelector("[data-language]");
  if (language) {
    language.hash = shared ? location.hash : "";
  }
  if (!some) {
    plan.textContent = "";
    box.textContent = "";
    redraw();
  }
}

function post(address, body) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
  });
}

/* The lines by name, from the server, which keeps nothing. */
async function name() {
  frame();
  if (!lines.length) {
    return;
  }
  try {
    const answer = await post(root.dataset.linesUrl, { items: lines });
    box.innerHTML = await answer.text();
    document.getElementById("lines-failed").hidden = true;
  } catch (error) {
    document.getElementById("lines-failed").hidden = false;
  }
}

function redraw() {
  document.dispatchEvent(new CustomEvent("htmx:afterSwap"));
}

function say(words) {
  document.getElementById("said").textContent = words;
}

/* Where to buy it all. Of two answers on their way only the later counts. */
async function work(complain) {
  const here = position && position.split(",").map(Number);
  document.getElementById("needs-place").hidden = Boolean(here || region.value || !complain);
  if (!lines.length || !(here || region.value)) {
    return;
  }
  asked += 1;
  const mine = asked;
  const body = {
    items: lines,
    radius_m: Number(document.getElementById("plan-radius").value),
    max_stops: 2,
    yuan_per_km: document.getElementById("plan-travel").value,
  };
  Object.assign(body, here ? { lat: here[0], lng: here[1] } : { region: region.value });
  plan.classList.add("plan-working");
  plan.setAttribute("aria-busy", "true");
  try {
    const answer = await post(root.dataset.planUrl, body);
    const html = await answer.text();
    if (mine !== asked) {
      return;
    }
    if (answer.status !== 200 && answer.status !== 400 && answer.status !== 503) {
      throw new Error(String(answer.status));
    }
    document.getElementById("request-failed").hidden = true;
    plan.innerHTML = html;
    redraw();
  } catch (error) {
    document.getElementById("request-failed").hidden = false;
  }
  plan.classList.remove("plan-working");
  plan.removeAttribute("aria-busy");
}

/* A change of the list changes the plan, if one is shown. */
function again() {
  clearTimeout(soon);
  if (plan.textContent.trim()) {
    soon = setTimeout(() => work(false), 400);
  }
}

function change(row, quantity) {
  const line = lines[Number(row.dataset.line)];
  line.quantity = Math.min(Math.max(quantity, 1), MAX_PACKS);
  row.querySelector("[data-quantity]").value = String(line.quantity);
  keep();
  again();
}

async function replace(next, words) {
  before = lines;
  lines = next;
  undo.querySelector("span").textContent = words;
  undo.hidden = false;
  keep();
  await name();
  again();
  undo.querySelector("[data-undo]").focus();
}

const PRESSES = {
  less: (button) => {
    const row = button.closest("[data-line]");
    change(row, lines[Number(row.dataset.line)].quantity - 1);
  },
  more: (button) => {
    const row = button.closest("[data-line]");
    change(row, lines[Number(row.dataset.line)].quantity + 1);
  },
  remove: (button) => {
    const gone = Number(button.closest("[data-line]").dataset.line);
    replace(
      lines.filter((line, n) => n !== gone),
      undo.querySelector("span").dataset.removed
    );
  },
  clear: () => replace([], undo.querySelector("span").dataset.cleared),
  undo: async () => {
    lines = before;
    undo.hidden = true;
    keep();
    await name();
    again();
    box.querySelector("[data-quantity]").focus();
  },
  print: () => window.print(),
  keep: () => {
    shared = null;
    history.replaceState(history.state, "", location.pathname);
    keep();
    document.querySelector("h1").scrollIntoView({ block: "nearest" });
  },
  own: () => {
    shared = null;
    history.replaceState(history.state, "", location.pathname);
    lines = read();
    plan.textContent = "";
    redraw();
    name();
  },
  copy: () => {
    const field = document.getElementById("share-address");
    const said = document.querySelector("#share [role=status]");
    field.select();
    const told = (done) => {
      said.textContent = done ? said.dataset.copied : said.dataset.select;
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(field.value).then(() => told(true), () => told(false));
    } else {
      told(document.execCommand("copy"));
    }
  },
  plan: (button) => {
    plan.querySelectorAll("[data-plan]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    plan.querySelectorAll("[data-plan-of]").forEach((part) => {
      part.classList.toggle("plan-off", part.dataset.planOf !== button.dataset.plan);
    });
    redraw();
  },
};

document.addEventListener("click", (event) => {
  Object.keys(PRESSES).forEach((press) => {
    const button = event.target.closest("button[data-" + press + "]");
    if (button) {
      PRESSES[press](button);
    }
  });
});

box.addEventListener("change", (event) => {
  const typed = Number(event.target.value);
  const row = event.target.closest("[data-line]");
  change(row, Number.isInteger(typed) && typed > 0 ? typed : lines[Number(row.dataset.line)].quantity);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  work(true);
});

form.addEventListener("change", again);

document.addEventListener("position:changed", (event) => {
  position = event.detail;
  frame();
  if (position) {
    work(false);
  } else {
    plan.textContent = "";
    redraw();
  }
});

window.addEventListener("hashchange", () => {
  const sent = fromFragment(location.hash);
  if (sent) {
    shared = sent;
    lines = sent;
    plan.textContent = "";
    name();
  }
});

/* Who gives no position begins in the county of the last list. */
function beginInArea() {
  try {
    const area = JSON.parse(localStorage.getItem("area")) || {};
    const code = area.county || area.city;
    if (!region.value && region.querySelector('option[value="' + Number(code) + '"]')) {
      region.value = code;
    }
  } catch (error) {
    return; // storage forbidden, or not ours
  }
}

beginInArea();
name();
if (position || region.value) {
  work(false);
}
