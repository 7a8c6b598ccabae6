/* A report of a citizen: one press of the button sends once; the code can be copied and printed. All of it works without. */
(function () {
  "use strict";

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.hasAttribute("data-once")) {
      return;
    }
    if (form.hasAttribute("data-sent")) {
      event.preventDefault();
      return;
    }
    form.setAttribute("data-sent", "");
    form.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
  });

  // A photo that will be refused is not sent first: it would cost minutes and money.
  document.addEventListener("change", function (event) {
    var field = event.target;
    if (!field.hasAttribute("data-most")) {
      return;
    }
    var photo = field.files[0];
    var large = Boolean(photo) && photo.size > Number(field.getAttribute("data-most"));
    field.setCustomValidity(large ? field.getAttribute("data-too-large") : "");
    field.reportValidity();
  });

  // Whoever comes back with the browser's own button may send again.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("[data-sent]").forEach(function (form) {
      form.removeAttribute("data-sent");
      form.querySelector("[type=submit]").removeAttribute("aria-disabled");
    });
  });

  function copy(button) {
    var code = document.getElementById(button.getAttribute("data-copy"));
    var told = document.querySelector("[data-copied]");
    function say(done) {
      told.textContent = told.getAttribute(done ? "data-copied" : "data-select");
    }
    if (navigator.clipboard) {
      navigator.clipboard.writeText(code.textContent).then(
        function () {
          say(true);
        },
        function () {
          say(false);
        }
      );
      return;
    }
    var range = document.createRange();
    range.selectNodeContents(code);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    say(document.execCommand("copy"));
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (button && button.hasAttribute("data-copy")) {
      copy(button);
    }
    if (button && button.hasAttribute("data-print")) {
      window.print();
    }
  });
})();
