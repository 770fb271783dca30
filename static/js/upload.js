/* Sends chosen or dropped photos one at a time, each with its own progress, then takes the server's list.
   form[data-upload] holds the file input; [data-photos] is the grid. Without it the form posts as it is. */

import { post } from "./send-file.js";
import { smaller } from "./smaller.js";
import { failedTile, waitingTile } from "./photo-tiles.js";
import { say } from "./words.js";

export default function upload(form) {
  const input = form.querySelector('input[type="file"]');
  const grid = document.querySelector("[data-photos]");
  const adder = grid.querySelector("[data-adder]");
  let last = Promise.resolve();

  form.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));
  form.querySelectorAll("[data-with-script]").forEach((part) => (part.hidden = false));
  for (const chooser of form.querySelectorAll('input[type="file"]')) {
    chooser.addEventListener("change", () => take(chooser));
    take(chooser); // chosen before this script was here
  }
  acceptDrops(grid, adder, add);
  document.addEventListener("photos:changed", () => (last = last.then(() => takeServerList(grid, adder))));

  function take(chooser) {
    const files = [...chooser.files];
    chooser.value = "";
    if (files.length) add(files);
  }

  /** More files may be chosen while others are on their way: they queue. */
  function add(files) {
    const tiles = files.map((file) => grid.insertBefore(waitingTile(file), adder));
    last = last.then(async () => {
      for (const [n, file] of files.entries()) await sendOne(file, tiles[n]);
      await takeServerList(grid, adder);
    });
  }

  async function sendOne(file, tile) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append(input.name, await smaller(file), file.name);
    const answer = await post(form.action, body, tile.report);
    if (answer.ok) return tile.remove();
    // Without a sentence of the server's it was the connection, and the same file may go again.
    const refusals = Object.values(answer.errors ?? {}).flat().map((words) => words.replace(file.name, "").trim());
    const again = refusals.length ? () => input.click() : () => add([file]);
    const label = say(refusals.length ? "try_another" : "try_again");
    tile.replaceWith(failedTile(file, refusals.length ? refusals : [say("offline")], label, again));
  }
}

function acceptDrops(grid, adder, add) {
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  grid.addEventListener("dragover", (event) => {
    if (!holdsFiles(event) || adder.hidden) return;
    event.preventDefault();
    adder.classList.add("is-over");
  });
  grid.addEventListener("dragleave", () => adder.classList.remove("is-over"));
  grid.addEventListener("drop", (event) => {
    adder.classList.remove("is-over");
    if (!holdsFiles(event) || adder.hidden) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}

/** Replaces the photos with those of the page as the server shows it now; failed tiles stay. */
async function takeServerList(grid, adder) {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const photos = page.querySelectorAll("[data-photos] > [data-photo]");
  grid.querySelectorAll("[data-photo]").forEach((old) => old.remove());
  grid.prepend(...photos);
  const count = page.querySelector("[data-photo-count]");
  if (count) document.querySelector("[data-photo-count]").textContent = count.textContent;
  adder.hidden = Boolean(page.querySelector("[data-adder]")?.hidden);
  document.dispatchEvent(new CustomEvent("page:changed", { detail: grid }));
}
