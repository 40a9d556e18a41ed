// SPDX-License-Identifier: Apache-2.0
// Local storage that never throws: when it is full or forbidden, this page's memory takes its place.

const PREFIX = "annotationd:";
/** @type {Map<string, string>} */
const memory = new Map();

/**
 * @param {string} name
 * @returns {any} what was put, null when nothing (or nothing readable) is there
 */
export function get(name) {
  try {
    const text = memory.get(name) ?? localStorage.getItem(PREFIX + name);
    return text === null || text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {boolean} whether it will outlive this page
 */
export function put(name, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + name, text);
    memory.delete(name);
    return true;
  } catch {
    memory.set(name, text);
    return false;
  }
}

/** @param {string} name */
export function drop(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Nothing was kept there.
  }
}

/**
 * Names that begin with this.
 * @param {string} start
 * @returns {string[]}
 */
export function names(start) {
  const found = new Set([...memory.keys()].filter((name) => name.startsWith(start)));
  try {
    for (let index = 0; index < localStorage.length; index += 1) {
      const key = localStorage.key(index);
      if (key?.startsWith(PREFIX + start)) {
        found.add(key.slice(PREFIX.length));
      }
    }
  } catch {
    // Memory is all there is.
  }
  return [...found].sort();
}
