// SPDX-License-Identifier: Apache-2.0
// Requests to the daemon: JSON in and out, the CSRF token on writes, one kind of error.

/** What the daemon refused, or why it could not be asked (status 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number} retryAfter seconds, 0 when the daemon does not say
   */
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may well succeed later. */
  get isTemporary() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Fires `signed-out` when the daemon no longer knows who we are. */
export class Api extends EventTarget {
  constructor() {
    super();
    /** @type {string | null} */
    this.csrfToken = null;
    /** Milliseconds that the daemon's clock is ahead of ours. */
    this.clockOffset = 0;
  }

  /** @param {string} path */
  get(path) {
    return this.request("GET", path);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {RequestInit} [options]
   */
  post(path, body, options) {
    return this.request("POST", path, body, options);
  }

  /**
   * Answers the parsed body, null when there is none.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {RequestInit} [options]
   * @returns {Promise<any>}
   */
  async request(method, path, body, options = {}) {
    const isWrite = method !== "GET" && path !== "/login";
    if (isWrite && this.csrfToken === null) {
      await this.fetchCsrfToken();
    }
    let response = await this.send(method, path, body, options);
    if (response.status === 403 && isWrite) {
      // The session may have been renewed in another tab: its token is another one.
      const before = this.csrfToken;
      await this.fetchCsrfToken();
      if (this.csrfToken !== before) {
        response = await this.send(method, path, body, options);
      }
    }
    return this.read(response, path);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {RequestInit} options
   */
  async send(method, path, body, options) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    if (method !== "GET" && this.csrfToken) {
      headers["X-CSRF-Token"] = this.csrfToken;
    }
    try {
      return await fetch(`/api/v1${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(30000),
        ...options,
      });
    } catch {
      throw new ApiError(0, "The server does not answer.");
    }
  }

  /**
   * @param {Response} response
   * @param {string} path
   */
  async read(response, path) {
    const date = Date.parse(response.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) {
      this.clockOffset = date - Date.now();
    }
    const type = response.headers.get("Content-Type") ?? "";
    const isJson = type.includes("json");
    const answer = isJson && response.status !== 204 ? await response.json().catch(() => null) : null;
    if (response.ok) {
      return answer;
    }
    if (response.status === 401 && path !== "/login") {
      this.csrfToken = null;
      this.dispatchEvent(new Event("signed-out"));
    }
    const detail = describe(answer) ?? (response.statusText || `The server answered ${response.status}.`);
    throw new ApiError(response.status, detail, Number(response.headers.get("Retry-After")) || 0);
  }

  async fetchCsrfToken() {
    const answer = await this.read(await this.send("GET", "/csrf-token", undefined, {}), "/csrf-token");
    this.csrfToken = answer?.csrf_token ?? answer?.token ?? "";
  }
}

/**
 * The reason in a problem document (RFC 9457), with the fields it names.
 * @param {any} problem
 * @returns {string | null}
 */
function describe(problem) {
  const detail = problem?.detail ?? problem?.error ?? problem?.title;
  if (typeof detail !== "string") {
    return null;
  }
  const fields = Array.isArray(problem.errors) ? problem.errors : [];
  const more = fields
    .filter((/** @type {any} */ item) => item?.message && !detail.includes(item.message))
    .map((/** @type {any} */ item) => `${item.field}: ${item.message}`);
  return [detail, ...more].join(" · ");
}
