// SPDX-License-Identifier: Apache-2.0
// Answers on their way: kept in this browser until the daemon has them. To the daemon, the same twice is once.

import { ApiError } from "./api.js";
import * as storage from "./storage.js";

/**
 * @typedef {object} Letter
 * @property {string} id of the example
 * @property {"label" | "skip"} kind
 * @property {Record<string, unknown>} body
 * @property {string} title what a person knows it by
 * @property {number} savedAt
 * @property {{status: number, detail: string} | null} refusal the daemon will not have it as it is
 */

const LONGEST_DELAY = 30000;

/** Fires `change`, `sent` (CustomEvent with the letter) and `refused` (the same). */
export class Outbox extends EventTarget {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    this.account = "";
    this.isSending = false;
    this.attempts = 0;
    this.timer = 0;
    /** Whether what was put last will survive this page. */
    this.isDurable = true;
    window.addEventListener("online", () => this.send());
    // The browser asks whether to leave while answers are still here and not there.
    window.addEventListener("beforeunload", (event) => this.unsent.length > 0 && event.preventDefault());
    window.addEventListener("storage", (event) => event.key?.startsWith("annotationd:outbox:") && this.changed());
  }

  /** @param {string} account */
  open(account) {
    this.account = account;
    this.changed();
    this.send();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} id */
  name(id) {
    return `outbox:${this.account}:${id}`;
  }

  /** @returns {Letter[]} oldest first */
  all() {
    return storage
      .names(`outbox:${this.account}:`)
      .map((name) => storage.get(name))
      .filter((letter) => letter?.id && letter.body)
      .sort((a, b) => a.savedAt - b.savedAt);
  }

  get unsent() {
    return this.all().filter((letter) => !letter.refusal);
  }

  get refused() {
    return this.all().filter((letter) => letter.refusal);
  }

  /** @param {Letter} letter */
  put(letter) {
    this.isDurable = storage.put(this.name(letter.id), letter);
    this.attempts = 0;
    this.changed();
    this.send();
  }

  /** @param {string} id */
  drop(id) {
    storage.drop(this.name(id));
    this.changed();
  }

  /**
   * Once more, without the lease that has ended: allowed as long as nobody else has the example.
   * @param {Letter} letter
   */
  again(letter) {
    const { lease: _, ...body } = letter.body;
    this.put({ ...letter, body, refusal: null });
  }

  /**
   * Sends one after the other. When nobody answers, or we are asked to wait, the rest waits, too; one that the daemon
   * stumbles over does not keep the others back.
   */
  async send() {
    if (this.isSending || this.account === "") {
      return;
    }
    clearTimeout(this.timer);
    this.isSending = true;
    try {
      const failed = await this.sendAll();
      if (failed) {
        this.retry(failed);
      } else {
        this.attempts = 0;
      }
    } finally {
      this.isSending = false;
    }
  }

  /** @returns {Promise<ApiError | null>} why something is left */
  async sendAll() {
    /** @type {Set<string>} */
    const tried = new Set();
    let failed = null;
    for (;;) {
      const letter = this.unsent.find((item) => !tried.has(item.id));
      if (!letter) {
        return failed;
      }
      tried.add(letter.id);
      try {
        await this.deliver(letter);
      } catch (error) {
        failed = error instanceof ApiError ? error : new ApiError(0, String(error));
        if (failed.status < 500 || failed.status === 503) {
          return failed;
        }
      }
    }
  }

  /** @param {Letter} letter */
  async deliver(letter) {
    // What is small enough is still delivered when the page is closed this moment.
    const keepalive = JSON.stringify(letter.body).length < 32768;
    try {
      await this.api.post(`/examples/${encodeURIComponent(letter.id)}/${letter.kind}`, letter.body, { keepalive });
    } catch (error) {
      if (!(error instanceof ApiError) || error.isTemporary || error.status === 401) {
        throw error;
      }
      const refused = { ...letter, refusal: { status: error.status, detail: error.message } };
      storage.put(this.name(letter.id), refused);
      this.changed();
      this.dispatchEvent(new CustomEvent("refused", { detail: refused }));
      return;
    }
    storage.drop(this.name(letter.id));
    this.changed();
    this.dispatchEvent(new CustomEvent("sent", { detail: letter }));
  }

  /** @param {ApiError} error */
  retry(error) {
    if (error.status === 401) {
      return; // Signing in opens the outbox again.
    }
    const delay = Math.max(
      error.retryAfter * 1000,
      Math.min(LONGEST_DELAY, 1000 * 2 ** this.attempts) * (0.5 + Math.random() / 2),
    );
    this.attempts += 1;
    this.timer = window.setTimeout(() => this.send(), delay);
    this.changed();
  }
}
