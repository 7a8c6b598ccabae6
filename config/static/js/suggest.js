/* Suggestions while typing: a combobox with a list of links (WAI-ARIA 1.2). The server renders the options; this asks for
   them, shows them and moves through them. Nothing is asked while an input method is composing, nothing is remembered,
   and an answer that was overtaken is dropped. Without this script the form searches as it is. */
(function () {
  "use strict";
  var WAIT = 150; // ms after the last key
  var form = document.querySelector("form[data-suggest]");
  if (!form || !window.fetch || !window.AbortController) {
    return;
  }
  var input = form.querySelector("input[name=q]");
  var list = form.querySelector("[role=listbox]");
  var said = form.querySelector("[role=status]");
  var composing = false;
  var timer = 0;
  var asked = null; // the running request
  var shown = input.value.trim(); // what the list on screen answers
  var chosen = -1;

  input.type = "text"; // a search field may not be a combobox
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-haspopup", "listbox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  function options() {
    return list.querySelectorAll("[role=option]");
  }

  function choose(at) {
    var all = options();
    chosen = at;
    for (var n = 0; n < all.length; n += 1) {
      all[n].setAttribute("aria-selected", String(n === at));
    }
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    clearTimeout(timer);
    if (asked) {
      asked.abort();
      asked = null;
    }
    choose(-1);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    said.textContent = "";
  }

  function open() {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function show(html, text) {
    list.innerHTML = html;
    shown = text;
    var about = list.querySelector("[data-said]");
    if (options().length) {
      choose(-1);
      open();
    } else {
      close();
      list.innerHTML = "";
    }
    said.textContent = about ? about.getAttribute("data-said") : "";
  }

  function ask() {
    var text = input.value.trim();
    if (!text) {
      close();
      list.innerHTML = "";
      shown = "";
      return;
    }
    if (asked) {
      asked.abort();
    }
    var mine = (asked = new AbortController());
    fetch(form.dataset.suggest + "?q=" + encodeURIComponent(text), { signal: mine.signal, cache: "no-store" })
      .then(function (answer) {
        return answer.ok ? answer.text() : "";
      })
      .then(function (html) {
        if (mine === asked) {
          asked = null;
          show(html, text);
        }
      })
      .catch(function () {
        if (mine === asked) {
          close(); // no network: the form still works
        }
      });
  }

  function later() {
    clearTimeout(timer);
    if (!composing) {
      timer = setTimeout(ask, WAIT);
    }
  }

  function move(step) {
    var many = options().length;
    if (list.hidden) {
      if (many && shown === input.value.trim()) {
        open();
      } else {
        ask();
        return;
      }
    }
    // One place more than there are options: the field itself.
    choose(((chosen + 1 + step + many + 1) % (many + 1)) - 1);
  }

  input.addEventListener("input", later);
  input.addEventListener("compositionstart", function () {
    composing = true;
    clearTimeout(timer);
  });
  input.addEventListener("compositionend", function () {
    composing = false;
    later();
  });

  input.addEventListener("keydown", function (event) {
    if (event.isComposing || composing || event.keyCode === 229) {
      return; // this key is the input method's
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
      event.preventDefault();
      options()[chosen].click();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      close();
    }
  });

  form.addEventListener("submit", close);
  // A press on an option must not take the focus from the field before the click arrives.
  list.addEventListener("mousedown", function (event) {
    event.preventDefault();
  });
  document.addEventListener("click", function (event) {
    if (!form.contains(event.target)) {
      close();
    }
  });
  input.addEventListener("blur", function () {
    setTimeout(function () {
      if (!form.contains(document.activeElement)) {
        close();
      }
    }, 0);
  });
})();
