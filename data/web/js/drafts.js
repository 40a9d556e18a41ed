// SPDX-License-Identifier: Apache-2.0
// Unfinished answers, kept in this browser about once a second, until they are submitted.

import * as storage from "./storage.js";

/** @typedef {import("./types.js").Draft} Draft */

const EVERY = 1000;
const OLDEST = 14 * 24 * 3600 * 1000;
const MOST = 200;

/** Fires `saved` when a draft was written. */
export class Drafts extends EventTarget {
  constructor() {
    super();
    this.account = "";
    this.timer = 0;
    /** @type {(() => void) | null} */
    this.pending = null;
    /** Whether what was saved last will survive this page. */
    this.isDurable = true;
    window.addEventListener("pagehide", () => this.flush());
  }

  /** @param {string} account */
  open(account) {
    this.account = account;
    this.prune();
  }

  /** @param {string} id */
  name(id) {
    return `draft:${this.account}:${id}`;
  }

  /**
   * Saves soon; what is asked for later replaces it.
   * @param {string} id
   * @param {() => Draft} make
   */
  save(id, make) {
    const name = this.name(id);
    this.pending = () => {
      this.isDurable = storage.put(name, make());
      this.dispatchEvent(new Event("saved"));
    };
    this.timer ||= window.setTimeout(() => this.flush(), EVERY);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = 0;
    const pending = this.pending;
    this.pending = null;
    pending?.();
  }

  /**
   * @param {string} id
   * @returns {Draft | null}
   */
  load(id) {
    const draft = storage.get(this.name(id));
    return draft && Array.isArray(draft.boxes) && typeof draft.notes === "string" ? draft : null;
  }

  /** @param {string} id */
  drop(id) {
    this.flush();
    storage.drop(this.name(id));
  }

  prune() {
    const kept = storage
      .names(`draft:${this.account}:`)
      .map((name) => ({ name, savedAt: Number(storage.get(name)?.savedAt) || 0 }))
      .sort((a, b) => b.savedAt - a.savedAt);
    for (const [index, draft] of kept.entries()) {
      if (index >= MOST || Date.now() - draft.savedAt > OLDEST) {
        storage.drop(draft.name);
      }
    }
  }
}
