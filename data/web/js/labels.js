// SPDX-License-Identifier: Apache-2.0
// The classes to choose from: order, colour and line pattern of each. Colour is never the only difference.

/** Told apart on photographs, by night and by day, and by most colour-blind eyes. */
const COLOURS = ["#4da3ff", "#ffb000", "#2ed196", "#ff6b8b", "#b58cff", "#35d0e6", "#ff8a3d", "#c6d94a", "#f28ae2"];
/** Dash patterns in CSS pixels. */
const PATTERNS = [[], [9, 4], [2, 3], [12, 3, 2, 3], [5, 5], [16, 4], [2, 6], [9, 3, 2, 3, 2, 3], [14, 7]];
const FALLBACK = ["person", "car", "dog"];

/** Fires `change` when the list or the current class changes. */
export class Labels extends EventTarget {
  constructor() {
    super();
    /** @type {string[]} */
    this.list = [];
    this.current = "";
  }

  /**
   * @param {string[]} offered the classes that the daemon offers; none: a few common ones
   */
  configure(offered) {
    this.list = [...(offered.length > 0 ? offered : FALLBACK)];
    this.choose(this.list[0] ?? "object");
  }

  /** @param {string} name */
  add(name) {
    if (name !== "" && !this.list.includes(name)) {
      this.list.push(name);
      this.dispatchEvent(new Event("change"));
    }
  }

  /** @param {string} name what the next drawn box will be */
  choose(name) {
    this.current = name;
    this.add(name);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} name */
  colour(name) {
    return COLOURS[this.index(name) % COLOURS.length] ?? "#ffffff";
  }

  /** @param {string} name */
  pattern(name) {
    return PATTERNS[this.index(name) % PATTERNS.length] ?? [];
  }

  /** @param {string} name */
  index(name) {
    return Math.max(0, this.list.indexOf(name));
  }
}
