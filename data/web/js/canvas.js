// SPDX-License-Identifier: Apache-2.0
// The canvas and the pointers on it: mouse, pen and fingers. Gestures become calls of the editor; painting is render.js.

import { clip, hit, move, resize, upright } from "./boxes.js";
import { paint } from "./render.js";
import { Viewport } from "./viewport.js";

/** @typedef {import("./types.js").Rect} Rect */
/** @typedef {import("./boxes.js").Handle} Handle */
/**
 * @typedef {{kind: "pan"}
 *   | {kind: "draw", from: {x: number, y: number}}
 *   | {kind: "edit", id: number, rect: Rect, handle: Handle | null, from: {x: number, y: number}}} Gesture
 */

const REACH = { mouse: 8, pen: 10, touch: 22 };

/** Fires `view` when zoom, tool or layers change. */
export class Canvas extends EventTarget {
  /**
   * @param {HTMLCanvasElement} element
   * @param {import("./editor.js").Editor} editor
   * @param {import("./labels.js").Labels} labels
   */
  constructor(element, editor, labels) {
    super();
    this.element = element;
    this.editor = editor;
    this.labels = labels;
    this.viewport = new Viewport();
    /** @type {HTMLImageElement | null} */
    this.image = null;
    this.hasExample = false;
    /** @type {"select" | "draw"} */
    this.tool = "select";
    this.showBoxes = true;
    this.showNames = true;
    this.showPredictions = false;
    this.spaceHeld = false;
    /** @type {Gesture | null} */
    this.gesture = null;
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    /** @type {{x: number, y: number} | null} */
    this.cross = null;
    /** @type {Rect | null} */
    this.fresh = null;
    this.isDirty = false;
    const context = element.getContext("2d");
    if (!context) {
      throw new Error("this browser has no canvas");
    }
    this.context = context;
    this.listen();
  }

  listen() {
    const element = this.element;
    element.addEventListener("pointerdown", (event) => this.pointerDown(event));
    element.addEventListener("pointermove", (event) => this.pointerMove(event));
    element.addEventListener("pointerup", (event) => this.pointerUp(event, true));
    element.addEventListener("pointercancel", (event) => this.pointerUp(event, false));
    element.addEventListener("pointerleave", () => this.setCross(null));
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    new ResizeObserver(() => this.resized()).observe(element);
    this.editor.addEventListener("change", () => this.invalidate());
    this.labels.addEventListener("change", () => this.invalidate());
  }

  /**
   * @param {HTMLImageElement | null} image
   * @param {number} width
   * @param {number} height
   */
  show(image, width, height) {
    this.image = image;
    this.hasExample = true;
    this.viewport.imageWidth = width;
    this.viewport.imageHeight = height;
    this.cancelGesture();
    this.setTool("select");
    this.viewport.fit();
    this.viewChanged();
  }

  clear() {
    this.image = null;
    this.hasExample = false;
    this.cancelGesture();
    this.viewChanged();
  }

  resized() {
    const density = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.element;
    this.element.width = Math.max(1, Math.round(clientWidth * density));
    this.element.height = Math.max(1, Math.round(clientHeight * density));
    this.viewport.width = clientWidth;
    this.viewport.height = clientHeight;
    if (this.viewport.isFitted) {
      this.viewport.fit();
    } else {
      this.viewport.hold();
    }
    this.viewChanged();
  }

  invalidate() {
    if (!this.isDirty) {
      this.isDirty = true;
      requestAnimationFrame(() => {
        this.isDirty = false;
        this.paint();
      });
    }
  }

  paint() {
    paint(
      this.context,
      {
        image: this.image,
        viewport: this.viewport,
        boxes: this.editor.boxes,
        selected: this.editor.selected,
        labels: this.labels,
        showBoxes: this.showBoxes,
        showNames: this.showNames,
        showPredictions: this.showPredictions,
        cross: this.cross,
        fresh: this.fresh,
        hasExample: this.hasExample,
      },
      window.devicePixelRatio || 1,
    );
    const { scale, x, y } = this.viewport;
    Object.assign(this.element.dataset, { scale: String(scale), x: String(x), y: String(y), tool: this.tool });
  }

  viewChanged() {
    this.invalidate();
    this.dispatchEvent(new Event("view"));
  }

  /** @param {"select" | "draw"} tool */
  setTool(tool) {
    this.tool = tool;
    this.fresh = null;
    if (tool === "select") {
      this.cross = null;
    }
    this.setCursor(null);
    this.viewChanged();
  }

  /** @param {"showBoxes" | "showNames" | "showPredictions"} layer */
  toggle(layer) {
    this[layer] = !this[layer];
    this.viewChanged();
  }

  fit() {
    this.viewport.fit();
    this.viewChanged();
  }

  /** @param {number} factor */
  zoom(factor) {
    this.viewport.zoom(factor);
    this.viewChanged();
  }

  zoomToSelected() {
    const rect = this.editor.selectedBox?.rect;
    if (rect) {
      this.viewport.show(rect);
      this.viewChanged();
    }
  }

  /** Adds a box in the middle of what is seen: drawing without a pointer. */
  addInMiddle() {
    const { width, height, scale } = this.viewport;
    const middle = this.viewport.toImage(width / 2, height / 2);
    const half = Math.min(60, width / 8) / scale;
    const rect = { x1: middle.x - half, y1: middle.y - half, x2: middle.x + half, y2: middle.y + half };
    this.editor.add(this.clip(rect), this.labels.current);
  }

  /** @param {boolean} held */
  holdSpace(held) {
    this.spaceHeld = held;
    this.setCursor(null);
  }

