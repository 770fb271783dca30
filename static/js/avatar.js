/* A new avatar is seen round before it is sent: drag it to its place, or use the arrow keys; the
   slider comes closer. What is seen is what is sent. Without it the server cuts out the middle. */

const SIDE = 480; // px, of the picture that is sent
const STEP = 12; // px an arrow key moves
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export default function avatar(form) {
  const input = form.querySelector('input[type="file"]');
  const crop = form.querySelector("[data-crop]");
  const canvas = crop.querySelector("canvas");
  const zoom = crop.querySelector('input[type="range"]');
  const brush = canvas.getContext("2d");
  let picture = null;
  let middle = [0, 0]; // of the picture, in its own pixels

  form.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));

  input.addEventListener("change", look);
  if (input.files.length) look(); // chosen before this script was here

  async function look() {
    try {
      picture = await createImageBitmap(input.files[0]);
    } catch {
      return form.requestSubmit(); // the server says what is wrong with it
    }
    middle = [picture.width / 2, picture.height / 2];
    zoom.value = 1;
    crop.hidden = false;
    draw();
    canvas.focus();
  }

  /** Pixels of the picture that one pixel of the canvas shows. */
  const scale = () => Math.min(picture.width, picture.height) / SIDE / Number(zoom.value);

  function draw() {
    const seen = SIDE * scale();
    middle = middle.map((at, n) => Math.min(Math.max(at, seen / 2), [picture.width, picture.height][n] - seen / 2));
    brush.drawImage(picture, middle[0] - seen / 2, middle[1] - seen / 2, seen, seen, 0, 0, SIDE, SIDE);
  }

  function move(right, down) {
    middle = [middle[0] - right * scale(), middle[1] - down * scale()];
    draw();
  }

  zoom.addEventListener("input", draw);
  canvas.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    move(...ARROWS[event.key]);
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    const shown = SIDE / canvas.clientWidth;
    if (event.buttons) move(event.movementX * shown, event.movementY * shown);
  });

  crop.querySelector("[data-crop-no]").addEventListener("click", () => {
    crop.hidden = true;
    form.reset();
    input.focus();
  });
  crop.querySelector("[data-crop-yes]").addEventListener("click", () => {
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "avatar.jpg", { type: "image/jpeg" }));
      input.files = files.files;
      form.requestSubmit();
    }, "image/jpeg", 0.92);
  });
}
