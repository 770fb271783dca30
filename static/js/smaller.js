/* Huge photos are made smaller before they travel: the site keeps no more than 1600 pixels a side
   anyway, and a phone's picture of 12 megapixels takes a minute on a slow line. */

const LONGEST = 2000; // px
const LIGHT = 1024 * 1024; // bytes: below this it is not worth it
const QUALITY = 0.88;

/** `file`, or a smaller JPEG of it; what this browser cannot read is the server's to judge. */
export async function smaller(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = LONGEST / Math.max(picture.width, picture.height);
    if (scale >= 1 && file.size <= LIGHT) return file;
    const blob = await drawn(picture, Math.min(scale, 1));
    return blob && blob.size < file.size ? blob : file;
  } catch {
    return file;
  }
}

function drawn(picture, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
