/* From drafts to public prices: sends rows to the server, asks for the reason it wants, waits until citizens see them. */
import { asked, signedOut } from "./staff.js";

const POLL = [150, 150, 200, 300, 400, 600, 1000, 1500, 2000, 3000, 5000];

function part(name) {
  return document.querySelector("[data-" + name + "]");
}

function fill(text, n) {
  return text.replace("%n", n);
}

export class Sender {
  constructor(table, form) {
    this.table = table;
    this.form = form;
    this.words = table.words;
    this.asking = []; // rows that wait for a reason or a decision
    this.done = null; // the last run, to take back
    this.busy = 0;
    part("ask-form").addEventListener("submit", (event) => this.answered(event));
    part("ask-back").addEventListener("click", () => this.dismiss());
    part("ask").addEventListener("keydown", (event) => event.key === "Escape" && this.dismiss());
    part("save-all").addEventListener("click", () => this.saveAll());
    part("drop-all").addEventListener("click", () => this.table.drafts().forEach((row) => this.drop(row)));
    part("undo").addEventListener("click", () => this.undo());
    part("done-close").addEventListener("click", () => this.settle(null));
    part("bulk-apply").addEventListener("click", () => this.bulk());
    part("bulk-remove").addEventListener("click", () => this.picked().forEach((row) => this.table.remove(row)));
    part("bulk-none").addEventListener("click", () => this.unpick());
  }

  // -- the bars at the foot -------------------------------------------------------------------------------------------

  bars(note) {
    const drafts = this.table.drafts().length;
    const picked = this.picked().length;
    part("unsaved").hidden = !drafts || this.asking.length > 0;
    part("unsaved-count").textContent = fill(this.words.nUnsaved, drafts);
    part("picked").hidden = !picked || this.asking.length > 0;
    part("picked-count").textContent = fill(this.words.nPicked, picked);
    if (note !== undefined) {
      part("unsaved-note").textContent = note;
    }
  }

  picked() {
    return this.table.rows.filter((row) => row.picked && !row.gone);
  }

  unpick() {
    this.picked().forEach((row) => (row.picked = false));
    this.table.draw(true);
    this.bars();
  }

  bulk() {
    const stock = part("bulk-stock").value;
    const field = part("bulk-percent");
    const typed = field.value.trim().replace("%", "").replace("％", "");
    const percent = typed === "" ? 0 : Number(typed);
    if (!(percent >= -90 && percent <= 900)) {
      this.bars(this.words.percent);
      field.setAttribute("aria-invalid", "true");
      field.focus();
      return;
    }
    field.removeAttribute("aria-invalid");
    this.picked().forEach((row) => {
      const fen = Math.round((Math.round(Number(row.price) * 100) * (100 + percent)) / 100);
      const price = typed === "" ? (row.draft ? row.draft.price : row.price) : (Math.max(fen, 1) / 100).toFixed(2);
      this.table.draft(row, price, stock === "-" ? (row.draft ? row.draft.stock : row.stock) : stock);
    });
    this.unpick();
  }

  drop(row) {
    row.draft = null;
    row.note = null;
    this.table.changed(row);
  }

  // -- sending --------------------------------------------------------------------------------------------------------

  save(row) {
    if (row.draft) {
      this.send([row], "");
    }
  }

  saveAll() {
    const rows = this.table.drafts();
    if (rows.length) {
      this.send(rows, "");
    }
  }

  async post(url, fields) {
    this.busy += 1;
    try {
      const answer = await fetch(url, asked({ method: "POST", body: new URLSearchParams(fields), headers: { Accept: "application/json" } }));
      if (signedOut(answer)) {
        return null;
      }
      if ((answer.headers.get("Content-Type") || "").indexOf("json") < 0) {
        return { state: "again", message: this.words.again, rows: [] };
      }
      const told = await answer.json();
      return told;
    } catch (error) {
      return { state: "offline", message: this.words.offline, rows: [] };
    } finally {
      this.busy -= 1;
    }
  }

  async send(rows, reason) {
    const lists = rows.map((row) => {
      this.note(row, "saving", this.words.saving);
      const price = row.draft.removed ? "" : row.draft.price;
      const seen = row.seen === undefined ? row.price + "/" + row.stock : row.seen;
      return [row.code, price, row.draft.stock, seen, Boolean(row.draft.removed)];
    });
    const fields = [["nonce", nonce()], ["reason", reason], ["rows", JSON.stringify(lists)]];
    const sent = new Map(rows.map((row) => [row.code, row.draft]));
    const told = await this.post(this.form.dataset.edits, fields);
    rows.forEach((row) => row.note && row.note.kind === "saving" && this.note(row, null));
    if (!told) {
      this.bars();
      return;
    }
    if (told.run) {
      rows.forEach((row) => this.note(row, "saving", this.words.saving));
      await this.wait(told.run, sent);
    } else if (told.state === "unchanged") {
      rows.forEach((row) => this.drop(row));
    } else {
      this.object(told, rows, reason);
    }
  }

