// SPDX-License-Identifier: Apache-2.0
// The shapes that travel between the modules. Types only, no code.

/**
 * @typedef {{x1: number, y1: number, x2: number, y2: number}} Rect
 *   Corners in image pixels, x1 <= x2 and y1 <= y2.
 *
 * @typedef {object} Detection  A box as the API gives it.
 * @property {Rect} [bbox]
 * @property {string} [class_name]
 * @property {number} [confidence]
 *
 * @typedef {object} Example
 * @property {string} event_id
 * @property {string} camera_id
 * @property {string} timestamp
 * @property {Detection[]} [detections]
 * @property {number} priority
 * @property {number} seq
 * @property {string} [status]
 * @property {boolean} [has_frame]
 * @property {string} [frame_url]
 * @property {string} [frame_uri]
 * @property {string} [text]
 * @property {string} [reason]
 * @property {string} [model_version]
 *
 * @typedef {"open" | "accepted" | "rejected"} Verdict
 *
 * @typedef {object} Box  A box under work; never changed in place.
 * @property {number} id  unique within the example
 * @property {Rect | null} rect  null: a class of the whole example (text)
 * @property {string} className
 * @property {number | null} confidence
 * @property {Verdict} verdict
 * @property {{rect: Rect | null, className: string} | null} origin  what was predicted; null: drawn by a person
 * @property {Detection | null} source  the detection it came from, with all its members
 *
 * @typedef {object} Correction  A box as it is submitted.
 * @property {Rect} [bbox]
 * @property {string} class_name
 * @property {number} [confidence]
 * @property {string | null} corrected_class
 * @property {boolean} is_correct
 *
 * @typedef {{token: string, expires_at: string}} Lease
 *
 * @typedef {object} Held  An example that is ours for a while.
 * @property {Example} example
 * @property {Lease} lease
 * @property {number} period  milliseconds between two renewals
 * @property {number} renewBy  monotonic milliseconds: when the lease should be renewed again
 * @property {boolean} expired
 * @property {Promise<HTMLImageElement | null>} image  decoded; null when there is none or it does not load
 *
 * @typedef {{name: string, roles: string[], labels: string[]}} Account
 *
 * @typedef {object} Draft
 * @property {Box[]} boxes
 * @property {string} notes
 * @property {number | null} quality
 * @property {number} savedAt
 */

export {};
