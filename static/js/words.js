/* Translated words, put on the page by _words.html. */

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/** The words under `key`, with {name} filled in from `values`. */
export function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}
