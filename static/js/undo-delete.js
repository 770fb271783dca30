/* A deleted photo goes at once and can be had back for some seconds; only then the server is told.
   Whoever leaves the page before has meant it. Without it the form asks "really?" and posts. */

import { toast } from "./toast.js";
import { say } from "./words.js";

const SECOND_THOUGHTS = 6000; // ms

export default function undoDelete(form) {
  const photo = form.closest("[data-photo]");
  const question = form.closest("details");
  const menu = question.parentElement.closest("details");

  question.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    remove();
  });

  function remove() {
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
}
