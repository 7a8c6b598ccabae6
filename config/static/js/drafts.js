/* What is being written in <form data-draft="name"> survives a reload, a closed lid and a log-in in between: it is kept in
   this tab's sessionStorage, by person and page, until the server has taken the form. Never passwords, codes or files.
   The log-in pages carry [data-signed-out]: a form whose sending led there was not taken. */
const PREFIX = "draft:";
const person = document.body.dataset.person || "";

function each(act) {
  try {
    Object.keys(sessionStorage)
      .filter((key) => key.indexOf(PREFIX) === 0)
      .forEach((key) => act(key, JSON.parse(sessionStorage.getItem(key))));
  } catch (error) {
    return; // storage may be forbidden; then nothing is kept
  }
}

function write(key, draft) {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch (error) {
    return;
  }
}

function keyOf(form) {
  return PREFIX + [person, location.pathname, form.dataset.draft].join(":");
}

function fields(form) {
  return Array.from(form.elements).filter(
    (field) => field.name && field.name !== "csrfmiddlewaretoken" && ["password", "file", "hidden", "submit", "button"].indexOf(field.type) < 0
  );
}

function isChoice(field) {
  return field.type === "checkbox" || field.type === "radio";
}

export function save(form) {
  const values = fields(form).map((field) => [field.name, isChoice(field) ? field.checked : field.value, isChoice(field) ? field.value : null]);
  write(keyOf(form), { values: values, sent: false });
}

export function forget(form) {
  try {
    sessionStorage.removeItem(keyOf(form));
  } catch (error) {
    return;
  }
}

function restore(form, draft) {
  let changed = false;
  draft.values.forEach(([name, value, choice]) => {
    fields(form)
      .filter((field) => field.name === name && (choice === null || field.value === choice))
      .forEach((field) => {
        const now = isChoice(field) ? field.checked : field.value;
        if (now !== value) {
          field[isChoice(field) ? "checked" : "value"] = value;
          changed = true;
        }
      });
  });
  const said = form.querySelector("[data-draft-restored]");
  if (said && changed) {
    said.hidden = false;
  }
  if (changed) {
    form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
  }
}

function begin() {
  if (document.querySelector("[data-signed-out]")) {
    each((key, draft) => write(key, Object.assign(draft, { sent: false })));
    return;
  }
  each((key) => {
    if (person && key.indexOf(PREFIX + person + ":") !== 0) {
      sessionStorage.removeItem(key); // somebody else's, on the shop's computer
    }
  });
  document.querySelectorAll("form[data-draft]").forEach((form) => {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) || "null");
    if (kept && kept.sent) {
      forget(form);
    } else if (kept) {
      restore(form, kept);
    }
  });
}

document.addEventListener("input", (event) => event.target.form && event.target.form.dataset.draft && save(event.target.form));
document.addEventListener("change", (event) => event.target.form && event.target.form.dataset.draft && save(event.target.form));
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.draft && !event.defaultPrevented) {
    save(form);
    each((key, draft) => key === keyOf(form) && write(key, Object.assign(draft, { sent: true })));
  }
});
document.addEventListener("reset", (event) => event.target.dataset.draft && forget(event.target));
try {
  begin();
} catch (error) {
  console.warn(error); // storage is forbidden: forms work, nothing is kept
}
