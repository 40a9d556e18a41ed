// SPDX-License-Identifier: Apache-2.0
// What the page says of itself: the connection, short notes, words for screen readers, answers that were not accepted.

import { byId, make } from "./dom.js";

const STAY = 6000;

/**
 * Words for those who listen instead of look.
 * @param {string} text
 */
export function announce(text) {
  byId("announcer").textContent = text;
}

/**
 * A note that goes away by itself.
 * @param {string} text
 * @param {"info" | "good" | "bad"} [kind]
 */
export function toast(text, kind = "info") {
  const note = make("div", { class: "toast", "data-kind": kind }, text);
  const list = byId("toasts");
  list.append(note);
  while (list.children.length > 4) {
    list.firstElementChild?.remove();
  }
  setTimeout(() => note.remove(), STAY);
}

/**
 * Keeps the pill in the bar true.
 * @param {import("./socket.js").LiveSocket} socket
 */
export function watchConnection(socket) {
  const pill = byId("connection");
  const text = pill.querySelector("span");
  const draw = () => {
    const { state, words, title } = describe(socket);
    pill.dataset.state = state;
    pill.title = title;
    if (text && text.textContent !== words) {
      text.textContent = words;
    }
  };
  socket.addEventListener("state", draw);
  setInterval(() => socket.state === "waiting" && draw(), 1000);
  draw();
}

/** @param {import("./socket.js").LiveSocket} socket */
function describe(socket) {
  switch (socket.state) {
    case "open":
      return { state: "open", words: "Live", title: "New examples arrive at once." };
    case "connecting":
      return { state: socket.attempts > 0 ? "waiting" : "connecting", words: "Connecting…", title: "" };
    case "waiting":
      return {
        state: "waiting",
        words: navigator.onLine ? "Reconnecting…" : "No network",
        title:
          `The line is down${socket.reason ? ` (${socket.reason})` : ""}. Go on: answers are kept here and sent later. ` +
          `Next attempt in ${Math.max(0, Math.ceil((socket.retryAt - Date.now()) / 1000))} s.`,
      };
    default:
      return {
        state: "stopped",
        words: socket.reason === "" ? "Not connected" : `Stopped: ${socket.reason}`,
        title: "Reload the page to try again.",
      };
  }
}

/**
 * Shows the answers that the daemon refused, with the reason and what can be done.
 * @param {import("./outbox.js").Outbox} outbox
 * @param {(letter: import("./outbox.js").Letter) => void} discard
 */
export function watchRefusals(outbox, discard) {
  const view = byId("refused");
  let shown = "";
  outbox.addEventListener("change", () => {
    const refused = outbox.refused;
    const now = JSON.stringify(refused.map((letter) => [letter.id, letter.refusal]));
    if (now === shown) {
      return;
    }
    shown = now;
    view.hidden = refused.length === 0;
    view.replaceChildren(...refused.map((letter) => refusal(letter, outbox, discard)));
  });
}

/**
 * @param {import("./outbox.js").Letter} letter
 * @param {import("./outbox.js").Outbox} outbox
 * @param {(letter: import("./outbox.js").Letter) => void} discard
 */
function refusal(letter, outbox, discard) {
  const again = make("button", { type: "button", class: "small" }, "Send again");
  again.addEventListener("click", () => outbox.again(letter));
  const drop = make("button", { type: "button", class: "small ghost" }, "Discard");
  drop.addEventListener("click", () => discard(letter));
  return make(
    "div",
    { class: "refusal", role: "alert", "data-example": letter.id },
    make("strong", {}, `Not accepted: ${letter.title}`),
    make("p", {}, letter.refusal?.detail ?? ""),
    make("p", {}, "Your answer is kept in this browser."),
    make("div", { class: "row" }, again, drop),
  );
}
