/* The desk's table: every row is in memory, the rows in view are in the page. What is typed is kept until it is public:
   in the model, and in this tab's storage through a reload or a log-in. Sending and its answers: desk-sending.js. */
import { Sender } from "./desk-sending.js";

const AROUND = 12; // rows kept ready above and below the window
const form = document.getElementById("desk");
const said = document.querySelector("[data-said]");

class Table {
  constructor(lists) {
    this.rows = lists.map(([code, name, spec, maker, terms, price, stock, age, stale, warned, member]) => ({
      code, name, spec, maker, price, stock, age, stale, warned, member,
      text: [name, maker, code, terms].join(" ").toLowerCase(),
      draft: null, note: null, picked: false, gone: false,
    }));
    this.byCode = new Map(this.rows.map((row) => [row.code, row]));
    this.body = form.querySelector("tbody");
    this.blank = document.getElementById("desk-row").content.querySelector("tr");
    this.find = document.getElementById("desk-find");
    this.words = (document.querySelector("[data-words]") || { dataset: {} }).dataset;
    this.editable = Boolean(this.blank.querySelector("input[data-price]"));
    this.shown = [];
    this.nodes = new Map();
    this.top = document.createElement("tr");
    this.bottom = document.createElement("tr");
    [this.top, this.bottom].forEach((row) => {
      row.setAttribute("aria-hidden", "true");
      row.className = "desk-space";
      row.appendChild(document.createElement("td")).colSpan = 6;
    });
    this.body.textContent = "";
    this.body.append(this.top, this.bottom);
    this.sender = this.editable ? new Sender(this, form) : null;
    this.listen();
    this.restore();
    this.filter();
  }

  // -- what is in view ------------------------------------------------------------------------------------------------

  only() {
    return document.querySelector("[name=only]:checked").value;
  }

  passes(row, only) {
    return !row.gone && (!only || (only === "stale" && row.stale) || (only === "out" && row.stock === "out") || (only === "warned" && row.warned));
  }

  filter() {
    const words = this.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = this.only();
    this.shown = this.rows.filter((row) => this.passes(row, only) && words.every((word) => row.text.indexOf(word) >= 0));
    form.querySelector("table").setAttribute("aria-rowcount", this.shown.length + 1);
    form.querySelector("[data-none]").hidden = this.shown.length > 0;
    this.counts();
    this.say((this.words.nRows || "%n").replace("%n", this.shown.length.toLocaleString("en")));
    this.draw(true);
  }

  counts() {
    document.querySelectorAll("[data-count-of]").forEach((place) => {
      place.textContent = this.rows.filter((row) => this.passes(row, place.dataset.countOf)).length.toLocaleString("en");
    });
  }

  height() {
    const row = this.nodes.values().next().value;
    return (row && row.offsetHeight) || 56;
  }

