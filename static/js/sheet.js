/* Dialogs: opened by [data-opens="id"] anywhere, closed by Esc, the scrim or [data-closes].
   The opener gets the focus back. */

export default function sheet(dialog) {
  let opener = null;

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(`[data-opens="${dialog.id}"]`);
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    opener = link;
    open();
    dialog.dispatchEvent(new CustomEvent("sheet:open", { detail: link }));
  });

  dialog.addEventListener("click", (event) => {
    const closes = event.target.closest("[data-closes]");
    if (closes) event.preventDefault();
    if (closes || isOnScrim(event)) dialog.close();
  });

  dialog.addEventListener("close", () => (opener?.isConnected ? opener : sameOpener())?.focus());

  // Arrived by a link to #id: show it modally now that a script can.
  if (location.hash === `#${dialog.id}`) {
    history.replaceState(null, "", location.pathname + location.search);
    open();
  }

  /** What stands for the opener after htmx has redrawn the place it was in. */
  function sameOpener() {
    return [...document.querySelectorAll(`[data-opens="${dialog.id}"]`)].find((link) => link.offsetParent);
  }

  function open() {
    if (!dialog.open) dialog.showModal();
  }

  function isOnScrim(event) {
    if (event.target !== dialog || !event.clientX) return false;
    const box = dialog.getBoundingClientRect();
    return event.clientY < box.top || event.clientY > box.bottom || event.clientX < box.left || event.clientX > box.right;
  }
}
