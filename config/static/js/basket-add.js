/* 加入药单 on the page of a drug or a preparation, and how many lines the list has in the header. */
import { MAX_LINES, read, write } from "./basket-store.js";

function same(line, button) {
  return button.dataset.drug ? line.drug === button.dataset.drug : line.preparation === Number(button.dataset.preparation);
}

function show() {
  const lines = read();
  document.querySelectorAll("[data-list-count]").forEach((place) => {
    place.textContent = lines.length ? String(lines.length) : "";
    place.hidden = !lines.length;
  });
  document.querySelectorAll("[data-adding]").forEach((part) => {
    const button = part.querySelector("[data-add]");
    const added = lines.some((line) => same(line, button));
    button.hidden = added;
    part.querySelector("[data-added]").hidden = !added;
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (!button) {
    return;
  }
  const part = button.closest("[data-adding]");
  const lines = read();
  if (lines.length >= MAX_LINES) {
    part.querySelector("[data-full]").hidden = false;
    return;
  }
  const line = button.dataset.drug ? { drug: button.dataset.drug } : { preparation: Number(button.dataset.preparation) };
  write(lines.concat([Object.assign(line, { quantity: 1 })]));
  show();
  part.querySelector("[data-added]").focus();
});

document.addEventListener("list:changed", show);
window.addEventListener("storage", show);
window.addEventListener("pageshow", show);
show();