  draw(afresh) {
    const height = this.height();
    const start = this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-start / height) - AROUND);
    const last = Math.min(this.shown.length, Math.ceil((window.innerHeight - start) / height) + AROUND);
    const wanted = new Set();
    for (let n = first; n < last; n += 1) {
      wanted.add(this.shown[n].code);
    }
    this.nodes.forEach((node, code) => {
      if (!wanted.has(code)) {
        node.remove();
        this.nodes.delete(code);
      }
    });
    this.space(this.top, first * height);
    this.space(this.bottom, Math.max(0, this.shown.length - last) * height);
    let before = this.top;
    for (let n = first; n < last; n += 1) {
      const row = this.shown[n];
      const known = this.nodes.get(row.code);
      const node = known || this.make(row);
      if (before.nextSibling !== node) {
        before.after(node);
      }
      node.setAttribute("aria-rowindex", n + 2);
      if (!known || afresh) {
        this.fill(row);
      }
      before = node;
    }
    if (afresh && this.nodes.size && this.height() !== height) {
      this.draw(false); // the first rows tell how high a row is here
    }
  }

  space(row, height) {
    row.firstChild.style.height = height + "px";
    row.hidden = height === 0;
  }

  make(row) {
    const node = this.blank.cloneNode(true);
    node.dataset.row = row.code;
    this.nodes.set(row.code, node);
    return node;
  }

  fill(row) {
    const node = this.nodes.get(row.code);
    if (!node) {
      return;
    }
    const part = (name) => node.querySelector("[data-" + name + "]");
    part("name").textContent = row.name;
    part("more").textContent = [row.member, row.spec, row.maker].filter(Boolean).join(" · ");
    node.querySelector("th").title = [row.name, row.spec, row.maker, row.member].filter(Boolean).join(" ");
    part("age").textContent = row.age;
    const draft = row.draft || {};
    const price = draft.price === undefined ? row.price : draft.price;
    const stock = draft.stock === undefined ? row.stock : draft.stock;
    if (this.editable) {
      this.set(part("price"), price);
      this.set(part("stock"), stock);
      part("price").disabled = part("stock").disabled = Boolean(draft.removed);
      part("price").setAttribute("aria-invalid", row.note && row.note.kind === "error" ? "true" : "false");
      part("pick").checked = row.picked;
      part("pick").setAttribute("aria-label", row.name);
    } else {
      part("price").textContent = row.price;
      part("stock").textContent = part("stock").dataset[row.stock || "unknown"] || row.stock;
    }
    const note = row.note || (draft.removed ? { kind: "draft", text: this.words.off } : row.draft ? { kind: "draft", text: this.words.draft } : row.warned ? { kind: "warned", text: row.warned } : { kind: "", text: "" });
    part("state").textContent = note.text;
    part("state").className = "note note-" + (note.kind || "none");
    node.title = note.text;
    node.className = (row.stale ? "is-stale " : "") + (row.draft ? "is-draft " : "") + (note.kind ? "has-" + note.kind : "");
  }

  set(field, value) {
    if (field.value !== value) {
      field.value = value;
    }
  }

  say(text) {
    said.textContent = text;
  }

  // -- what is typed --------------------------------------------------------------------------------------------------

  listen() {
    this.find.addEventListener("input", () => this.filter());
    document.querySelector(".desk-tools").addEventListener("submit", (event) => event.preventDefault());
    document.querySelectorAll("[name=only]").forEach((choice) => choice.addEventListener("change", () => this.filter()));
    let waiting = false;
    const later = () => {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          this.draw(false);
        });
      }
    };
    window.addEventListener("scroll", later, { passive: true });
    window.addEventListener("resize", () => this.draw(true));
    document.addEventListener("keydown", (event) => this.key(event));
    if (!this.editable) {
      return;
    }
    this.body.addEventListener("input", (event) => this.typed(event.target));
    this.body.addEventListener("change", (event) => this.typed(event.target));
    this.body.addEventListener("focusin", (event) => event.target.matches("[data-price]") && event.target.select());
    form.querySelector("[data-pick-all]").addEventListener("change", (event) => {
      this.shown.forEach((row) => (row.picked = event.target.checked));
      this.draw(true);
      this.sender.bars();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sender.saveAll();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.drafts().length) {
        this.keep();
      }
      if (this.sender.busy) {
        event.preventDefault();
        event.returnValue = "";
      }
    });
  }

  typed(field) {
    const row = this.rowOf(field);
    if (!row) {
      return;
    }
    if (field.matches("[data-pick]")) {
      row.picked = field.checked;
      this.sender.bars();
      return;
    }
    const node = this.nodes.get(row.code);
    this.draft(row, node.querySelector("[data-price]").value, node.querySelector("[data-stock]").value);
  }

  rowOf(field) {
    const node = field.closest && field.closest("tr[data-row]");
    return node && this.byCode.get(node.dataset.row);
  }

  draft(row, price, stock) {
    if (row.draft && row.draft.price === price && row.draft.stock === stock) {
      return; // leaving a field says again what typing has said
    }
    row.draft = price.trim() === row.price && stock === row.stock ? null : { price: price, stock: stock };
    row.note = null;
    this.changed(row);
  }

  remove(row) {
    row.draft = { price: row.price, stock: row.stock, removed: true };
    row.note = null;
    this.changed(row);
  }

  changed(row) {
    this.fill(row);
    this.keep();
    this.sender.bars();
  }

  drafts() {
    return this.rows.filter((row) => row.draft);
  }

  keep() {
    try {
      const drafts = this.drafts().map((row) => [row.code, row.draft]);
      sessionStorage[drafts.length ? "setItem" : "removeItem"](form.dataset.draftKey, JSON.stringify(drafts));
    } catch (error) {
      return; // storage may be forbidden: then a reload loses what is not public
    }
  }

  restore() {
    let kept = [];
    try {
      kept = JSON.parse(sessionStorage.getItem(form.dataset.draftKey) || "[]");
    } catch (error) {
      return;
    }
    kept.forEach(([code, draft]) => {
      const row = this.byCode.get(code);
      if (row && this.editable && (draft.removed || draft.price.trim() !== row.price || draft.stock !== row.stock)) {
        row.draft = draft;
      }
    });
    if (this.sender) {
      this.sender.bars(this.drafts().length ? this.words.restored : "");
    }
  }

  // -- the keyboard ---------------------------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
      return;
    }
    const field = event.target;
    if (event.key === "/" && !field.matches("input:not([type=radio]):not([type=checkbox]), select, textarea")) {
      event.preventDefault();
      this.find.focus();
      this.find.select();
    } else if (field === this.find) {
      if ((event.key === "Enter" || event.key === "ArrowDown") && this.shown.length) {
        event.preventDefault();
        this.go(0, "price");
      } else if (event.key === "Escape" && this.find.value) {
        event.preventDefault();
        this.find.value = "";
        this.filter();
      }
    } else if (field.matches("tr[data-row] .cell-input")) {
      this.cell(event, field);
    }
  }

  cell(event, field) {
    const row = this.rowOf(field);
    const at = this.shown.indexOf(row);
    const inPrice = field.matches("[data-price]");
    const moves = {
      Enter: () => {
        this.sender.save(row);
        this.go(at + 1, inPrice ? "price" : "stock");
      },
      Escape: () => (row.draft ? this.give(row) : this.find.focus()),
      ArrowDown: () => this.go(at + 1, "price"),
      ArrowUp: () => (at ? this.go(at - 1, "price") : this.find.focus()),
      ArrowRight: () => this.go(at, "stock"),
      ArrowLeft: () => this.go(at, "price"),
    };
    const inText = inPrice && !(field.selectionStart === field.selectionEnd && field.selectionEnd === field.value.length) && !(field.selectionStart === 0 && field.selectionEnd === field.value.length);
    const mine = { Enter: true, Escape: true, ArrowDown: inPrice, ArrowUp: inPrice, ArrowRight: inPrice && !inText, ArrowLeft: !inPrice };
    if (mine[event.key]) {
      event.preventDefault();
      moves[event.key]();
    }
  }

  give(row) {
    row.draft = null;
    row.note = null;
    this.changed(row);
    const field = this.nodes.get(row.code).querySelector("[data-price]");
    field.select();
  }

  go(n, part) {
    const row = this.shown[Math.min(Math.max(n, 0), this.shown.length - 1)];
    if (!row) {
      return;
    }
    if (!this.nodes.has(row.code)) {
      const top = this.body.getBoundingClientRect().top + window.scrollY + this.shown.indexOf(row) * this.height();
      window.scrollTo(0, top - window.innerHeight / 2);
      this.draw(false);
    }
    const node = this.nodes.get(row.code);
    const field = this.editable ? node.querySelector("[data-" + part + "]") : node;
    field.focus({ preventScroll: true });
    this.reveal(node);
  }

  reveal(node) {
    const box = node.getBoundingClientRect();
    const head = form.querySelector("thead").getBoundingClientRect().bottom;
    const bars = document.querySelector(".desk-bars");
    const foot = window.innerHeight - (bars ? bars.offsetHeight : 0);
    if (box.top < head) {
      window.scrollBy(0, box.top - head - 4);
    } else if (box.bottom > foot) {
      window.scrollBy(0, box.bottom - foot + 4);
    }
  }
}

async function begin() {
  const answer = await fetch(form.dataset.rows, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (answer.ok) {
    const { rows } = await answer.json();
    form.table = new Table(rows);
    form.dataset.ready = "1";
  }
}

if (form) {
  begin().catch(() => {}); // offline: the rows of the page itself remain a form
}
