/* − and ＋ round a number input. */

export default function stepper(root) {
  const input = root.querySelector("input");
  const buttons = [...root.querySelectorAll("[data-by]")];
  const min = Number(input.min || 0);
  const max = Number(input.max || Infinity);

  const value = () => Number(input.value || min);

  function update() {
    for (const button of buttons) {
      const next = value() + Number(button.dataset.by);
      button.disabled = next < min || next > max;
    }
  }

  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => {
      input.value = Math.min(Math.max(value() + Number(button.dataset.by), min), max);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  root.classList.add("is-ready");
  input.addEventListener("change", update);
  update();
}
