/* Asks the server what the chosen nights cost. The calendar has already shown its own sum;
   this is the server's word. form[data-quote="/houses/1/quote/"]. */

import { fill, yuan } from "./stay-words.js";
import { say } from "./words.js";

const fen = (text) => Math.round(Number(text) * 100);

export default function quote(form) {
  const refusal = form.querySelector("[data-quote-refusal]");
  let latest = 0;
  let timer;

  form.addEventListener("change", (event) => {
    if (!["begin_date", "end_date"].includes(event.target.name)) return;
    // Picking a stay changes both dates at once: one question is enough.
    clearTimeout(timer);
    timer = setTimeout(ask, 50);
  });

  async function ask() {
    const { begin_date: begin, end_date: end } = form.elements;
    if (!begin.value || !end.value) return refuse("");
    const turn = ++latest;
    const query = new URLSearchParams({ begin_date: begin.value, end_date: end.value });
    const answer = await fetch(`${form.dataset.quote}?${query}`, { headers: { Accept: "application/json" } })
      .then((response) => response.json())
      .catch(() => null);
    // An older answer that comes late says nothing about the nights chosen now.
    if (answer && turn === latest) show(answer);
  }

  function show({ nights, amount, available, reason, errors }) {
    if (amount) {
      fill(form, "nights", say("nights", { n: nights }));
      fill(form, "total", yuan(fen(amount)));
    }
    refuse(available ? "" : reason ?? (Object.values(errors ?? {}).flat().join(" ") || say("not_free")));
  }

  function refuse(sentence) {
    if (!refusal) return;
    refusal.hidden = !sentence;
    (refusal.querySelector("span") ?? refusal).textContent = sentence;
  }
}
