/* What was typed into a long form and not sent yet stays in this browser, as long as its person is
   signed in (leave-nothing.js). form[data-draft="name-person"] keeps it; [data-draft-done] of the
   same name on the page after it lets it go. */

const PAUSE = 300; // ms without typing

export default function draft(form) {
  const key = `draft:${form.dataset.draft}`;
  const note = form.querySelector("[data-draft-note]");
  let timer;

  function save() {
    const typed = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    localStorage.setItem(key, JSON.stringify(typed));
  }

  function restore(typed) {
    for (const field of form.elements) {
      const values = typed.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "hidden" || !field.name) continue;
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length) field.value = values[0];
      field.dispatchEvent(new Event("input"));
    }
    note.hidden = false;
  }

  note.querySelector("button").addEventListener("click", () => {
    localStorage.removeItem(key);
    form.reset();
    note.hidden = true;
    form.querySelector("input:not([type=hidden])").focus();
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });

  // After a refusal the server has put back what was sent; that is newer than the draft.
  const typed = JSON.parse(localStorage.getItem(key) ?? "[]");
  const refused = form.querySelector(".field--bad");
  if (!refused && typed.some(([, value]) => value)) restore(typed);
}
