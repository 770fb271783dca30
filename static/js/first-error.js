/* A refused form opens at its first refused field. */

let done = false;

export default function firstError(field) {
  if (done) return;
  done = true;
  field.querySelector("input:not([type=hidden], [type=date]), select, textarea")?.focus();
}
