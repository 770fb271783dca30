/* Back from a home: the list is as long as it was and stands where it stood. The browser keeps
   the place itself when it still has the page; else the pages that were loaded are loaded again. */

const KEY = "list-place";
const MOST = 10; // pages; further down the visitor scrolls anew

export default function keepPlace(list) {
  const more = () => list.querySelector(".results__more a");
  const cards = () => list.querySelectorAll(".house-card").length;
  const here = () => location.pathname + location.search;
  const { person } = document.body.dataset;

  addEventListener("pagehide", () => {
    sessionStorage.setItem(KEY, JSON.stringify({ person, page: here(), cards: cards(), y: scrollY }));
  });

  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const [arrival] = performance.getEntriesByType("navigation");
  const isBack = arrival?.type === "back_forward" || arrival?.type === "reload";
  if (isBack && kept?.page === here() && kept.person === person && kept.cards > cards()) goBackTo(kept);

  async function goBackTo({ cards: count, y }) {
    for (let n = 0; n < MOST && cards() < count; n++) {
      await until(isTakenOver);
      if (!more()) break;
      const before = cards();
      more().click();
      await until(() => cards() > before && isTakenOver());
    }
    scrollTo({ top: y, behavior: "instant" });
  }

  /* For a moment after new cards came, their link is htmx's no more than any other:
     a click would leave the page. */
  function isTakenOver() {
    return !more()?.closest(".htmx-added");
  }
}

function until(holds) {
  return new Promise((resolve) => {
    function look() {
      if (!holds()) return;
      document.removeEventListener("htmx:afterSettle", look);
      resolve();
    }
    document.addEventListener("htmx:afterSettle", look);
    look();
  });
}
