/* News that have been looked at are read: their dots go, and the mark in the navigation too. */

const A_LOOK = 1000; // ms

export default function markRead(form) {
  setTimeout(async () => {
    if (document.hidden) return document.addEventListener("visibilitychange", () => markRead(form), { once: true });
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer?.ok) return;
    form.hidden = true;
    document.querySelectorAll(".notice--new").forEach((notice) => notice.classList.remove("notice--new"));
    document.querySelectorAll("[data-new], [data-news]").forEach((mark) => mark.remove());
  }, A_LOOK);
}
