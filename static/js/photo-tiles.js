/* The tiles of photos that are on their way, or did not get there. */

import { say } from "./words.js";

/** A tile with a preview; `tile.report(share)` moves its bar, null says the connection is gone. */
export function waitingTile(file) {
  const tile = element("li", "photo photo--loading");
  const canvas = element("canvas");
  const words = element("div");
  const text = element("span", "number", say("uploading", { n: "0%" }));
  const bar = Object.assign(element("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", file.name);
  words.append(text, bar);
  tile.append(canvas, words);
  preview(file, canvas);
  tile.report = (share) => {
    bar.value = share ?? 0;
    text.textContent = share === null ? say("waiting_for_network") : say("uploading", { n: `${Math.round(share * 100)}%` });
  };
  return tile;
}

/** Why `file` is not there, and a button that says `label` and does `again`. */
export function failedTile(file, sentences, label, again) {
  const tile = element("li", "photo photo--failed");
  const button = Object.assign(element("button", "", label), { type: "button" });
  button.addEventListener("click", () => {
    tile.remove();
    again();
  });
  tile.setAttribute("role", "alert");
  tile.append(element("strong", "", file.name), element("span", "", sentences.join(" ")), button);
  return tile;
}

async function preview(file, canvas) {
  try {
    const picture = await createImageBitmap(file, { resizeWidth: 400 });
    Object.assign(canvas, { width: picture.width, height: picture.height });
    canvas.getContext("2d").drawImage(picture, 0, 0);
  } catch {
    // Not a picture this browser can draw; the server will say what is wrong.
  }
}

function element(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