  /** @returns {boolean} whether there was something to give up */
  cancelGesture() {
    const had = this.gesture !== null;
    if (this.gesture?.kind === "edit") {
      this.editor.endDrag(false);
    }
    this.gesture = null;
    this.fresh = null;
    this.invalidate();
    return had;
  }

  /** @param {Rect} rect */
  clip(rect) {
    return clip(rect, this.viewport.imageWidth, this.viewport.imageHeight);
  }

  /** @param {PointerEvent | WheelEvent} event */
  place(event) {
    const frame = this.element.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  /** @param {PointerEvent} event */
  target(event) {
    const at = this.place(event);
    const point = this.viewport.toImage(at.x, at.y);
    const kind = /** @type {keyof typeof REACH} */ (event.pointerType);
    const reach = (REACH[kind] ?? REACH.mouse) / this.viewport.scale;
    const found = this.showBoxes ? hit(this.editor.boxes, this.editor.selected, point.x, point.y, reach) : null;
    return { point, found };
  }

  /** @param {PointerEvent} event */
  pointerDown(event) {
    if (!this.hasExample) {
      return;
    }
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    if (this.pointers.size > 1) {
      this.cancelGesture();
      return;
    }
    const { point, found } = this.target(event);
    if (this.spaceHeld || event.button === 1 || event.button === 2) {
      this.gesture = { kind: "pan" };
    } else if (this.tool === "draw") {
      this.gesture = { kind: "draw", from: point };
    } else if (found?.box.rect) {
      this.editor.select(found.box.id);
      this.gesture = { kind: "edit", id: found.box.id, rect: found.box.rect, handle: found.handle, from: point };
    } else {
      this.editor.select(null);
      this.gesture = { kind: "pan" };
    }
    this.setCursor(found);
  }

  /** @param {PointerEvent} event */
  pointerMove(event) {
    const at = this.place(event);
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 2) {
      this.pinch(event.pointerId, at);
      return;
    }
    const point = this.viewport.toImage(at.x, at.y);
    this.setCross(point);
    if (!before) {
      this.setCursor(this.target(event).found);
      return;
    }
    this.pointers.set(event.pointerId, at);
    const gesture = this.gesture;
    if (gesture?.kind === "pan") {
      this.viewport.pan(at.x - before.x, at.y - before.y);
      this.viewChanged();
    } else if (gesture?.kind === "draw") {
      this.fresh = this.clip(upright({ x1: gesture.from.x, y1: gesture.from.y, x2: point.x, y2: point.y }));
      this.invalidate();
    } else if (gesture?.kind === "edit") {
      const dx = point.x - gesture.from.x;
      const dy = point.y - gesture.from.y;
      const rect = gesture.handle
        ? resize(gesture.rect, gesture.handle, dx, dy)
        : move(gesture.rect, dx, dy, this.viewport.imageWidth, this.viewport.imageHeight);
      this.editor.drag(gesture.id, rect);
    }
  }

  /**
   * @param {PointerEvent} event
   * @param {boolean} keep
   */
  pointerUp(event, keep) {
    this.pointers.delete(event.pointerId);
    const gesture = this.gesture;
    this.gesture = null;
    if (gesture?.kind === "edit") {
      this.editor.endDrag(keep);
    } else if (gesture?.kind === "draw") {
      const rect = this.fresh;
      this.fresh = null;
      if (keep && rect) {
        this.editor.add(rect, this.labels.current);
        this.setTool("select");
      }
    }
    this.setCursor(null);
    this.invalidate();
  }

  /**
   * Two fingers: their middle pans, their distance zooms.
   * @param {number} id
   * @param {{x: number, y: number}} at
   */
  pinch(id, at) {
    const before = [...this.pointers.values()];
    this.pointers.set(id, at);
    const after = [...this.pointers.values()];
    const [a, b] = before;
    const [c, d] = after;
    if (a && b && c && d) {
      const was = Math.hypot(a.x - b.x, a.y - b.y);
      const is = Math.hypot(c.x - d.x, c.y - d.y);
      this.viewport.pan((c.x + d.x - a.x - b.x) / 2, (c.y + d.y - a.y - b.y) / 2);
      this.viewport.zoomAt((c.x + d.x) / 2, (c.y + d.y) / 2, was > 0 ? is / was : 1);
      this.viewChanged();
    }
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    if (this.hasExample) {
      const at = this.place(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      this.viewport.zoomAt(at.x, at.y, Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 400));
      this.viewChanged();
    }
  }

  /** @param {{x: number, y: number} | null} point */
  setCross(point) {
    const cross = this.tool === "draw" && this.hasExample ? point : null;
    if (cross || this.cross) {
      this.cross = cross;
      this.invalidate();
    }
    this.dispatchEvent(new CustomEvent("pointer", { detail: point }));
  }

  /** @param {{box: import("./types.js").Box, handle: import("./boxes.js").Handle | null} | null} found */
  setCursor(found) {
    const diagonal = found?.handle === "nw" || found?.handle === "se" ? "nwse-resize" : "nesw-resize";
    const straight = found?.handle === "n" || found?.handle === "s" ? "ns-resize" : "ew-resize";
    let cursor = "default";
    if (this.gesture?.kind === "pan") {
      cursor = "grabbing";
    } else if (this.spaceHeld) {
      cursor = "grab";
    } else if (this.tool === "draw") {
      cursor = "crosshair";
    } else if (found?.handle) {
      cursor = found.handle.length === 2 ? diagonal : straight;
    } else if (found) {
      cursor = "move";
    }
    this.element.dataset.cursor = cursor;
  }
}
