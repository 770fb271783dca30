/* The search form holds what is being asked for. A chip, a "clear" link or the box above the results
   names a whole new question in its address: the form takes it over and htmx fetches the answer. */

const SAME_PAGE = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);

export default function search(form) {
  const dates = [form.elements.sd, form.elements.ed];

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-sets]");
    if (!link || !SAME_PAGE(event)) return;
    event.preventDefault();
    ask(new URL(link.href).searchParams);
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-sets]")) return;
    event.preventDefault();
    ask(new URLSearchParams(new FormData(event.target)));
  });

  document.addEventListener("change", (event) => {
    event.target.closest("form[data-sets]")?.requestSubmit();
  });

  // Half a stay is not a question yet.
  form.addEventListener("change", () => {
    const half = Boolean(dates[0].value) !== Boolean(dates[1].value);
    for (const input of dates) input.toggleAttribute("data-no-auto", half);
  }, true);

  // The button of a sheet closes it; what it asks has mostly been answered behind it already.
  form.addEventListener("submit", (event) => {
    if (event.submitter) form.querySelector("dialog[open]")?.close();
    if (!event.submitter || String(new URLSearchParams(new FormData(form))) !== location.search.slice(1)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // Results, or the count that comes after them.
  document.addEventListener("htmx:load", (event) => {
    if (event.target.matches("[data-found]")) say(event.target);
  });

  // The chip that was pressed is drawn anew; whoever got there by keyboard goes on from it.
  let pressed = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "search") return;
    const chip = document.activeElement?.closest?.("#search .chip");
    pressed = chip && { text: chip.textContent, place: [...visibleChips()].indexOf(chip) };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!pressed) return;
    const chips = visibleChips();
    const same = chips.find((chip) => bare(chip.textContent) === bare(pressed.text));
    (same ?? chips[Math.min(pressed.place, chips.length - 1)])?.focus({ preventScroll: true });
    pressed = null;
  });

  function ask(question) {
    for (const field of form.elements) take(field, question);
    form.requestSubmit();
  }

  function say({ dataset }) {
    for (const place of form.querySelectorAll("[data-says-found]")) place.textContent = dataset.found;
    document.getElementById("said").textContent = document.querySelector("#search h2").textContent;
  }
}

const visibleChips = () => [...document.querySelectorAll("#search .chip")].filter((chip) => chip.offsetParent);

/** A chip's words without "，去掉", which it has only while it is on. */
const bare = (text) => text.split("，")[0].trim();

/** Sets one field to what `question` (URLSearchParams) says about it. */
function take(field, question) {
  if (!field.name) return;
  const values = question.getAll(field.name);
  if (field.type === "checkbox") field.checked = values.includes(field.value);
  else if (field.type === "radio") field.checked = field.value === (values[0] || field.form.dataset[field.name]);
  else field.value = values[0] ?? "";
  field.dispatchEvent(new Event("change")); // for the calendar and the stepper; it does not bubble
}
