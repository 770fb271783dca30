/* Posts a form with a file and tells how far it got; a lost connection is waited for and tried again. */

const PAUSES = [1000, 3000, 8000]; // ms before each new attempt

/** The server's JSON answer, or {ok: false} when there was none. `report(share)`; null: waiting. */
export async function post(address, body, report) {
  for (const pause of [...PAUSES, null]) {
    const answer = await attempt(address, body, report);
    if (answer || pause === null) return answer ?? { ok: false };
    report(null);
    await online(pause);
  }
}

function attempt(address, body, report) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => report(loaded / total);
    // 502 to 504: the proxy is there, the site is not yet.
    request.onload = () => resolve(request.status > 501 ? null : request.response ?? { ok: false });
    request.onerror = () => resolve(null);
    request.send(body);
  });
}

function online(pause) {
  return new Promise((resolve) => {
    if (navigator.onLine) setTimeout(resolve, pause);
    else addEventListener("online", resolve, { once: true });
  });
}
