// SPDX-License-Identifier: Apache-2.0
// Paints image and boxes. One canvas, however many boxes: a thousand cost a few milliseconds.

import { HANDLES, handlePoint } from "./boxes.js";

/** @typedef {import("./types.js").Box} Box */
/**
 * @typedef {object} Scene
 * @property {HTMLImageElement | null} image
 * @property {import("./viewport.js").Viewport} viewport
 * @property {Box[]} boxes
 * @property {number | null} selected
 * @property {import("./labels.js").Labels} labels
 * @property {boolean} showBoxes
 * @property {boolean} showNames
 * @property {boolean} showPredictions the boxes as they were predicted, instead of as they are now
 * @property {{x: number, y: number} | null} cross the pointer in image pixels while drawing
 * @property {import("./types.js").Rect | null} fresh the box being drawn
 * @property {boolean} hasExample
 */

const FONT = '600 12px system-ui, "Segoe UI", Roboto, Cantarell, "DejaVu Sans", sans-serif';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} density device pixels for each CSS pixel
 */
export function paint(context, scene, density) {
  const { viewport } = scene;
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, viewport.width, viewport.height);
  if (!scene.hasExample) {
    return;
  }
  paintImage(context, scene);
  if (scene.showBoxes) {
    const boxes = scene.showPredictions ? predictions(scene.boxes) : scene.boxes;
    // The chosen one above all others; names above all lines.
    const order = [...boxes].sort((a, b) => Number(a.id === scene.selected) - Number(b.id === scene.selected));
    for (const box of order) {
      paintBox(context, scene, box, box.id === scene.selected);
    }
    for (const box of order) {
      if (scene.showNames || box.id === scene.selected) {
        paintName(context, scene, box);
      }
    }
  }
  paintDrawing(context, scene);
}

/** @param {Box[]} boxes */
function predictions(boxes) {
  return boxes
    .filter((box) => box.origin)
    .map((box) => /** @type {Box} */ ({ ...box, ...box.origin, verdict: "open" }));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
function paintImage(context, { image, viewport }) {
  const width = viewport.imageWidth * viewport.scale;
  const height = viewport.imageHeight * viewport.scale;
  if (image) {
    // Far in, pixels are to be seen as what they are.
    context.imageSmoothingEnabled = viewport.scale < 4;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, viewport.x, viewport.y, width, height);
  } else {
    context.fillStyle = "rgba(127, 137, 152, 0.16)";
    context.fillRect(viewport.x, viewport.y, width, height);
    context.strokeStyle = "rgba(127, 137, 152, 0.5)";
    context.lineWidth = 1;
    context.strokeRect(viewport.x + 0.5, viewport.y + 0.5, width, height);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Box} box
 * @param {boolean} isSelected
 */
function paintBox(context, scene, box, isSelected) {
  if (!box.rect) {
    return;
  }
  const { x, y, width, height } = scene.viewport.toCanvas(box.rect);
  const colour = scene.labels.colour(box.className);
  const isRejected = box.verdict === "rejected";
  context.save();
  context.globalAlpha = isRejected && !isSelected ? 0.55 : 1;
  if (isSelected) {
    context.fillStyle = `${colour}26`;
    context.fillRect(x, y, width, height);
  }
  // A dark line beneath the coloured one: seen on bright and on dark ground alike.
  context.lineJoin = "round";
  context.strokeStyle = "rgba(8, 12, 18, 0.72)";
  context.lineWidth = isSelected ? 5 : 3.5;
  context.strokeRect(x, y, width, height);
  context.setLineDash(scene.labels.pattern(box.className));
  context.strokeStyle = colour;
  context.lineWidth = isSelected ? 3 : 2;
  context.strokeRect(x, y, width, height);
  context.setLineDash([]);
  if (isRejected) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + width, y + height);
    context.moveTo(x + width, y);
    context.lineTo(x, y + height);
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (isSelected && !isRejected && !scene.showPredictions) {
    paintHandles(context, scene, box.rect, colour);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {Box} box
 */
function paintName(context, scene, box) {
  if (!box.rect) {
    return;
  }
  const { x, y, height } = scene.viewport.toCanvas(box.rect);
  const mark = box.verdict === "accepted" ? "✓ " : box.verdict === "rejected" ? "✕ " : "";
  const score = box.confidence === null ? "" : ` ${box.confidence.toFixed(2)}`;
  const text = `${mark}${box.className || "?"}${score}`;
  context.font = FONT;
  const wide = context.measureText(text).width + 12;
  const above = y - 21 >= 0;
  const left = Math.max(0, Math.min(x - 1, scene.viewport.width - wide));
  const top = above ? y - 21 : Math.max(0, Math.min(y + 3, y + height - 18));
  context.fillStyle = scene.labels.colour(box.className);
  context.beginPath();
  context.roundRect(left, top, wide, 18, 4);
  context.fill();
  context.fillStyle = "#0b0f16";
  context.textBaseline = "middle";
  context.fillText(text, left + 6, top + 9.5);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {import("./types.js").Rect} rect
 * @param {string} colour
 */
function paintHandles(context, { viewport }, rect, colour) {
  context.fillStyle = "#ffffff";
  context.strokeStyle = colour;
  context.lineWidth = 2;
  // On a small box only the corners, and smaller: what is in it must stay visible.
  const size = Math.min(rect.x2 - rect.x1, rect.y2 - rect.y1) * viewport.scale;
  const radius = size < 40 ? 3 : 4.5;
  for (const handle of HANDLES) {
    if (size < 56 && handle.length === 1) {
      continue;
    }
    const point = handlePoint(rect, handle);
    context.beginPath();
    context.arc(viewport.x + point.x * viewport.scale, viewport.y + point.y * viewport.scale, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
function paintDrawing(context, scene) {
  const { viewport, cross, fresh } = scene;
  if (cross) {
    const x = Math.round(viewport.x + cross.x * viewport.scale) + 0.5;
    const y = Math.round(viewport.y + cross.y * viewport.scale) + 0.5;
    context.lineWidth = 1;
    for (const [colour, dash] of /** @type {const} */ ([
      ["rgba(0, 0, 0, 0.6)", 0],
      ["rgba(255, 255, 255, 0.9)", 4],
    ])) {
      context.setLineDash(dash ? [dash, dash] : []);
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, viewport.height);
      context.moveTo(0, y);
      context.lineTo(viewport.width, y);
      context.stroke();
    }
    context.setLineDash([]);
  }
  if (fresh) {
    const { x, y, width, height } = viewport.toCanvas(fresh);
    const colour = scene.labels.colour(scene.labels.current);
    context.fillStyle = `${colour}33`;
    context.fillRect(x, y, width, height);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.strokeRect(x, y, width, height);
  }
}
