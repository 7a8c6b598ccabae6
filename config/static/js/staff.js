/* What every staff page does: sends this browser's newest CSRF mark, keeps the session alive while somebody works,
   says so when it has ended (nothing on the page is lost), and prints. */

const PING_EVERY = 4 * 60 * 1000;

export function csrfToken() {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found ? decodeURIComponent(found[1]) : "";
}

/* For code that uses fetch: `const answer = await fetch(url, asked({method: "POST", body})); if (signedOut(answer)) return;` */
export function asked(options = {}) {
  const headers = Object.assign({ "X-Requested-With": "fetch", "X-CSRFToken": csrfToken() }, options.headers || {});
  return Object.assign({ credentials: "same-origin" }, options, { headers });
}

/* Whether an answer says that nobody is logged in (any more); if so the page says it, and keeps what is on it. */
export function signedOut(answer) {
  if (answer.status !== 401) {
    return false;
  }
  answer.text().then(show);
  return true;
}

function show(html) {
  const bar = document.getElementById("signed-out");
  bar.innerHTML = html; // our own fragment, escaped by the server
  bar.hidden = false;
}

function hide() {
  document.getElementById("signed-out").hidden = true;
}

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
document.addEventListener("htmx:responseError", (event) => {
  if ([401, 403].indexOf(event.detail.xhr.status) >= 0 && event.detail.xhr.responseText.length < 2000) {
    show(event.detail.xhr.responseText);
  }
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    hide();
  }
});

/* A log-in in another tab gives the browser a new mark: forms of this one take it along. */
document.addEventListener("submit", (event) => {
  const mark = event.target.querySelector("input[name=csrfmiddlewaretoken]");
  if (mark && csrfToken()) {
    mark.value = csrfToken();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) {
    window.print();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    copied(document.getElementById(copy.dataset.copy), copy.parentElement.querySelector("[data-copied]"));
  }
});

/* By selection: the clipboard's own interface is closed on a plain http address in a shop's network. */
function copied(source, said) {
  getSelection().selectAllChildren(source);
  said.hidden = !document.execCommand("copy");
}

/* On a phone the menus are wider than the screen: the page one is on is brought into sight, and so is an entry that a Tab
   comes to while only its edge can be seen. */
document.querySelectorAll(".staff-menu, .console-pages").forEach((menu) => {
  const current = menu.querySelector("[aria-current]");
  if (current) {
    menu.scrollLeft += current.getBoundingClientRect().left - menu.getBoundingClientRect().left - 40;
  }
  menu.addEventListener("focusin", (event) => event.target.scrollIntoView({ block: "nearest", inline: "nearest" }));
});

/* Typing and clicking is being there; a page left open is not. */
let lastPing = Date.now();
function here() {
  const body = document.body;
  if (!body.dataset.person || Date.now() - lastPing < PING_EVERY) {
    return;
  }
  lastPing = Date.now();
  fetch(body.dataset.alive, asked()).then((answer) => signedOut(answer) || hide(), () => {});
}
["input", "click", "keydown"].forEach((kind) => document.addEventListener(kind, here, { passive: true }));
