/* Counts, dots, arrow buttons and arrow keys for a scroll-snap track. */

export default function carousel(root) {
  const track = root.querySelector("[data-track]");
  const slides = [...track.children];
  const count = root.querySelector("[data-count]");
  const dots = makeDots(root.querySelector("[data-dots]"), slides.length);
  const steps = [...root.querySelectorAll("[data-step]")];
  let now = 0;

  const offset = (n) => slides[n].offsetLeft - slides[0].offsetLeft;

  function go(n, behavior = "smooth") {
    const to = Math.min(Math.max(n, 0), slides.length - 1);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    track.scrollTo({ left: offset(to), behavior: still ? "auto" : behavior });
  }

  function update() {
    const atEnd = track.scrollLeft + track.clientWidth >= track.scrollWidth - 2;
    const nearest = slides.findIndex((_, n) => offset(n) + slides[n].offsetWidth / 2 > track.scrollLeft);
    now = atEnd && track.scrollLeft > 0 ? slides.length - 1 : Math.max(nearest, 0);
    if (count) count.textContent = `${now + 1} / ${slides.length}`;
    dots.forEach((dot, n) => dot.classList.toggle("is-on", n === now));
    for (const step of steps) {
      step.disabled = step.dataset.step < 0 ? track.scrollLeft <= 2 : atEnd;
    }
  }

  for (const step of steps) {
    step.hidden = slides.length < 2;
    step.addEventListener("click", () => go(now + Number(step.dataset.step)));
  }
  if (count) count.hidden = slides.length < 2;
  root.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    go(now + by);
  });
  root.addEventListener("sheet:open", (event) => go(Number(event.detail.dataset.slide ?? 0), "auto"));
  track.addEventListener("scroll", () => requestAnimationFrame(update), { passive: true });
  addEventListener("resize", update);
  update();
}

function makeDots(place, n) {
  if (!place || n < 2) return [];
  place.replaceChildren(...Array.from({ length: n }, () => document.createElement("i")));
  return [...place.children];
}
