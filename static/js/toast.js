/* One short message at the foot of the page, gone by itself. */

const LIFE = 2500; // ms

/** Shows `text`; with `action` {label, press} it offers a button and stays `life` ms. */
export function toast(text, { action, life = LIFE } = {}) {
  document.querySelectorAll(".toast").forEach((old) => old.remove());
  const note = document.createElement("p");
  note.className = "toast";
  note.setAttribute("role", "status");
  note.append(text);
  if (action) note.append(button(action, note));
  document.body.append(note);
  setTimeout(() => note.remove(), life);
  return note;
}

function button({ label, press }, note) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", () => {
    note.remove();
    press();
  });
  return made;
}
