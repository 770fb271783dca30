/* The sheets in which an owner accepts or refuses: what opened one says which order it is about.
   Without it accepting is one press, and refusing has a page of its own. */

export default function answer(form) {
  form.closest("dialog").addEventListener("sheet:open", ({ detail: opener }) => {
    form.action = opener.form?.action ?? opener.href;
    form.querySelector("[data-about]").textContent = opener.dataset.about;
  });
}
