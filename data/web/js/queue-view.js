// SPDX-License-Identifier: Apache-2.0
// The list beside the frame: what is ours first, then what waits, least certain first.

import { byId, make } from "./dom.js";

/** @typedef {import("./types.js").Example} Example */

const SHOWN = 60;

export class QueueView {
  /**
   * @param {import("./queue.js").Queue} queue
   * @param {import("./work.js").Work} work
   * @param {import("./labels.js").Labels} labels
   */
  constructor(queue, work, labels) {
    this.queue = queue;
    this.work = work;
    this.labels = labels;
    this.list = byId("queue");
    this.more = byId("queue-more");
    this.count = byId("count-pending");
    /** @type {Map<string, HTMLLIElement>} */
    this.rows = new Map();
    this.isDirty = false;
    for (const source of [queue, work]) {
      source.addEventListener("change", () => this.invalidate());
    }
    this.invalidate();
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
    const held = this.work.held;
    const mine = new Set(held.map((item) => item.example.event_id));
    const waiting = this.queue.order().filter((example) => !mine.has(example.event_id));
    const shown = waiting.slice(0, SHOWN);
    const wanted = [
      ...held.map((item, index) => this.row(item.example, index === 0 ? "now" : "next")),
      ...shown.map((example) => this.row(example, "waiting")),
    ];
    this.place(wanted);
    const { count } = this.queue;
    const pending = Math.max(count ?? 0, waiting.length);
    this.count.textContent = count === null ? "–" : String(pending);
    const hidden = pending - shown.length;
    this.more.hidden = hidden <= 0;
    this.more.textContent = `and ${hidden} more`;
    if (wanted.length === 0) {
      this.more.hidden = false;
      this.more.textContent = "Nothing waits.";
    }
  }

  /**
   * Moves only what is not where it belongs, so that what is read or focused stays put.
   * @param {HTMLLIElement[]} wanted
   */
  place(wanted) {
    const keep = new Set(wanted);
    for (const [id, row] of this.rows) {
      if (!keep.has(row)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    wanted.forEach((row, index) => {
      if (this.list.children[index] !== row) {
        this.list.insertBefore(row, this.list.children[index] ?? null);
      }
    });
  }

  /**
   * @param {Example} example
   * @param {"now" | "next" | "waiting"} place
   */
  row(example, place) {
    let row = this.rows.get(example.event_id);
    if (!row) {
      row = this.build(example);
      this.rows.set(example.event_id, row);
    }
    row.dataset.place = place;
    const badge = row.querySelector(".badge");
    if (badge) {
      badge.textContent = place === "now" ? "Now" : place === "next" ? "Yours next" : "";
    }
    if (place === "now") {
      row.setAttribute("aria-current", "true");
    } else {
      row.removeAttribute("aria-current");
    }
    return row;
  }

  /** @param {Example} example */
  build(example) {
    const detections = example.detections ?? [];
    const chips = summarise(detections)
      .slice(0, 4)
      .map(({ name, count, least }) => {
        const text = count > 1 ? `${name} ×${count}` : name;
        const chip = make("span", { class: "chip" }, text);
        if (least !== null) {
          chip.append(" ", make("b", {}, least.toFixed(2)));
        }
        return chip;
      });
    if (chips.length === 0) {
      chips.push(make("span", { class: "chip none" }, "text" in example ? "text" : "nothing detected"));
    }
    const priority = Math.max(0, Math.min(1, example.priority));
    const meter = make("meter", { min: 0, max: 1, value: priority, title: `priority ${example.priority.toFixed(2)}` });
    return make(
      "li",
      { "data-example": example.event_id, "data-priority": example.priority },
      make("div", { class: "row-head" }, make("strong", {}, example.camera_id), make("span", { class: "badge" })),
      make("div", { class: "chips" }, ...chips),
      make(
        "div",
        { class: "row-foot" },
        meter,
        make("time", { datetime: example.timestamp }, clockTime(example.timestamp)),
      ),
    );
  }
}

/**
 * Each class once, with how often and how sure at least; least sure first.
 * @param {import("./types.js").Detection[]} detections
 */
function summarise(detections) {
  /** @type {Map<string, {name: string, count: number, least: number | null}>} */
  const found = new Map();
  for (const { class_name: name = "?", confidence } of detections) {
    const entry = found.get(name) ?? { name, count: 0, least: null };
    entry.count += 1;
    if (Number.isFinite(confidence)) {
      entry.least = Math.min(entry.least ?? 1, Number(confidence));
    }
    found.set(name, entry);
  }
  return [...found.values()].sort((a, b) => (a.least ?? 2) - (b.least ?? 2));
}

/** @param {string} timestamp */
export function clockTime(timestamp) {
  const time = new Date(timestamp);
  return Number.isNaN(time.getTime())
    ? timestamp
    : time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
