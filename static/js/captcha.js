/* A new captcha picture on demand: by its button, or by a "captcha:refresh" event. */

export default function captcha(root) {
  const button = root.querySelector("[data-refreshes]");
  const answer = root.querySelector('input:not([type="hidden"])');

  async function refresh() {
    const answered = await fetch(root.dataset.captcha, { headers: { "X-Requested-With": "XMLHttpRequest" } });
    if (!answered.ok) return;
    const { key, image_url: picture } = await answered.json();
    root.querySelector('input[type="hidden"]').value = key;
    root.querySelector("img").src = picture;
    answer.value = "";
  }

  button.hidden = false;
  button.addEventListener("click", async () => {
    await refresh();
    answer.focus();
  });
  root.addEventListener("captcha:refresh", refresh);
}
