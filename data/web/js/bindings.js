// SPDX-License-Identifier: Apache-2.0
// The table of keys, tied to what they do.

/** @typedef {import("./keys.js").Binding} Binding */

/**
 * @param {object} parts
 * @param {import("./desk.js").Desk} parts.desk
 * @param {import("./editor.js").Editor} parts.editor
 * @param {import("./canvas.js").Canvas} parts.canvas
 * @param {import("./labels.js").Labels} parts.labels
 * @param {import("./inspector.js").Inspector} parts.inspector
 * @param {() => void} parts.openSkip
 * @param {() => void} parts.openHelp
 * @param {() => void} parts.escape
 * @returns {Binding[]}
 */
export function makeBindings({ desk, editor, canvas, labels, inspector, openSkip, openHelp, escape }) {
  return [
    ...judging(desk, editor, openSkip),
    ...looking(canvas),
    ...classes(labels, inspector),
    ...editing(editor, canvas, escape),
    {
      group: "Else",
      keys: ["q"],
      shown: "Q",
      does: "Quality: then 1 … 5, Del for none",
      run: () => inspector.focusQuality(),
    },
    {
      group: "Else",
      keys: ["c"],
      shown: "C",
      does: "Write notes; Esc back to the frame",
      run: () => inspector.focusNotes(),
    },
    { group: "Else", keys: ["?", "f1"], shown: "? F1", does: "This list", run: openHelp },
  ];
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {import("./editor.js").Editor} editor
 * @param {() => void} openSkip
 * @returns {Binding[]}
 */
function judging(desk, editor, openSkip) {
  const group = "Judge";
  return [
    {
      group,
      keys: ["enter"],
      shown: "Enter",
      does: "Submit and next: what is not rejected is right",
      run: () => desk.submit(),
    },
    {
      group,
      keys: ["Ctrl+enter"],
      shown: "Ctrl+Enter",
      does: "The same while you write",
      run: () => desk.submit(),
      always: true,
    },
    {
      group,
      keys: ["tab"],
      shown: "Tab",
      does: "Next box, least certain first; after the last: the controls",
      run: () => walk(editor, 1),
    },
    { group, keys: ["Shift+tab"], shown: "⇧Tab", does: "Box before", run: () => walk(editor, -1) },
    { group, keys: ["a"], shown: "A", does: "Accept the box, go on to the next", run: () => editor.accept() },
    { group, keys: ["Shift+a"], shown: "⇧A", does: "Accept all", run: () => editor.acceptAll() },
    {
      group,
      keys: ["x"],
      shown: "X",
      does: "Reject the box, go on; again: not rejected",
      run: () => editor.toggleRejected(),
    },
    {
      group,
      keys: ["Shift+x"],
      shown: "⇧X",
      does: "No objects: reject all, submit and next",
      run: () => desk.submitNothing(),
    },
    { group, keys: ["s"], shown: "S", does: "Skip: then 1 … 5 for the reason", run: openSkip },
  ];
}

/**
 * Tab goes through the boxes while the frame has the keyboard, and leaves it at either end: nobody is trapped.
 * @param {import("./editor.js").Editor} editor
 * @param {1 | -1} step
 */
function walk(editor, step) {
  const id = document.activeElement?.id ?? "";
  return (
    (id === "canvas" || id === "text-panel" || document.activeElement === document.body) && editor.selectNext(step)
  );
}

/**
 * @param {import("./labels.js").Labels} labels
 * @param {import("./inspector.js").Inspector} inspector
 * @returns {Binding[]}
 */
function classes(labels, inspector) {
  const choose = (/** @type {number} */ index) => {
    const name = labels.list[index];
    if (name !== undefined) {
      inspector.choose(name);
    }
  };
  const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  return keys.map((digit) => ({
    group: "Class",
    keys: [String(digit)],
    shown: digit === 1 ? "1…9" : "",
    does: "Class of the selected box, or of the next one drawn",
    run: () => choose(digit - 1),
  }));
}

/**
 * @param {import("./editor.js").Editor} editor
 * @param {import("./canvas.js").Canvas} canvas
 * @param {() => void} escape
 * @returns {Binding[]}
 */
function editing(editor, canvas, escape) {
  const group = "Edit";
  const draw = () => canvas.setTool(canvas.tool === "draw" ? "select" : "draw");
  return [
    { group, keys: ["n", "r"], shown: "N R", does: "Draw a box", run: draw },
    {
      group,
      keys: ["Shift+n"],
      shown: "⇧N",
      does: "Add a box in the middle, then move it by keys",
      run: () => canvas.addInMiddle(),
    },
    { group, keys: ["v"], shown: "V", does: "Select and move", run: () => canvas.setTool("select") },
    ...arrows("", (dx, dy) => editor.nudge(dx, dy), 1, "← ↑ → ↓", "Move by a pixel"),
    ...arrows("Shift+", (dx, dy) => editor.nudge(dx, dy), 10, "⇧ ← ↑ → ↓", "Move by ten"),
    ...arrows("Alt+", (dx, dy) => editor.grow(dx, dy), 1, "Alt ← ↑ → ↓", "Resize by a pixel"),
    ...arrows("Alt+Shift+", (dx, dy) => editor.grow(dx, dy), 10, "Alt ⇧ ← ↑ → ↓", "Resize by ten"),
    { group, keys: ["delete", "backspace"], shown: "Del", does: "Delete the box", run: () => editor.remove() },
    { group, keys: ["z", "Ctrl+z"], shown: "Z", does: "Undo", run: () => editor.undo() },
    { group, keys: ["Shift+z", "Ctrl+Shift+z", "Ctrl+y"], shown: "⇧Z", does: "Redo", run: () => editor.redo() },
    { group, keys: ["escape"], shown: "Esc", does: "Give up what was begun; select nothing", run: escape },
  ];
}

/**
 * Four bindings of which the help shows one.
 * @param {string} modifiers
 * @param {(dx: number, dy: number) => void} act
 * @param {number} step
 * @param {string} shown
 * @param {string} does
 * @returns {Binding[]}
 */
function arrows(modifiers, act, step, shown, does) {
  /** @type {[string, number, number][]} */
  const directions = [
    ["arrowleft", -step, 0],
    ["arrowup", 0, -step],
    ["arrowright", step, 0],
    ["arrowdown", 0, step],
  ];
  return directions.map(([key, dx, dy], index) => ({
    group: "Edit",
    keys: [modifiers + key],
    shown: index === 0 ? shown : "",
    does,
    run: () => act(dx, dy),
  }));
}

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @returns {Binding[]}
 */
function looking(canvas) {
  const group = "Look";
  return [
    {
      group,
      keys: ["+", "="],
      shown: "+",
      does: "Zoom in (or the wheel, at the pointer)",
      run: () => canvas.zoom(1.3),
    },
    { group, keys: ["-"], shown: "−", does: "Zoom out", run: () => canvas.zoom(1 / 1.3) },
    { group, keys: ["f"], shown: "F", does: "Fit the whole frame", run: () => canvas.fit() },
    { group, keys: ["0"], shown: "0", does: "Zoom to the selected box", run: () => canvas.zoomToSelected() },
    { group, keys: ["h"], shown: "H", does: "Hide or show the boxes", run: () => canvas.toggle("showBoxes") },
    { group, keys: ["l"], shown: "L", does: "Hide or show the names", run: () => canvas.toggle("showNames") },
    {
      group,
      keys: ["p"],
      shown: "P",
      does: "What was predicted, and back",
      run: () => canvas.toggle("showPredictions"),
    },
  ];
}
