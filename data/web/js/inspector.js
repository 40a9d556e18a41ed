// SPDX-License-Identifier: Apache-2.0
// The right side: boxes by score, classes, quality, notes. Follows the editor, and tells it what was clicked.

import { byScore } from "./boxes.js";
import { byId, icon, make } from "./dom.js";

/** @typedef {import("./types.js").Box} Box */

const YES = "M5 12.500 10 17.500 19 7";
const NO = "M6 6 18 18M18 6 6 18";
/** As many rows as any window shows: the list asks for no more room, so that its length costs no layout. */
const MOST_ROWS = 30;
const QUALITY = ["Useless", "Poor", "Fair", "Good", "Very good"];

export class Inspector {
  /**
   * @param {import("./editor.js").Editor} editor
   * @param {import("./labels.js").Labels} labels
   */
  constructor(editor, labels) {
    this.editor = editor;
    this.labels = labels;
    this.list = byId("boxes");
    this.count = byId("boxes-count");
    this.palette = byId("labels");
    this.notes = byId("notes", HTMLTextAreaElement);
    this.isDirty = false;
    /** @type {Element | null} */
    this.lastSelected = null;
    /** @type {Map<number, {box: Box, colour: string, row: HTMLLIElement}>} */
    this.rows = new Map();
    /** @type {number | null} */
    this.lastQuality = null;
    this.buildQuality();
    this.buildLabelForm();
    this.notes.addEventListener("input", () => editor.setNotes(this.notes.value));
    this.notes.addEventListener("keydown", (event) => event.key === "Escape" && byId("canvas").focus());
    this.list.addEventListener("keydown", (event) => {
      if (!event.altKey && !event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        editor.selectNext(event.key === "ArrowDown" ? 1 : -1);
      }
    });
    editor.addEventListener("change", () => this.invalidate());
    labels.addEventListener("change", () => this.invalidate());
  }

  invalidate() {
    if (!this.isDirty) {
      this.isDirty = true;
      queueMicrotask(() => {
        this.isDirty = false;
        this.draw();
      });
    }
  }

  draw() {
    this.drawBoxes();
    this.drawLabels();
    if (this.notes.value !== this.editor.notes) {
      this.notes.value = this.editor.notes;
    }
    for (const input of byId("quality").querySelectorAll("input")) {
      input.checked = Number(input.value) === this.editor.quality;
    }
  }

  drawBoxes() {
    byId("boxes-name").textContent = this.editor.frame.isText ? "Classes" : "Boxes";
    const boxes = byScore(this.editor.boxes);
    const left = boxes.filter((box) => box.verdict === "open").length;
    this.count.textContent =
      boxes.length === 0 ? "none" : `${boxes.length} · ${left === 0 ? "all judged" : `${left} to judge`}`;
    this.list.parentElement?.style.setProperty("--rows", String(Math.min(boxes.length, MOST_ROWS)));
    this.placeRows(boxes);
    const selected = this.list.querySelector('[aria-selected="true"]');
    if (selected) {
      this.list.setAttribute("aria-activedescendant", selected.id);
      if (selected !== this.lastSelected) {
        selected.scrollIntoView({ block: "nearest" });
      }
    } else {
      this.list.removeAttribute("aria-activedescendant");
    }
    this.lastSelected = selected;
  }

