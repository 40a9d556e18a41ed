// SPDX-License-Identifier: Apache-2.0
// The tools on the frame's edge. Each is a key, too.

import { byId, icon, make } from "./dom.js";

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} text with the key
 * @property {string} path
 * @property {() => void} run
 * @property {() => boolean} [isOn] for tools that are on or off
 */

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @param {import("./editor.js").Editor} editor
 */
export function makeToolbar(canvas, editor) {
  /** @type {(Tool | null)[]} */
  const tools = [
    {
      name: "select",
      text: "Select and move (V)",
      path: "M6 4 18 12 12.500 13.200 10 19Z",
      run: () => canvas.setTool("select"),
      isOn: () => canvas.tool === "select",
    },
    {
      name: "draw",
      text: "Draw a box (N)",
      path: "M5 8V5H8M16 5H19V8M19 16V19H16M8 19H5V16M12 9V15M9 12H15",
      run: () => canvas.setTool("draw"),
      isOn: () => canvas.tool === "draw",
    },
    null,
    {
      name: "undo",
      text: "Undo (Z)",
      path: "M8 8H15A4.500 4.500 0 0 1 15 17H9M11 5 8 8 11 11",
      run: () => editor.undo(),
    },
    {
      name: "redo",
      text: "Redo (Shift+Z)",
      path: "M16 8H9A4.500 4.500 0 0 0 9 17H15M13 5 16 8 13 11",
      run: () => editor.redo(),
    },
    {
      name: "delete",
      text: "Delete the selected box (Del)",
      path: "M5 7H19M10 7V5H14V7M7 7 8 19H16L17 7",
      run: () => editor.remove(),
    },
    null,
    {
      name: "zoom-in",
      text: "Zoom in (+)",
      path: "M11 6A5 5 0 1 1 10.900 6M15 15 19 19M11 8.500V13.500M8.500 11H13.500",
      run: () => canvas.zoom(1.3),
    },
    {
      name: "zoom-out",
      text: "Zoom out (−)",
      path: "M11 6A5 5 0 1 1 10.900 6M15 15 19 19M8.500 11H13.500",
      run: () => canvas.zoom(1 / 1.3),
    },
    {
      name: "fit",
      text: "Fit the frame (F)",
      path: "M5 9V5H9M15 5H19V9M19 15V19H15M9 19H5V15",
      run: () => canvas.fit(),
    },
    null,
    {
      name: "hide",
      text: "Hide all boxes (H)",
      path: "M4 12C7 7 17 7 20 12C17 17 7 17 4 12M12 10A2 2 0 1 1 11.900 10M5 19 19 5",
      run: () => canvas.toggle("showBoxes"),
      isOn: () => !canvas.showBoxes,
    },
    {
      name: "names",
      text: "Hide the names (L)",
      path: "M5 12 11 6H19V18H11ZM14 12H14.200",
      run: () => canvas.toggle("showNames"),
      isOn: () => !canvas.showNames,
    },
    {
      name: "predictions",
      text: "Show what was predicted (P)",
      path: "M12 5A7 7 0 1 1 5 12M5 6V12H11M12 9V12L14 14",
      run: () => canvas.toggle("showPredictions"),
      isOn: () => canvas.showPredictions,
    },
  ];
  const bar = byId("toolbar");
  const buttons = tools.map((tool) => {
    if (!tool) {
      return make("hr");
    }
    const button = make("button", {
      type: "button",
      class: "tool",
      title: tool.text,
      "aria-label": tool.text,
      "data-tool": tool.name,
    });
    button.append(icon(tool.path));
    button.addEventListener("click", () => tool.run());
    return button;
  });
  bar.append(...buttons);
  const draw = () => {
    tools.forEach((tool, index) => {
      if (tool?.isOn) {
        buttons[index]?.setAttribute("aria-pressed", String(tool.isOn()));
      }
    });
    const disable = (/** @type {string} */ name, /** @type {boolean} */ off) =>
      bar.querySelector(`[data-tool="${name}"]`)?.toggleAttribute("disabled", off);
    disable("undo", editor.history.past.length === 0);
    disable("redo", editor.history.future.length === 0);
    disable("delete", editor.selectedBox === null);
    for (const name of ["draw", "zoom-in", "zoom-out", "fit"]) {
      disable(name, !canvas.hasExample);
    }
  };
  canvas.addEventListener("view", draw);
  editor.addEventListener("change", draw);
  draw();
}
