/* Back from a home: the list is as long as it was and stands where it stood. The browser keeps
   the place itself when it still has the page; else the pages that were loaded are loaded again. */

const KEY = "list-place";
const MOST = 10; // pages; further down the visitor scrolls anew

export default function keepPlace(list) {
  const more = () => list.querySelector(".results__more a");
  const cards = () => list.querySelectorAll(".house-card").length;
  const here = () => location.pathname + location.search;

  addEventListener("pagehide", () => {
    sessionStorage.setItem(KEY, JSON.stringify({ page: here(), cards: cards(), y: scrollY }));
  });

  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const [arrival] = performance.getEntriesByType("navigation");
  const isBack = arrival?.type === "back_forward" || arrival?.type === "reload";
  if (isBack && kept?.page === here() && kept.cards > cards()) goBackTo(kept);

  async function goBackTo({ cards: count, y }) {
    for (let n = 0; n < MOST && cards() < count && more(); n++) await nextPage();
    scrollTo({ top: y, behavior: "instant" });
  }

  function nextPage() {
    const before = cards();
    return new Promise((resolve) => {
      document.addEventListener("htmx:afterSettle", function settled() {
        if (cards() === before) return; // something else on the page
        document.removeEventListener("htmx:afterSettle", settled);
        resolve();
      });
      more().click();
    });
  }
}
