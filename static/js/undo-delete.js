/* A deleted photo goes at once and can be had back for some seconds; only then the server is told.
   Whoever leaves the page before has meant it. Without it the form asks "really?" and posts. */

import { toast } from "./toast.js";
import { say } from "./words.js";

const SECOND_THOUGHTS = 6000; // ms

export default function undoDelete(grid) {
  // The grid listens, not each photo: a photo that has just been uploaded can be deleted at once.
  grid.addEventListener("click", (event) => {
    const question = event.target.closest(".photo__delete > summary");
    if (!question) return;
    event.preventDefault();
    remove(question.closest("[data-photo]"));
  });
}

function remove(photo) {
  const form = photo.querySelector(".photo__delete form");
  const menu = photo.querySelector(".photo__menu");
  menu.open = false;
  photo.hidden = true;
  const timer = setTimeout(send, SECOND_THOUGHTS);
  addEventListener("pagehide", send);
  const note = toast(say("photo_deleted"), { life: SECOND_THOUGHTS, action: { label: say("undo"), press: restore } });
  note.querySelector("button").focus({ preventScroll: true });

  function restore() {
    clearTimeout(timer);
    removeEventListener("pagehide", send);
    photo.hidden = false;
    menu.querySelector("summary").focus();
  }

  async function send() {
    clearTimeout(timer);
    removeEventListener("pagehide", send);
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true });
    if (answer.ok) document.dispatchEvent(new Event("photos:changed"));
    else photo.hidden = false;
  }
}
