// SPDX-License-Identifier: Apache-2.0
// What is on our desk: the example in hand and the ones fetched ahead, each under a lease that is kept alive.

/** @typedef {import("./types.js").Held} Held */
/** @typedef {import("./types.js").Lease} Lease */

/** The one in hand and two ahead: their images are decoded before they are wanted. */
const HOLD = 3;
const POLL = 15000;
const TICK = 1000;
const KEPT = "annotationd:held";

/**
 * Fires `change` when what is held changes, `current` when another example is in hand (or none), `expired` (CustomEvent
 * with the Held) when a lease has ended, `removed` (CustomEvent with the id) when an example is no more, `failed`
 * (CustomEvent with the error) when no example could be had.
 */
export class Work extends EventTarget {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./socket.js").LiveSocket} socket
   */
  constructor(api, socket) {
    super();
    this.api = api;
    this.socket = socket;
    /** @type {Held[]} */
    this.held = [];
    /** @type {Set<string>} answered on this page: not to be taken up again, even if a claim crosses the answer */
    this.answered = new Set();
    this.isActive = false;
    this.isFilling = false;
    this.wantsMore = false;
    this.timer = 0;
    /** @type {() => string[]} tokens of answers that have not been sent yet: their leases matter, too */
    this.otherTokens = () => [];
    setInterval(() => this.tick(), TICK);
    setInterval(() => this.fill(), POLL);
    window.addEventListener("pagehide", () => this.leave());
  }

  get current() {
    return this.held[0] ?? null;
  }

  async start() {
    this.isActive = true;
    await this.comeBack();
    await this.fill();
    if (!this.current) {
      this.changed(true); // Nothing to do, and the page is to say so.
    }
  }

  stop() {
    this.isActive = false;
    this.held = [];
    this.changed(true);
  }

  /** @param {boolean} [isOther] whether another example is in hand now */
  changed(isOther = false) {
    this.dispatchEvent(new Event("change"));
    if (isOther) {
      this.dispatchEvent(new Event("current"));
    }
  }

  /** Done with the one in hand. */
  next() {
    const done = this.held.shift();
    if (done) {
      this.answered.add(done.example.event_id);
    }
    this.changed(true);
    this.fill();
  }

  /** Fills soon: several messages in a row make one request. */
  fillSoon() {
    this.timer ||= window.setTimeout(
      () => {
        this.timer = 0;
        this.fill();
      },
      this.current ? 150 : 25,
    );
  }

  async fill() {
    if (this.isFilling) {
      this.wantsMore = true;
      return;
    }
    const count = HOLD - this.held.length;
    if (!this.isActive || count <= 0) {
      return;
    }
    this.isFilling = true;
    this.wantsMore = false;
    try {
      this.take(readLeases(await this.api.post("/examples/next", { count })));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    } finally {
      this.isFilling = false;
    }
    if (this.wantsMore) {
      this.fillSoon();
    }
  }

  /** @param {{lease: Lease, example: import("./types.js").Example}[]} leases */
  take(leases) {
    const wasIdle = this.current === null;
    for (const { lease, example } of leases) {
      const known = this.held.find((item) => item.example.event_id === example.event_id);
      if (known) {
        // Its lease had ended, nobody else wanted it, and it is ours once more.
        Object.assign(known, { lease, expired: false, renewBy: performance.now() + this.period(lease) });
      } else if (!this.answered.has(example.event_id)) {
        const period = this.period(lease);
        const renewBy = performance.now() + period;
        this.held.push({ example, lease, period, renewBy, expired: false, image: loadImage(example) });
      }
    }
    if (leases.length > 0) {
      this.changed(wasIdle);
    }
  }

  /**
   * Renewed when a third of the lease is over: two attempts may fail.
   * @param {Lease} lease
   */
  period(lease) {
    const left = Date.parse(lease.expires_at) - (Date.now() + this.api.clockOffset);
    return Math.max(1000, Math.min(60000, (Number.isNaN(left) ? 60000 : left) / 3));
  }

  tick() {
    const alive = this.held.filter((held) => !held.expired);
    if (this.isActive && alive.some((held) => performance.now() >= held.renewBy)) {
      for (const held of alive) {
        held.renewBy = performance.now() + held.period;
      }
      const tokens = [...alive.map((held) => held.lease.token), ...this.otherTokens()];
      if (!this.socket.send({ type: "renew", tokens })) {
        this.check();
      }
    }
  }

