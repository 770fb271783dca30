/* The form whose draft this browser kept has been taken by the server. */

export default function draftDone(place) {
  if (document.referrer.endsWith("/houses/new/")) localStorage.removeItem(`draft:${place.dataset.draftDone}`);
}
