/* Shares the page by the system's own sheet, or copies its address. */

import { toast } from "./toast.js";
import { say } from "./words.js";

export default function share(button) {
  if (!navigator.share && !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const page = { title: button.dataset.share, url: location.href.split("#")[0] };
    try {
      if (navigator.share) return await navigator.share(page);
      await navigator.clipboard.writeText(page.url);
      toast(say("copied"));
    } catch {
      // Closed without sharing: nothing to say.
    }
  });
}
