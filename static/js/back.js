/* A link back to a list the visitor came from goes back in history: same place, same scroll. */

export default function back(link) {
  link.addEventListener("click", (event) => {
    const from = document.referrer && new URL(document.referrer);
    if (!from || from.origin !== location.origin || from.pathname !== link.pathname) return;
    event.preventDefault();
    history.back();
  });
}
