/* Runs before the first paint, in any browser: says that scripts work, applies 长辈版, keeps one menu open at a time. */
(function () {
  "use strict";
  var root = document.documentElement;
  var KEY = "elder";

  function remembered() {
    try {
      return localStorage.getItem(KEY) === "1";
    } catch (error) {
      return false; // storage may be forbidden; then the choice lasts for this page
    }
  }

  function apply(on) {
    root.classList.toggle("elder", on);
    document.querySelectorAll("[data-elder]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(on));
      button.querySelector("[data-elder-off]").hidden = on;
      button.querySelector("[data-elder-on]").hidden = !on;
    });
  }

  function choose(on) {
    apply(on);
    try {
      localStorage.setItem(KEY, on ? "1" : "0");
    } catch (error) {
      return;
    }
  }

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open], details.explain[open]").forEach(function (open) {
      if (open !== except) {
        open.open = false;
      }
    });
  }

  // What a phone keeps folded above a list: the button stands inside the part that its class unfolds.
  function unfold(button) {
    if (button) {
      var open = button.closest(".head").classList.toggle("unfolded");
      button.setAttribute("aria-expanded", String(open));
    }
  }

  root.classList.add("js");
  apply(remembered());
  document.addEventListener("DOMContentLoaded", function () {
    apply(remembered());
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-elder]")) {
      choose(!root.classList.contains("elder"));
    }
    unfold(event.target.closest("[data-unfold]"));
    closeMenus(event.target.closest("details.menu, details.explain"));
  });
  // What opens below the edge of the window is brought into it.
  document.addEventListener(
    "toggle",
    function (event) {
      var bubble = event.target.open && event.target.querySelector(".bubble");
      if (bubble) {
        bubble.scrollIntoView({ block: "nearest" });
      }
    },
    true
  );
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") {
      return;
    }
    var open = document.querySelector("details.menu[open], details.explain[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  // The address changes with the choices; the link to the other language follows it.
  document.addEventListener("htmx:replacedInHistory", function () {
    var link = document.querySelector("[data-language]");
    var here = location.pathname + location.search;
    link.setAttribute("href", root.lang.indexOf("zh") === 0 ? "/en" + here : here.replace(/^\/en(?=\/)/, ""));
  });
})();
