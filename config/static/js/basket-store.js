/* 我的药单 as this browser keeps it: [{drug: "X…", quantity: 2}, {preparation: 7, quantity: 1}], in localStorage, and
   written into an address as #X…*2,p7*1: behind the #, where no server sees it. */
const KEY = "list";
export const MAX_LINES = 20;
export const MAX_PACKS = 999;

let unsaved = null; // where storage is forbidden the list lasts for this page

function sound(line) {
  const drug = typeof line.drug === "string" && /^[0-9A-Za-z]{1,30}$/.test(line.drug);
  const preparation = Number.isInteger(line.preparation) && line.preparation > 0 && line.preparation < 2 ** 31;
  const packs = Number.isInteger(line.quantity) && line.quantity >= 1 && line.quantity <= MAX_PACKS;
  return packs && drug !== preparation;
}

function name(line) {
  return line.drug || "p" + line.preparation;
}

/* What is no line is left out, and of two lines for one drug the later. */
function clean(lines) {
  const seen = new Set();
  return lines
    .filter((line) => line && typeof line === "object" && sound(line))
    .filter((line) => !seen.has(name(line)) && seen.add(name(line)))
    .slice(0, MAX_LINES)
    .map((line) =>
      line.drug ? { drug: line.drug, quantity: line.quantity } : { preparation: line.preparation, quantity: line.quantity }
    );
}

export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return clean(unsaved || (Array.isArray(kept) ? kept : []));
  } catch (error) {
    return unsaved || [];
  }
}

export function write(lines) {
  try {
    if (lines.length) {
      localStorage.setItem(KEY, JSON.stringify(lines));
    } else {
      localStorage.removeItem(KEY);
    }
    unsaved = null;
  } catch (error) {
    unsaved = lines;
  }
}

export function fragment(lines) {
  return lines.map((line) => name(line) + "*" + line.quantity).join(",");
}

/* The lines an address holds behind its #; null when it holds none. */
export function fromFragment(text) {
  const lines = text
    .replace(/^#/, "")
    .split(",")
    .map((part) => /^(?:p([0-9]{1,10})|([0-9A-Za-z]{11,30}))\*([0-9]{1,3})$/.exec(part))
    .filter(Boolean)
    .map((found) =>
      found[1]
        ? { preparation: Number(found[1]), quantity: Number(found[3]) }
        : { drug: found[2].toUpperCase(), quantity: Number(found[3]) }
    );
  const kept = clean(lines);
  return kept.length ? kept : null;
}
