// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system says. early-theme.js applies the choice before the first paint.

const KEY = "annotationd:theme";
const ORDER = ["auto", "light", "dark"];
const NAMES = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

/** @param {HTMLElement} button */
export function watchTheme(button) {
  const draw = () => {
    const theme = /** @type {keyof typeof NAMES} */ (document.documentElement.dataset.theme ?? "auto");
    button.textContent = NAMES[theme];
  };
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "auto";
    const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length] ?? "auto";
    if (next === "auto") {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = next;
    }
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // It holds for this page only.
    }
    draw();
  });
  draw();
}
