// SPDX-License-Identifier: Apache-2.0
// The dialog that asks why an example is skipped: one key is enough.

import { byId, make } from "./dom.js";

const REASONS = [
  { reason: "unclear", text: "Cannot tell what it shows" },
  { reason: "bad_frame", text: "The image is missing or broken" },
  { reason: "needs_expert", text: "Somebody else should decide" },
  { reason: "sensitive", text: "It should not be shown to people" },
  { reason: "other", text: "Something else" },
];

/** @param {(reason: string) => void} skip */
export function makeSkipDialog(skip) {
  const dialog = byId("skip-dialog", HTMLDialogElement);
  const choose = (/** @type {string} */ reason) => {
    dialog.close();
    skip(reason);
  };
  const buttons = REASONS.map(({ reason, text }, index) => {
    const button = make("button", { type: "button", "data-reason": reason }, make("kbd", {}, String(index + 1)), text);
    button.addEventListener("click", () => choose(reason));
    return button;
  });
  byId("skip-reasons").append(...buttons);
  byId("skip-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    const chosen = REASONS[Number(event.key) - 1];
    if (chosen && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      choose(chosen.reason);
    }
  });
  return {
    open() {
      dialog.showModal();
      buttons[0]?.focus();
    },
  };
}
