// SPDX-License-Identifier: Apache-2.0
// Fetches the page again and puts its main part in the place of the old one. Without it, reloading
// the page does the same.
"use strict";

const EVERY_MS = 5000;
let running = true;

const button = document.createElement("button");
button.type = "button";
button.className = "refresh";

function tell() {
  button.textContent = running ? "Pause updates" : "Resume updates";
}

button.addEventListener("click", () => {
  running = !running;
  tell();
});

// Whoever works in the page, or reads with a selection, is not disturbed.
function isBusy() {
  const main = document.getElementById("main");
  const selected = String(document.getSelection() || "");
  return document.hidden || selected !== "" || main.contains(document.activeElement);
}

async function refresh() {
  if (!running || isBusy()) return;
  let text;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    text = await answer.text();
  } catch {
    document.body.classList.add("unreachable");
    return;
  }
  document.body.classList.remove("unreachable");
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
  if (fresh === null || isBusy()) return;
  document.getElementById("main").replaceWith(document.adoptNode(fresh));
}

tell();
document.getElementById("updates").append(button);
setInterval(refresh, EVERY_MS);