  /**
   * A box is never changed in place, so a row whose box is still the same one is still right: with a thousand boxes only
   * the few that have changed are made anew.
   * @param {Box[]} boxes
   */
  placeRows(boxes) {
    const ids = new Set(boxes.map((box) => box.id));
    for (const [id, { row }] of this.rows) {
      if (!ids.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    let cursor = this.list.firstElementChild;
    for (const box of boxes) {
      const before = this.rows.get(box.id)?.row;
      const row = this.freshRow(box);
      if (before === cursor) {
        cursor = row; // It stands where the one before stood.
      }
      const selected = String(box.id === this.editor.selected);
      if (row.getAttribute("aria-selected") !== selected) {
        row.setAttribute("aria-selected", selected);
      }
      if (row === cursor) {
        cursor = cursor.nextElementSibling;
      } else {
        this.list.insertBefore(row, cursor);
      }
    }
  }

  /** @param {Box} box */
  freshRow(box) {
    const colour = this.labels.colour(box.className);
    const known = this.rows.get(box.id);
    if (known?.box === box && known.colour === colour) {
      return known.row;
    }
    const row = this.row(box, colour);
    known?.row.replaceWith(row);
    this.rows.set(box.id, { box, colour, row });
    return row;
  }

  /**
   * @param {Box} box
   * @param {string} colour
   */
  row(box, colour) {
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.backgroundColor = colour;
    const changed = box.origin !== null && box.className !== box.origin.className;
    const name = make("span", { class: "name" }, box.className || "?");
    if (changed) {
      name.append(" ", make("s", {}, box.origin?.className || "?"));
    }
    const row = make(
      "li",
      {
        id: `box-${box.id}`,
        role: "option",
        "aria-label": describeBox(box),
        "data-box": box.id,
        "data-class": box.className,
        "data-verdict": box.verdict,
        "data-drawn": box.origin === null,
        ...(box.rect
          ? { "data-x1": box.rect.x1, "data-y1": box.rect.y1, "data-x2": box.rect.x2, "data-y2": box.rect.y2 }
          : {}),
      },
      swatch,
      name,
      this.score(box),
      this.verdictButton(box, "accepted", "Accept", YES),
      this.verdictButton(box, "rejected", "Reject", NO),
    );
    row.addEventListener("click", () => this.editor.select(box.id));
    return row;
  }

  /** @param {Box} box */
  score(box) {
    if (box.confidence === null) {
      return make("span", { class: "score" }, make("em", {}, box.origin ? "" : box.rect ? "drawn" : "added"));
    }
    return make(
      "span",
      { class: "score" },
      make("meter", { min: 0, max: 1, value: box.confidence, "aria-hidden": "true" }),
      make("b", {}, box.confidence.toFixed(2)),
    );
  }

  /**
   * @param {Box} box
   * @param {"accepted" | "rejected"} verdict
   * @param {string} text
   * @param {string} path
   */
  verdictButton(box, verdict, text, path) {
    const button = make("button", {
      type: "button",
      class: `verdict ${verdict}`,
      tabindex: -1,
      title: text,
      "aria-label": text,
      "aria-pressed": String(box.verdict === verdict),
    });
    button.append(icon(path));
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      this.editor.select(box.id);
      this.editor.update(box.id, { verdict: box.verdict === verdict ? "open" : verdict });
    });
    return button;
  }

  drawLabels() {
    const current = this.editor.selectedBox?.className ?? this.labels.current;
    const focused = this.palette.contains(document.activeElement)
      ? document.activeElement?.getAttribute("data-label")
      : null;
    const buttons = this.labels.list.map((name, index) => {
      const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.backgroundColor = this.labels.colour(name);
      const key = index < 9 ? make("kbd", {}, String(index + 1)) : null;
      const button = make(
        "button",
        { type: "button", "data-label": name, "aria-pressed": String(name === current) },
        swatch,
        name,
        key,
      );
      button.addEventListener("click", () => this.choose(name));
      return button;
    });
    this.palette.replaceChildren(...buttons);
    if (focused !== null) {
      buttons.find((button) => button.dataset.label === focused)?.focus();
    }
  }

  /**
   * Sets the class of the selected box; without one, of the next that is drawn. A text gets or loses the class.
   * @param {string} name
   */
  choose(name) {
    this.labels.choose(name);
    if (this.editor.frame.isText) {
      this.editor.toggleClass(name);
    } else {
      this.editor.setClass(name);
    }
  }

  buildQuality() {
    const group = byId("quality");
    for (const [index, text] of QUALITY.entries()) {
      const input = make("input", { type: "radio", name: "quality", value: index + 1, id: `quality-${index + 1}` });
      input.addEventListener("change", () => this.editor.setQuality(index + 1));
      input.addEventListener("click", () => this.toggleQuality(index + 1));
      group.append(
        input,
        make(
          "label",
          { for: input.id, title: text },
          make("span", { class: "unseen" }, `${text}: `),
          String(index + 1),
        ),
      );
    }
    group.addEventListener("keydown", (event) => {
      if (/^[1-5]$/.test(event.key)) {
        event.preventDefault();
        this.editor.setQuality(Number(event.key));
        byId("canvas").focus();
      } else if (["Escape", "Backspace", "Delete", "0"].includes(event.key)) {
        event.preventDefault();
        event.stopPropagation();
        if (event.key !== "Escape") {
          this.editor.setQuality(null);
        }
        byId("canvas").focus();
      }
    });
  }

  /** @param {number} quality clicked: a second click takes it back */
  toggleQuality(quality) {
    if (this.lastQuality === quality && this.editor.quality === quality) {
      this.editor.setQuality(null);
    }
    this.lastQuality = this.editor.quality;
  }

  focusQuality() {
    byId(`quality-${this.editor.quality ?? 3}`).focus();
  }

  focusNotes() {
    this.notes.focus();
  }

  buildLabelForm() {
    const input = byId("label-new", HTMLInputElement);
    byId("label-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name !== "") {
        input.value = "";
        this.choose(name);
        byId("canvas").focus();
      }
    });
    input.addEventListener("keydown", (event) => event.key === "Escape" && byId("canvas").focus());
  }
}

/**
 * In words, for screen readers.
 * @param {Box} box
 */
export function describeBox(box) {
  const score = box.confidence === null ? "added by hand" : `score ${box.confidence.toFixed(2)}`;
  const verdict = { open: "not judged", accepted: "accepted", rejected: "rejected" }[box.verdict];
  return `${box.className || "no class"}, ${score}, ${verdict}`;
}
