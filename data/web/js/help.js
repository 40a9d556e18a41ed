// SPDX-License-Identifier: Apache-2.0
// The overlay that lists all keys, made from the table of keys.

import { byId, make } from "./dom.js";

/** @param {import("./keys.js").Binding[]} bindings */
export function makeHelp(bindings) {
  const dialog = byId("help", HTMLDialogElement);
  /** @type {Map<string, import("./keys.js").Binding[]>} */
  const groups = new Map();
  for (const binding of bindings) {
    groups.set(binding.group, [...(groups.get(binding.group) ?? []), binding]);
  }
  const sections = [...groups].map(([name, members]) => {
    const list = make("dl");
    for (const binding of members) {
      const keys = binding.shown.split(" ").map((key) => make("kbd", {}, key));
      list.append(make("div", {}, make("dt", {}, ...keys), make("dd", {}, binding.does)));
    }
    return make("section", {}, make("h3", {}, name), list);
  });
  byId("help-body").append(...sections);
  byId("help-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return {
    open() {
      dialog.showModal();
    },
  };
}
