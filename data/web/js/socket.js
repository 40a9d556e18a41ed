// SPDX-License-Identifier: Apache-2.0
// The live line to the daemon: reconnects by itself, resumes where it broke off, renews leases.

/** Close codes from here on mean: do not come back. */
const FINAL = 3500;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 20000;
const PING_EVERY = 20000;
/** Nothing heard for so long, though we asked: the line is dead, whatever TCP thinks. */
const SILENCE = 45000;

/** @typedef {"connecting" | "open" | "waiting" | "stopped"} SocketState */

/**
 * Fires `state` when its state changes and `message` (CustomEvent with the parsed message) for what the daemon says.
 */
export class LiveSocket extends EventTarget {
  constructor() {
    super();
    /** @type {SocketState} */
    this.state = "stopped";
    /** Why it is stopped or waiting. */
    this.reason = "";
    /** When the next attempt begins, by Date.now(). */
    this.retryAt = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempts = 0;
    /** @type {string | null} */
    this.epoch = null;
    this.seq = 0;
    this.heardAt = 0;
    this.timer = 0;
    setInterval(() => this.watch(), PING_EVERY);
    window.addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  start() {
    this.attempts = 0;
    if (this.state === "stopped") {
      this.connect();
    }
  }

  /** @param {string} [reason] */
  stop(reason = "") {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.setState("stopped", reason);
  }

  /** Forgets where it was: the next hello begins anew. */
  forget() {
    this.epoch = null;
    this.seq = 0;
  }

  /** Does not wait for the back-off to end. */
  hurry() {
    if (this.state === "waiting") {
      clearTimeout(this.timer);
      this.connect();
    }
  }

  connect() {
    this.setState("connecting", "");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/v1/examples`);
    this.socket = socket;
    socket.addEventListener("message", (event) => this.socket === socket && this.receive(event.data));
    socket.addEventListener("close", (event) => this.socket === socket && this.closed(event));
  }

  /** @param {CloseEvent} event */
  closed(event) {
    this.socket = null;
    if (event.code >= FINAL && event.code < 4000) {
      this.setState("stopped", event.reason || `closed with ${event.code}`);
      return;
    }
    // Full jitter: after a restart the pages do not all come back in the same moment.
    const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.attempts);
    const delay = ceiling * (0.3 + 0.7 * Math.random());
    this.attempts += 1;
    this.retryAt = Date.now() + delay;
    this.timer = window.setTimeout(() => this.connect(), delay);
    this.setState("waiting", event.reason);
  }

  /** @param {unknown} data */
  receive(data) {
    this.heardAt = Date.now();
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    switch (message.type) {
      case "hello":
        this.greet(message);
        break;
      case "new_example":
        this.seq = Math.max(this.seq, Number(message.seq) || 0);
        break;
      case "resync":
        this.epoch = message.epoch;
        this.seq = Number(message.seq) || 0;
        break;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  /** @param {{epoch: string, seq: number}} hello */
  greet(hello) {
    this.attempts = 0;
    if (this.epoch !== null) {
      this.send({ type: "resume", epoch: this.epoch, seq: this.seq });
    }
    if (this.epoch !== hello.epoch) {
      this.epoch = hello.epoch;
      this.seq = Number(hello.seq) || 0;
    }
    this.setState("open", "");
  }

  watch() {
    if (this.state === "open") {
      if (Date.now() - this.heardAt > SILENCE) {
        const socket = this.socket;
        this.closed(new CloseEvent("close", { code: 3012, reason: "no answer" }));
        socket?.close();
      } else {
        this.send({ type: "ping" });
      }
    }
  }

  /**
   * @param {object} message
   * @returns {boolean} whether it went out
   */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /**
   * @param {SocketState} state
   * @param {string} reason
   */
  setState(state, reason) {
    this.state = state;
    this.reason = reason;
    this.dispatchEvent(new Event("state"));
  }
}