  /** Renews by request and learns which leases are no longer ours: after a time without a line. */
  async check() {
    const held = this.held.filter((item) => !item.expired);
    if (held.length === 0) {
      return;
    }
    try {
      const tokens = held.map((item) => item.lease.token);
      const renewed = readLeases(await this.api.post("/leases/renew", { tokens: [...tokens, ...this.otherTokens()] }));
      const alive = new Map(renewed.map(({ lease }) => [lease.token, lease]));
      for (const item of held) {
        const lease = alive.get(item.lease.token);
        if (lease) {
          item.lease = lease;
        } else {
          this.lose(item.example.event_id);
        }
      }
    } catch {
      // Asked again at the next turn.
    }
  }

  /**
   * Takes note of a message of the daemon.
   * @param {any} message
   */
  hear(message) {
    if (message.type === "hello" || message.type === "resync") {
      this.check();
    }
    if (["hello", "resync", "new_example", "example_released"].includes(message.type)) {
      if (this.held.length < HOLD) {
        this.fillSoon();
      }
    } else if (message.type === "lease_expired" || message.type === "example_done") {
      this.lose(message.example_id);
    } else if (message.type === "example_removed") {
      this.forget(message.example_id);
    }
  }

  /**
   * The example is no longer there, perhaps because somebody has a right to that: nothing of it stays on the page.
   * @param {string} id
   */
  forget(id) {
    this.dispatchEvent(new CustomEvent("removed", { detail: id }));
    const wasCurrent = this.current?.example.event_id === id;
    const left = this.held.filter((item) => item.example.event_id !== id);
    if (left.length !== this.held.length) {
      this.held = left;
      this.changed(wasCurrent);
      this.fillSoon();
    }
  }

  /**
   * The lease has ended. What is in hand stays there, for its answer may still be welcome.
   * @param {string} id
   */
  lose(id) {
    const held = this.held.find((item) => item.example.event_id === id);
    if (!held || held.expired) {
      return;
    }
    held.expired = true;
    this.api.get(`/examples/${encodeURIComponent(id)}`).catch((error) => error.status === 404 && this.forget(id));
    if (held !== this.current) {
      this.held = this.held.filter((item) => item !== held);
      this.fillSoon();
    }
    this.dispatchEvent(new CustomEvent("expired", { detail: held }));
    this.changed();
  }

  /** What was fetched ahead goes back at once; the one in hand stays ours, for a reload of this page to find again. */
  leave() {
    if (!this.isActive || this.held.length === 0) {
      return;
    }
    const [current, ...ahead] = this.held;
    if (ahead.length > 0) {
      this.api
        .post("/leases/release", { tokens: ahead.map((held) => held.lease.token) }, { keepalive: true })
        .catch(() => undefined);
    }
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ lease: current?.lease, id: current?.example.event_id }));
    } catch {
      // Then the lease runs out by itself; the draft is kept elsewhere.
    }
  }

  /** Gives back everything, as a good sign-out does. */
  async release() {
    const tokens = this.held.map((held) => held.lease.token);
    this.stop();
    if (tokens.length > 0) {
      await this.api.post("/leases/release", { tokens });
    }
  }

  /** Takes up the example that a reload interrupted. Read once: a duplicated tab does not find it. */
  async comeBack() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
      sessionStorage.removeItem(KEPT);
      if (!kept?.lease?.token || this.held.length > 0) {
        return;
      }
      const renewed = readLeases(await this.api.post("/leases/renew", { tokens: [kept.lease.token] }));
      const lease = renewed.find((item) => item.lease.token === kept.lease.token)?.lease;
      if (lease) {
        this.take([{ lease, example: await this.api.get(`/examples/${encodeURIComponent(kept.id)}`) }]);
      }
    } catch {
      // It is no longer ours.
    }
  }
}

/**
 * The leases in an answer.
 * @param {any} answer
 * @returns {{lease: Lease, example: import("./types.js").Example}[]}
 */
function readLeases(answer) {
  const list = Array.isArray(answer) ? answer : (answer?.leases ?? answer?.renewed ?? answer?.examples ?? []);
  return list.map((/** @type {any} */ item) => (item.lease ? item : { lease: item, example: item.example }));
}

/**
 * @param {import("./types.js").Example} example
 * @returns {Promise<HTMLImageElement | null>}
 */
async function loadImage(example) {
  if (!example.frame_url) {
    return null;
  }
  const image = new Image();
  image.src = example.frame_url;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}
