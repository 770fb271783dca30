/* What one person left in this browser is not for the next. A page says on its body for whom it
   was made, and nothing of anybody else stays: after signing out, when a session has run out,
   when somebody else signs in. */

export default function leaveNothing(body) {
  forgetAllBut(body.dataset.person);
}

/** Forget drafts and places of everybody but the person of this id; "" is a stranger. */
export function forgetAllBut(person) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("draft:") && !(person && key.endsWith(`-${person}`))) localStorage.removeItem(key);
  }
  const place = JSON.parse(sessionStorage.getItem("list-place") ?? "null");
  if (place && place.person !== person) sessionStorage.removeItem("list-place");
}
