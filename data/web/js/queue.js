// SPDX-License-Identifier: Apache-2.0
// Which examples wait, in the order in which they will be handed out.

/** @typedef {import("./types.js").Example} Example */

/** As many as are kept and shown; the count beside them is the daemon's and has no such bound. */
const KEEP = 200;
/** The most that the daemon gives in one answer. */
const LARGEST_PAGE = 500;
/** So many skipped ones are remembered, the newest. */
const MOST_SKIPPED = 2000;

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
    /** @type {Set<string>} skipped by this person: they wait for others, and are neither shown nor counted here */
    this.skipped = new Set();
    /** @type {Set<string>} those of the skipped that are known to wait, and so are in the daemon's count */
    this.aside = new Set();
    this.account = "";
    this.isLoading = false;
    this.isStale = false;
  }

  /** @param {string} account */
  open(account) {
    if (this.account !== account) {
      this.account = account;
      this.skipped = new Set(readSkipped(account));
      this.aside.clear();
    }
  }

  /** How many wait for this person; null when the daemon has not said yet. */
  get count() {
    return this.pending === null ? null : Math.max(0, this.pending - this.aside.size);
  }

  /** @param {string} id */
  skip(id) {
    this.skipped.add(id);
    if (this.skipped.size > MOST_SKIPPED) {
      const [oldest = ""] = this.skipped;
      this.skipped.delete(oldest);
      this.aside.delete(oldest);
    }
    if (this.waiting.delete(id)) {
      this.aside.add(id);
    }
    writeSkipped(this.account, this.skipped);
    this.changed();
  }

  /**
   * The skip was not accepted, or the example is no more.
   * @param {string} id
   */
  unskip(id) {
    this.aside.delete(id);
    if (this.skipped.delete(id)) {
      writeSkipped(this.account, this.skipped);
      this.changed();
    }
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
      // What was skipped had its turn, so it stands at the head: what is asked for goes beyond it.
      const size = Math.min(LARGEST_PAGE, KEEP / 2 + this.skipped.size);
      const answer = await this.api.get(`/examples?status=pending&order=priority&size=${size}`);
      this.waiting.clear();
      this.aside.clear();
      for (const example of /** @type {Example[]} */ (answer.examples)) {
        if (this.waiting.size < KEEP) {
          this.place(example);
        }
      }
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
        if (message.type === "example_removed") {
          this.unskip(message.example_id);
        }
        break;
      case "example_released":
        this.release(message.example_id);
        break;
      case "hello":
      case "pending":
        this.pending = Number(message.pending ?? message.count);
        this.changed();
        break;
    }
  }

  /** @param {Example} example that waits */
  place(example) {
    if (this.skipped.has(example.event_id)) {
      this.aside.add(example.event_id);
    } else {
      this.waiting.set(example.event_id, example);
    }
  }

  /** @param {Example} example */
  add(example) {
    this.place(example);
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
    const wasAside = this.aside.delete(id);
    if (this.waiting.delete(id) || wasAside) {
      this.changed();
    }
  }

  /** @param {string} id of an example that waits again */
  release(id) {
    if (this.skipped.has(id)) {
      this.aside.add(id);
      this.changed();
    } else {
      this.fetch(id);
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

/**
 * Kept for the session of this tab: a reload does not bring back what was put away.
 * @param {string} account
 * @returns {string[]}
 */
function readSkipped(account) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(`annotationd:skipped:${account}`) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/**
 * @param {string} account
 * @param {Set<string>} skipped
 */
function writeSkipped(account, skipped) {
  try {
    sessionStorage.setItem(`annotationd:skipped:${account}`, JSON.stringify([...skipped]));
  } catch {
    // Then it lasts as long as the page.
  }
}