  /* The server says why not, row by row; where a reason or a decision would do, it is asked for. */
  object(told, rows, reason) {
    this.asking = [];
    told.rows.forEach((each) => {
      const row = this.table.byCode.get(each.code);
      const texts = [...each.errors, ...(each.conflict ? [each.conflict] : []), ...each.warnings];
      if (!row || !texts.length) {
        return;
      }
      this.note(row, each.errors.length ? "error" : "warned", texts.join("；"));
      if (told.state === "conflict" || told.state === "warned") {
        row.seen = each.seen;
        this.asking.push({ row: row, texts: texts });
      }
    });
    if (told.message || !this.asking.length) {
      this.bars(told.message || "");
      this.table.say(told.message || told.rows.map((each) => each.errors.join("；")).join("；"));
      return;
    }
    this.all = rows;
    this.ask(told.state, reason);
  }

  ask(state, reason) {
    const list = part("ask-rows");
    list.textContent = "";
    this.asking.slice(0, 8).forEach(({ row, texts }) => {
      const item = list.appendChild(document.createElement("li"));
      item.appendChild(document.createElement("b")).textContent = row.name + " " + row.spec + " ";
      item.appendChild(document.createElement("span")).textContent = texts.join("；");
    });
    if (this.asking.length > 8) {
      list.appendChild(document.createElement("li")).textContent = "… " + fill(this.words.nRows, this.asking.length);
    }
    const field = document.getElementById("desk-reason");
    part("ask-reason").hidden = state === "conflict";
    field.required = state === "warned";
    field.value = reason;
    part("ask-go").textContent = state === "conflict" ? this.words.insist : this.words.confirm;
    part("ask").hidden = false;
    part("done").hidden = true;
    this.bars();
    const node = this.table.nodes.get(this.asking[0].row.code);
    if (node) {
      this.table.reveal(node);
    }
    (state === "conflict" ? part("ask-go") : field).focus();
  }

  answered(event) {
    event.preventDefault();
    const rows = this.all.filter((row) => row.draft);
    const reason = document.getElementById("desk-reason").value;
    this.done = null;
    this.close();
    if (rows.length) {
      this.send(rows, reason);
      this.table.go(this.table.shown.indexOf(rows[0]), "price");
    }
  }

  close() {
    this.asking = [];
    part("ask").hidden = true;
    part("done").hidden = !this.done;
    this.bars();
  }

  dismiss() {
    const first = this.asking.length && this.asking[0].row;
    this.close();
    if (first) {
      this.table.go(this.table.shown.indexOf(first), "price");
    }
  }

  // -- until citizens see it ------------------------------------------------------------------------------------------

  async wait(run, sent) {
    for (let turn = 0; turn < POLL.length; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, POLL[turn]));
      let told = null;
      try {
        const answer = await fetch(run, asked({ headers: { Accept: "application/json" } }));
        if (signedOut(answer)) {
          return;
        }
        told = answer.ok ? await answer.json() : null;
      } catch (error) {
        told = null; // the network again; the next turn asks again
      }
      if (told && told.decided) {
        this.landed(told, sent);
        return;
      }
    }
    sent.forEach((draft, code) => this.note(this.table.byCode.get(code), "saving", this.words.slow));
    this.wait(run, sent);
  }

  landed(told, sent) {
    let shown = 0;
    told.rows.forEach((each) => {
      const row = this.table.byCode.get(each.code);
      if (!row) {
        return;
      }
      if (!each.shown) {
        this.note(row, "error", each.why);
        return;
      }
      shown += 1;
      this.take(row, each.seen, sent.get(each.code));
    });
    this.table.keep();
    this.table.counts();
    this.bars();
    if (shown) {
      this.settle({ undo: told.undo, text: fill(this.words.nDone, shown) });
    }
  }

  /* The row as citizens see it now; what has been typed on meanwhile stays a draft. */
  take(row, value, draft) {
    const cut = value.lastIndexOf("/");
    const was = row.gone;
    row.gone = cut < 0;
    if (!row.gone) {
      row.price = value.slice(0, cut);
      row.stock = value.slice(cut + 1);
    }
    row.seen = undefined;
    row.age = this.words.just;
    row.stale = 0;
    row.warned = "";
    if (row.draft === draft || row.gone) {
      row.draft = null;
    }
    this.note(row, "shown", row.gone ? this.words.removed : this.words.shown);
    if (row.gone !== was) {
      this.table.filter();
    }
  }

  settle(done) {
    this.done = done;
    part("done").hidden = !done;
    if (done) {
      part("done-text").textContent = done.text;
      part("undo").hidden = !done.undo;
      this.table.say(done.text);
    }
  }

  async undo() {
    const told = await this.post(this.done.undo, [["nonce", nonce()]]);
    if (!told) {
      return;
    }
    if (!told.run) {
      this.settle({ undo: "", text: told.message });
      return;
    }
    await this.wait(told.run, new Map());
    this.settle({ undo: "", text: this.words.undone + (told.message ? "；" + told.message : "") });
  }

  note(row, kind, text) {
    row.note = kind ? { kind: kind, text: text } : null;
    this.table.fill(row);
  }
}

function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
