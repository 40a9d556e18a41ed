// SPDX-License-Identifier: Apache-2.0
// Where the image lies on the canvas: one scale, one offset, in CSS pixels.

const SMALLEST = 0.05;
const LARGEST = 40;
const MARGIN = 16;

export class Viewport {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    /** Size of the canvas and of the image. */
    this.width = 1;
    this.height = 1;
    this.imageWidth = 1;
    this.imageHeight = 1;
    /** Whether the whole image is to stay in view when the canvas changes its size. */
    this.isFitted = true;
  }

  /** Shows the whole image, enlarged at most three times. */
  fit() {
    const across = (this.width - 2 * MARGIN) / this.imageWidth;
    const down = (this.height - 2 * MARGIN) / this.imageHeight;
    this.scale = Math.max(SMALLEST, Math.min(across, down, 3));
    this.x = (this.width - this.imageWidth * this.scale) / 2;
    this.y = (this.height - this.imageHeight * this.scale) / 2;
    this.isFitted = true;
  }

  /**
   * Shows a part of the image, with some of what is around it.
   * @param {import("./types.js").Rect} rect
   */
  show(rect) {
    const width = Math.max(8, rect.x2 - rect.x1);
    const height = Math.max(8, rect.y2 - rect.y1);
    this.scale = Math.min(LARGEST, 0.5 * Math.min(this.width / width, this.height / height), 12);
    this.x = this.width / 2 - ((rect.x1 + rect.x2) / 2) * this.scale;
    this.y = this.height / 2 - ((rect.y1 + rect.y2) / 2) * this.scale;
    this.isFitted = false;
  }

  /**
   * Zooms so that the point of the image under (px, py) stays where it is.
   * @param {number} px
   * @param {number} py
   * @param {number} factor
   */
  zoomAt(px, py, factor) {
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.scale * factor));
    this.x = px - ((px - this.x) * scale) / this.scale;
    this.y = py - ((py - this.y) * scale) / this.scale;
    this.scale = scale;
    this.isFitted = false;
    this.hold();
  }

  /** @param {number} factor */
  zoom(factor) {
    this.zoomAt(this.width / 2, this.height / 2, factor);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.isFitted = false;
    this.hold();
  }

  /** Never lets the image out of sight: a strip of it stays on the canvas. */
  hold() {
    const strip = 48;
    this.x = Math.min(this.width - strip, Math.max(strip - this.imageWidth * this.scale, this.x));
    this.y = Math.min(this.height - strip, Math.max(strip - this.imageHeight * this.scale, this.y));
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  toImage(px, py) {
    return { x: (px - this.x) / this.scale, y: (py - this.y) / this.scale };
  }

  /** @param {import("./types.js").Rect} rect */
  toCanvas(rect) {
    return {
      x: this.x + rect.x1 * this.scale,
      y: this.y + rect.y1 * this.scale,
      width: (rect.x2 - rect.x1) * this.scale,
      height: (rect.y2 - rect.y1) * this.scale,
    };
  }
}
