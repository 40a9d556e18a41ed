// SPDX-License-Identifier: Apache-2.0
// The answer under work: boxes, selection, notes, quality. Every change can be undone; the views follow `change`.

import { byScore, clip, fromDetections, isTooSmall, move, resize, sameRect, toCorrections } from "./boxes.js";
import { History } from "./history.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Rect} Rect */
/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {{width: number, height: number, normalised: boolean, isText?: boolean}} Frame  what the boxes lie on */

/** Fires `change` after every change of what it holds. */
export class Editor extends EventTarget {
  constructor() {
    super();
    /** @type {Frame} */
    this.frame = { width: 1, height: 1, normalised: false };
    /** @type {History<Box[]>} */
    this.history = new History(/** @type {Box[]} */ ([]));
    /** @type {Box[] | null} boxes of a drag that has not ended */
    this.live = null;
    /** @type {number | null} */
    this.selected = null;
    this.notes = "";
    /** @type {number | null} 1 … 5 */
    this.quality = null;
    this.nextId = 1;
    /** Whether there is something that a draft should keep. */
    this.isTouched = false;
  }

  clear() {
    this.load([], { width: 1, height: 1, normalised: false }, null);
  }

  /**
   * @param {import("./types.js").Detection[]} detections
   * @param {Frame} frame
   * @param {Draft | null} draft
   */
  load(detections, frame, draft) {
    const predicted = fromDetections(detections, frame);
    this.frame = frame;
    this.live = null;
    this.history = new History(predicted);
    if (draft) {
      this.history.push(draft.boxes);
    }
    this.notes = draft?.notes ?? "";
    this.quality = draft?.quality ?? null;
    this.isTouched = draft !== null;
    this.nextId = 1 + Math.max(0, ...this.boxes.map((box) => box.id), ...predicted.map((box) => box.id));
    this.selected = byScore(this.boxes)[0]?.id ?? null;
    this.changed();
  }

  get boxes() {
    return this.live ?? this.history.present;
  }

