// SPDX-License-Identifier: Apache-2.0
// Which examples wait, in the order in which they will be handed out.

/** @typedef {import("./types.js").Example} Example */

/** As many as are kept and shown; the count beside them is the daemon's and has no such bound. */
const KEEP = 200;

/** Fires `change`. */
export class Queue extends EventTarget {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    /** @type {Map<string, Example>} */
    this.waiting = new Map();
    /** @type {number | null} */
    this.pending = null;
    this.isLoading = false;
    this.isStale = false;
  }

  clear() {
    this.waiting.clear();
    this.pending = null;
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Reads the head of the queue from the daemon. What is announced meanwhile is asked for once more. */
  async load() {
    if (this.isLoading) {
      this.isStale = true;
      return;
    }
    this.isLoading = true;
    this.isStale = false;
    try {
      const answer = await this.api.get(`/examples?status=pending&order=priority&size=${KEEP / 2}`);
      this.waiting = new Map(answer.examples.map((/** @type {Example} */ example) => [example.event_id, example]));
      if (Number.isFinite(answer.total)) {
        this.pending = answer.total;
      }
      this.changed();
    } finally {
      this.isLoading = false;
    }
    if (this.isStale) {
      await this.load();
    }
  }

  /**
   * Takes note of a message of the daemon.
   * @param {any} message
   */
  hear(message) {
    if (this.isLoading && message.type.startsWith("example_")) {
      this.isStale = true;
    }
    switch (message.type) {
      case "new_example":
        this.add(message.example);
        break;
      case "example_taken":
      case "example_done":
      case "example_removed":
        this.remove(message.example_id);
        break;
      case "example_released":
        this.fetch(message.example_id);
        break;
      case "hello":
      case "pending":
        this.pending = Number(message.pending ?? message.count);
        this.changed();
        break;
    }
  }

  /** @param {Example} example */
  add(example) {
    this.waiting.set(example.event_id, example);
    if (this.waiting.size > KEEP) {
      const last = this.order().at(-1);
      if (last) {
        this.waiting.delete(last.event_id);
      }
    }
    this.changed();
  }

  /** @param {string} id */
  remove(id) {
    if (this.waiting.delete(id)) {
      this.changed();
    }
  }

  /** @param {string} id */
  async fetch(id) {
    try {
      const example = await this.api.get(`/examples/${encodeURIComponent(id)}`);
      if (example.status === "pending") {
        this.add(example);
      }
    } catch {
      // It has gone again, or the line has: a resync will tell.
    }
  }

  order() {
    return [...this.waiting.values()].sort((a, b) => b.priority - a.priority || a.seq - b.seq);
  }
}
