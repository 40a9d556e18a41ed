// SPDX-License-Identifier: Apache-2.0
// Geometry and meaning of boxes. Pure functions: they take boxes and give new ones.

/** @typedef {import("./types.js").Rect} Rect */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Detection} Detection */
/** @typedef {import("./types.js").Correction} Correction */
/** @typedef {"nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w"} Handle */

/** @type {readonly Handle[]} */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
/** A box smaller than this many image pixels is a slip of the hand. */
export const SMALLEST = 3;

/**
 * @param {any} bbox
 * @returns {Rect | null}
 */
function readRect(bbox) {
  const values = [bbox?.x1, bbox?.y1, bbox?.x2, bbox?.y2];
  if (!values.every((value) => Number.isFinite(value))) {
    return null;
  }
  return upright({ x1: bbox.x1, y1: bbox.y1, x2: bbox.x2, y2: bbox.y2 });
}

/**
 * Whether the detections give parts of the image's size instead of pixels.
 * @param {Detection[]} detections
 */
export function areNormalised(detections) {
  const rects = detections.map((item) => readRect(item.bbox)).filter((rect) => rect !== null);
  return rects.length > 0 && rects.every((rect) => Object.values(rect).every((value) => value >= 0 && value <= 1));
}

/**
 * @param {Detection[]} detections
 * @param {{width: number, height: number, normalised: boolean}} frame
 * @returns {Box[]}
 */
export function fromDetections(detections, frame) {
  return detections.map((source, index) => {
    const raw = readRect(source.bbox);
    const rect = raw && frame.normalised ? scale(raw, frame.width, frame.height) : raw;
    const className = source.class_name ?? "";
    const confidence = Number.isFinite(source.confidence) ? Number(source.confidence) : null;
    return { id: index + 1, rect, className, confidence, verdict: "open", origin: { rect, className }, source };
  });
}

/**
 * What to submit: rejected predictions stay in, marked as wrong, so that a trainer can learn from them.
 * @param {Box[]} boxes
 * @param {{width: number, height: number, normalised: boolean}} frame
 * @returns {Correction[]}
 */
export function toCorrections(boxes, frame) {
  return boxes.map((box) => {
    const isRejected = box.verdict === "rejected";
    const isChanged =
      box.origin !== null && (box.className !== box.origin.className || !sameRect(box.rect, box.origin.rect));
    /** @type {Correction} */
    const correction = {
      ...(box.source ?? {}),
      class_name: box.origin?.className ?? box.className,
      corrected_class: isRejected ? null : box.className,
      is_correct: !isRejected && !isChanged,
    };
    if (box.rect) {
      const rect = frame.normalised ? scale(box.rect, 1 / frame.width, 1 / frame.height) : box.rect;
      correction.bbox = roundRect(rect, frame.normalised ? 6 : 2);
      if (box.source?.bbox && sameRect(box.rect, box.origin?.rect ?? null)) {
        correction.bbox = box.source.bbox; // Untouched: the very numbers that came.
      }
    }
    return correction;
  });
}

/**
 * Least certain first; boxes that a person drew have no score and come last.
 * @param {Box[]} boxes
 */
export function byScore(boxes) {
  return [...boxes].sort((a, b) => (a.confidence ?? 2) - (b.confidence ?? 2) || a.id - b.id);
}

/**
 * The box or handle at a point; a handle of the selected box wins, then the smallest box.
 * @param {Box[]} boxes
 * @param {number | null} selected
 * @param {number} x
 * @param {number} y
 * @param {number} reach image pixels within which an edge still counts
 * @returns {{box: Box, handle: Handle | null} | null}
 */
export function hit(boxes, selected, x, y, reach) {
  const chosen = boxes.find((box) => box.id === selected);
  if (chosen?.rect) {
    const handle = handleAt(chosen.rect, x, y, reach);
    if (handle) {
      return { box: chosen, handle };
    }
  }
  let found = null;
  let smallest = Infinity;
  for (const box of boxes) {
    const rect = box.rect;
    if (rect && x >= rect.x1 - reach && x <= rect.x2 + reach && y >= rect.y1 - reach && y <= rect.y2 + reach) {
      const area = (rect.x2 - rect.x1) * (rect.y2 - rect.y1);
      if (area < smallest) {
        smallest = area;
        found = box;
      }
    }
  }
  return found && { box: found, handle: null };
}

