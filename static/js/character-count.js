/* "14 / 64" beside a text: [data-counts="id of the control"]. */

export default function characterCount(place) {
  const control = document.getElementById(place.dataset.counts);
  const update = () => {
    place.textContent = `${[...control.value].length} / ${control.maxLength}`;
  };
  control.addEventListener("input", update);
  update();
}
