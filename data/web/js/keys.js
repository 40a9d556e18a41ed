// SPDX-License-Identifier: Apache-2.0
// Which key does what. The one table that the dispatcher, the help overlay and the tests read.

import { takesText } from "./dom.js";

/**
 * @typedef {object} Binding
 * @property {string[]} keys as `Ctrl+Alt+Shift+key` in that order, key as KeyboardEvent.key in lower case
 * @property {string} shown as a person reads it
 * @property {string} does
 * @property {string} group
 * @property {() => void | boolean} run  false: the key is left to the browser
 * @property {boolean} [always] also while text is typed
 */

/**
 * The name of a pressed key, as in the table.
 * @param {KeyboardEvent} event
 */
export function nameOf(event) {
  const key = event.key.toLowerCase();
  // A sign that needs Shift (as ? or +) is itself already: only letters and named keys tell the two apart.
  const isSign = event.key.length === 1 && event.key.toLowerCase() === event.key.toUpperCase();
  const shift = event.shiftKey && !isSign;
  return [event.ctrlKey || event.metaKey ? "Ctrl+" : "", event.altKey ? "Alt+" : "", shift ? "Shift+" : "", key].join(
    "",
  );
}

/**
 * Runs bindings as keys are pressed, unless the key belongs to the element it is pressed at.
 * @param {Binding[]} bindings
 * @param {() => boolean} isBlocked a dialog or the sign-in form has the keyboard
 */
export function listen(bindings, isBlocked) {
  /** @type {Map<string, Binding>} */
  const table = new Map();
  for (const binding of bindings) {
    for (const key of binding.keys) {
      table.set(key, binding);
    }
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isBlocked()) {
      return;
    }
    const binding = table.get(nameOf(event));
    if (!binding || (!binding.always && belongsTo(event))) {
      return;
    }
    if (binding.run() !== false) {
      event.preventDefault();
    }
  });
}

/**
 * Whether the focused control has a use of its own for the key.
 * @param {KeyboardEvent} event
 */
function belongsTo(event) {
  const target = event.target;
  if (takesText(target)) {
    return true;
  }
  if (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) {
    return event.key === "Enter" || event.key === " ";
  }
  if (target instanceof HTMLInputElement && target.type === "radio") {
    return event.key.startsWith("Arrow") || event.key === " " || event.key === "Tab" || /^[1-9]$/.test(event.key);
  }
  return false;
}