/**
 * @param {Rect} rect
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 * @returns {Handle | null}
 */
function handleAt(rect, x, y, reach) {
  for (const handle of HANDLES) {
    const at = handlePoint(rect, handle);
    if (Math.abs(x - at.x) <= reach && Math.abs(y - at.y) <= reach) {
      return handle;
    }
  }
  return null;
}

/**
 * @param {Rect} rect
 * @param {Handle} handle
 */
export function handlePoint(rect, handle) {
  const x = handle.includes("w") ? rect.x1 : handle.includes("e") ? rect.x2 : (rect.x1 + rect.x2) / 2;
  const y = handle.startsWith("n") ? rect.y1 : handle.startsWith("s") ? rect.y2 : (rect.y1 + rect.y2) / 2;
  return { x, y };
}

/**
 * @param {Rect} rect
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 * @returns {Rect}
 */
export function resize(rect, handle, dx, dy) {
  return upright({
    x1: rect.x1 + (handle.includes("w") ? dx : 0),
    y1: rect.y1 + (handle.startsWith("n") ? dy : 0),
    x2: rect.x2 + (handle.includes("e") ? dx : 0),
    y2: rect.y2 + (handle.startsWith("s") ? dy : 0),
  });
}

/**
 * Moves within the image, keeping the size.
 * @param {Rect} rect
 * @param {number} dx
 * @param {number} dy
 * @param {number} width
 * @param {number} height
 * @returns {Rect}
 */
export function move(rect, dx, dy, width, height) {
  const x = Math.min(Math.max(dx, -rect.x1), width - rect.x2);
  const y = Math.min(Math.max(dy, -rect.y1), height - rect.y2);
  return { x1: rect.x1 + x, y1: rect.y1 + y, x2: rect.x2 + x, y2: rect.y2 + y };
}

/**
 * The part within the image.
 * @param {Rect} rect
 * @param {number} width
 * @param {number} height
 * @returns {Rect}
 */
export function clip(rect, width, height) {
  const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, 0), most);
  return {
    x1: within(rect.x1, width),
    y1: within(rect.y1, height),
    x2: within(rect.x2, width),
    y2: within(rect.y2, height),
  };
}

/** @param {Rect} rect */
export function isTooSmall(rect) {
  return rect.x2 - rect.x1 < SMALLEST || rect.y2 - rect.y1 < SMALLEST;
}

/**
 * @param {Rect} rect
 * @returns {Rect}
 */
export function upright(rect) {
  return {
    x1: Math.min(rect.x1, rect.x2),
    y1: Math.min(rect.y1, rect.y2),
    x2: Math.max(rect.x1, rect.x2),
    y2: Math.max(rect.y1, rect.y2),
  };
}

/**
 * @param {Rect} rect
 * @param {number} across
 * @param {number} down
 * @returns {Rect}
 */
function scale(rect, across, down) {
  return { x1: rect.x1 * across, y1: rect.y1 * down, x2: rect.x2 * across, y2: rect.y2 * down };
}

/**
 * @param {Rect | null} a
 * @param {Rect | null} b
 */
export function sameRect(a, b) {
  if (!a || !b) {
    return a === b;
  }
  return a.x1 === b.x1 && a.y1 === b.y1 && a.x2 === b.x2 && a.y2 === b.y2;
}

/**
 * @param {Rect} rect
 * @param {number} digits
 * @returns {Rect}
 */
function roundRect(rect, digits) {
  const round = (/** @type {number} */ value) => Number(value.toFixed(digits));
  return { x1: round(rect.x1), y1: round(rect.y1), x2: round(rect.x2), y2: round(rect.y2) };
}
