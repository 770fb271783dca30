/* Nothing of whoever signs out waits for the next page to be forgotten. */

import { forgetAllBut } from "./leave-nothing.js";

export default function signOut(form) {
  form.addEventListener("submit", () => forgetAllBut(""));
}