  get selectedBox() {
    return this.boxes.find((box) => box.id === this.selected) ?? null;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** @param {Box[]} boxes */
  commit(boxes) {
    this.live = null;
    this.history.push(boxes);
    this.isTouched = true;
    this.changed();
  }

  /**
   * @param {number} id
   * @param {Partial<Box>} members
   */
  update(id, members) {
    this.commit(this.boxes.map((box) => (box.id === id ? { ...box, ...members } : box)));
  }

  /** @param {number | null} id */
  select(id) {
    if (this.selected !== id) {
      this.selected = id;
      this.changed();
    }
  }

  /**
   * The next box by ascending score.
   * @param {1 | -1} step
   * @returns {boolean} whether there was one
   */
  selectNext(step) {
    const order = byScore(this.boxes);
    const at = order.findIndex((box) => box.id === this.selected);
    const next = at < 0 ? (step > 0 ? order[0] : order.at(-1)) : order[at + step];
    if (next) {
      this.select(next.id);
    }
    return next !== undefined;
  }

  /** Accepts the selected box, if that is still to be done, and goes on: pressing it again does no harm. */
  accept() {
    const box = this.selectedBox;
    if (box && box.verdict !== "accepted") {
      this.update(box.id, { verdict: "accepted" });
    }
    this.goOn();
  }

  /** Rejects the selected box and goes on; one that is rejected already is open again and stays selected. */
  toggleRejected() {
    const box = this.selectedBox;
    if (!box) {
      return;
    }
    const isRejected = box.verdict === "rejected";
    this.update(box.id, { verdict: isRejected ? "open" : "rejected" });
    if (!isRejected) {
      this.goOn();
    }
  }

  /** Selects the next box without a verdict, from the selected one on and round; stays when all have one. */
  goOn() {
    const order = byScore(this.boxes);
    const at = order.findIndex((box) => box.id === this.selected);
    const next = [...order.slice(at + 1), ...order.slice(0, Math.max(0, at))].find((box) => box.verdict === "open");
    if (at >= 0 && next) {
      this.select(next.id);
    }
  }

  acceptAll() {
    this.commit(this.boxes.map((box) => (box.verdict === "open" ? { ...box, verdict: "accepted" } : box)));
  }

  rejectAll() {
    this.commit(this.boxes.filter((box) => box.origin).map((box) => ({ ...box, verdict: "rejected" })));
  }

  /** @param {string} className */
  setClass(className) {
    const box = this.selectedBox;
    if (box && (box.className !== className || box.verdict === "rejected")) {
      this.update(box.id, { className, verdict: "accepted" });
    }
  }

  /**
   * For a text, whose classes stand without boxes.
   * @param {string} className
   */
  toggleClass(className) {
    const box = this.boxes.find((other) => other.className === className && other.rect === null);
    if (!box) {
      this.add(null, className);
    } else if (box.origin) {
      this.update(box.id, { verdict: box.verdict === "rejected" ? "accepted" : "rejected" });
    } else {
      this.commit(this.boxes.filter((other) => other !== box));
    }
  }

  /**
   * @param {Rect | null} rect
   * @param {string} className
   */
  add(rect, className) {
    if (rect && isTooSmall(rect)) {
      return;
    }
    const id = this.nextId;
    this.nextId += 1;
    this.selected = id;
    this.commit([
      ...this.boxes,
      { id, rect, className, confidence: null, verdict: "accepted", origin: null, source: null },
    ]);
  }

  remove() {
    const box = this.selectedBox;
    if (box) {
      const order = byScore(this.boxes);
      const at = order.findIndex((other) => other.id === box.id);
      this.selected = (order[at + 1] ?? order[at - 1])?.id ?? null;
      this.commit(this.boxes.filter((other) => other.id !== box.id));
    }
  }

  /**
   * While a drag lasts: shown at once, one step to undo when endDrag() comes.
   * @param {number} id
   * @param {Rect} rect
   */
  drag(id, rect) {
    const inside = clip(rect, this.frame.width, this.frame.height);
    this.live = this.history.present.map((box) => (box.id === id ? { ...box, rect: inside } : box));
    this.changed();
  }

  /** @param {boolean} keep false: as it was before the drag */
  endDrag(keep) {
    const live = this.live;
    this.live = null;
    const before = this.history.present.find((box) => box.id === this.selected);
    const after = live?.find((box) => box.id === this.selected);
    if (keep && live && after?.rect && !isTooSmall(after.rect) && !sameRect(after.rect, before?.rect ?? null)) {
      this.commit(live.map((box) => (box === after ? settle(box) : box)));
    } else {
      this.changed();
    }
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  nudge(dx, dy) {
    const box = this.selectedBox;
    if (box?.rect) {
      const rect = move(box.rect, dx, dy, this.frame.width, this.frame.height);
      this.update(box.id, { rect, verdict: "accepted" });
    }
  }

  /**
   * Moves the lower right corner.
   * @param {number} dx
   * @param {number} dy
   */
  grow(dx, dy) {
    const box = this.selectedBox;
    if (box?.rect) {
      const rect = clip(resize(box.rect, "se", dx, dy), this.frame.width, this.frame.height);
      if (!isTooSmall(rect)) {
        this.update(box.id, { rect, verdict: "accepted" });
      }
    }
  }

  undo() {
    this.step(this.history.undo());
  }

  redo() {
    this.step(this.history.redo());
  }

  /** @param {boolean} moved */
  step(moved) {
    if (moved) {
      this.live = null;
      this.isTouched = true;
      if (!this.selectedBox) {
        this.selected = byScore(this.boxes)[0]?.id ?? null;
      }
      this.changed();
    }
  }

  /** @param {string} notes */
  setNotes(notes) {
    this.notes = notes;
    this.isTouched = true;
    this.changed();
  }

  /** @param {number | null} quality */
  setQuality(quality) {
    this.quality = quality;
    this.isTouched = true;
    this.changed();
  }

  /** @returns {Draft} */
  toDraft() {
    return { boxes: this.history.present, notes: this.notes, quality: this.quality, savedAt: Date.now() };
  }

  /** The body of a submit, without the lease. */
  toAnswer() {
    const notes = this.notes.trim();
    return {
      corrected_detections: toCorrections(this.history.present, this.frame),
      ...(this.quality === null ? {} : { quality_score: (this.quality - 1) / 4 }),
      ...(notes === "" ? {} : { notes }),
    };
  }
}

/**
 * A box that a person has moved is a box that a person has approved.
 * @param {Box} box
 * @returns {Box}
 */
function settle(box) {
  return { ...box, verdict: "accepted" };
}
