// SPDX-License-Identifier: Apache-2.0
// Undo and redo over snapshots. A snapshot is immutable, so keeping one costs a reference.

const DEPTH = 200;

/** @template T */
export class History {
  /** @param {T} present */
  constructor(present) {
    this.present = present;
    /** @type {T[]} */
    this.past = [];
    /** @type {T[]} */
    this.future = [];
  }

  /** @param {T} next */
  push(next) {
    this.past.push(this.present);
    if (this.past.length > DEPTH) {
      this.past.shift();
    }
    this.future = [];
    this.present = next;
  }

  /** @returns {boolean} whether there was something to undo */
  undo() {
    const before = this.past.pop();
    if (before === undefined) {
      return false;
    }
    this.future.push(this.present);
    this.present = before;
    return true;
  }

  /** @returns {boolean} whether there was something to redo */
  redo() {
    const after = this.future.pop();
    if (after === undefined) {
      return false;
    }
    this.past.push(this.present);
    this.present = after;
    return true;
  }
}
