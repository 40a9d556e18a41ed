// SPDX-License-Identifier: Apache-2.0
// Who is signed in: the form, the account, the way out.

import { ApiError } from "./api.js";
import { byId } from "./dom.js";
import * as storage from "./storage.js";

/** @typedef {import("./types.js").Account} Account */

/** Fires `signed-in` (CustomEvent with the account) each time somebody has signed in. */
export class Session extends EventTarget {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    /** @type {Account | null} */
    this.account = null;
    this.view = byId("sign-in");
    this.form = byId("sign-in-form", HTMLFormElement);
    this.username = byId("username", HTMLInputElement);
    this.password = byId("password", HTMLInputElement);
    this.error = byId("sign-in-error");
    this.why = byId("sign-in-why");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    api.addEventListener("signed-out", () => this.ask("Your session has ended. Nothing is lost: sign in to go on."));
  }

  /** Finds out whether the cookie, which no script can see, still holds; asks for a name when it does not. */
  async resume() {
    if (storage.get("signed-in") !== true) {
      this.ask("");
      return;
    }
    try {
      await this.enter();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.ask("");
      } else {
        throw error;
      }
    }
  }

  async enter() {
    const me = await this.api.get("/me");
    this.account = {
      name: me.name ?? me.username ?? me.account ?? "",
      roles: me.roles ?? [],
      labels: Array.isArray(me.labels) ? me.labels : [],
    };
    storage.put("signed-in", true);
    this.view.hidden = true;
    document.body.dataset.view = "desk";
    this.dispatchEvent(new CustomEvent("signed-in", { detail: this.account }));
  }

  /** @param {string} why said above the form */
  ask(why) {
    storage.drop("signed-in");
    if (this.view.hidden || document.body.dataset.view === "loading") {
      const isFirst = this.account === null;
      document.body.dataset.view = isFirst ? "sign-in" : "desk";
      this.view.hidden = false;
      this.why.hidden = isFirst || why === "";
      this.why.textContent = why;
      this.error.hidden = true;
      if (this.account) {
        this.username.value = this.account.name;
      }
      (this.account ? this.password : this.username).focus();
    }
  }

  async submit() {
    const button = this.form.querySelector("button");
    button?.setAttribute("disabled", "");
    this.error.hidden = true;
    const before = this.account?.name;
    try {
      await this.api.post("/login", { username: this.username.value.trim(), password: this.password.value });
      this.password.value = "";
      this.api.csrfToken = null;
      if (before && before !== this.username.value.trim()) {
        location.reload(); // Somebody else: nothing of the one before stays on the desk.
        return;
      }
      await this.enter();
    } catch (error) {
      this.error.textContent = asSentence(error instanceof Error ? error.message : String(error));
      this.error.hidden = false;
      this.password.select();
    } finally {
      button?.removeAttribute("disabled");
    }
  }

  async leave() {
    storage.drop("signed-in");
    await this.api.post("/logout");
  }
}

/**
 * The daemon's errors begin small, as they also stand after a colon; here they stand alone.
 * @param {string} text
 */
function asSentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
