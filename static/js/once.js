/* A form that is being sent cannot be sent again, and its button says so. */

export default function once(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    // Other listeners may still stop this submit; and a button that is disabled now would not be sent.
    setTimeout(() => {
      if (!event.defaultPrevented) mark(form, event.submitter);
    });
  });

  // Back from the next page: the browser shows this one as it was left.
  addEventListener("pageshow", (event) => {
    if (event.persisted) release(form);
  });
}

function mark(form, button) {
  form.dataset.sent = "yes";
  if (!button) return;
  button.disabled = true;
  button.classList.add("is-busy");
}

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll(".is-busy")) {
    button.disabled = false;
    button.classList.remove("is-busy");
  }
}
