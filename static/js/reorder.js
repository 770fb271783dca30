/* Drags a photo to its place by its handle ([data-handle]); the server hears of the new place.
   Without it the buttons 往前 and 往后 of each photo do the same. */

export default function reorder(grid) {
  let moving = null;

  grid.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    moving = handle.closest("[data-photo]");
    moving.classList.add("photo--moving");
  });

  grid.addEventListener("pointermove", (event) => {
    if (!moving) return;
    const over = document.elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.closest("[data-photo]"))
      .find((photo) => photo && photo !== moving);
    if (over) over[isBefore(moving, over) ? "after" : "before"](moving);
  });

  grid.addEventListener("pointerup", finish);
  grid.addEventListener("pointercancel", finish);

  function finish() {
    if (!moving) return;
    moving.classList.remove("photo--moving");
    send(moving, [...grid.querySelectorAll("[data-photo]")].indexOf(moving));
    moving = null;
  }
}

const isBefore = (a, b) => Boolean(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);

async function send(photo, to) {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  body.append("to", to);
  const answer = await fetch(photo.dataset.move, { method: "POST", body }).catch(() => null);
  // The page as the server has it: the first photo is the cover, or the old order when it refused.
  if (!answer?.ok || to === 0) location.reload();
}
