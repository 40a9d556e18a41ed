// SPDX-License-Identifier: Apache-2.0
// Puts the example in hand on the page: frame or text, boxes, draft, and what is said about it.

import { areNormalised } from "./boxes.js";
import { byId } from "./dom.js";
import { clockTime } from "./queue-view.js";
import { announce, toast } from "./status.js";

/** @typedef {import("./types.js").Example} Example */

export class Desk {
  /**
   * @param {object} parts
   * @param {import("./work.js").Work} parts.work
   * @param {import("./editor.js").Editor} parts.editor
   * @param {import("./canvas.js").Canvas} parts.canvas
   * @param {import("./labels.js").Labels} parts.labels
   * @param {import("./drafts.js").Drafts} parts.drafts
   * @param {import("./outbox.js").Outbox} parts.outbox
   * @param {import("./queue.js").Queue} parts.queue
   */
  constructor({ work, editor, canvas, labels, drafts, outbox, queue }) {
    this.work = work;
    this.editor = editor;
    this.canvas = canvas;
    this.labels = labels;
    this.drafts = drafts;
    this.outbox = outbox;
    this.queue = queue;
    this.stage = byId("stage");
    this.draftState = byId("draft-state");
    this.isReady = false;
    work.addEventListener("current", () => this.show());
    work.addEventListener("change", () => this.drawLease());
    editor.addEventListener("change", () => this.keepDraft());
    drafts.addEventListener("saved", () => {
      this.draftState.textContent = drafts.isDurable
        ? `Draft kept ${clockTime(new Date().toISOString())}`
        : "This browser does not keep drafts: submit before you leave.";
    });
  }

  async show() {
    const held = this.work.current;
    this.isReady = false;
    this.draftState.textContent = "";
    this.setActions(false);
    if (!held) {
      this.showNothing();
      return;
    }
    const { example } = held;
    this.stage.dataset.example = example.event_id;
    this.stage.dataset.state = "loading";
    byId("empty").hidden = true;
    this.describe(example);
    const image = await held.image;
    if (this.work.current !== held) {
      return;
    }
    const detections = example.detections ?? [];
    for (const { class_name: name } of detections) {
      this.labels.add(name ?? "");
    }
    const isText = !example.has_frame && typeof example.text === "string";
    const frame = { ...sizeOf(example, image), normalised: areNormalised(detections), isText };
    const draft = this.drafts.load(example.event_id);
    this.editor.load(detections, frame, draft);
    byId("text-panel").hidden = !isText;
    byId("canvas").hidden = isText;
    byId("text-panel").textContent = isText ? (example.text ?? "") : "";
    if (isText) {
      this.canvas.clear();
    } else {
      this.canvas.show(image, frame.width, frame.height);
      this.canvas.resized();
    }
    this.stage.dataset.state = image || isText ? "shown" : "no-frame";
    this.setHint(example, image !== null, isText);
    this.isReady = true;
    this.setActions(true);
    const boxes = detections.length === 1 ? "1 box" : `${detections.length} boxes`;
    const words = `${example.camera_id}: ${boxes}. ${example.reason ?? ""}`;
    byId("canvas").setAttribute("aria-label", words);
    announce(`${words}${draft ? " Your draft is back." : ""}`);
    if (draft) {
      this.draftState.textContent = `Draft of ${clockTime(new Date(draft.savedAt).toISOString())} is back`;
    }
    this.focusStage();
    this.drawLease();
  }

  /** Typing goes on where it was; else the frame has the keyboard. */
  focusStage() {
    const active = document.activeElement;
    if (!active || active === document.body || active.closest(".actions, .inspector, .stage")) {
      byId(byId("canvas").hidden ? "text-panel" : "canvas").focus({ preventScroll: true });
    }
  }

  showNothing() {
    delete this.stage.dataset.example;
    this.stage.dataset.state = "empty";
    this.editor.clear();
    this.canvas.clear();
    byId("canvas").hidden = false;
    byId("canvas").setAttribute("aria-label", "No example");
    byId("text-panel").hidden = true;
    byId("empty").hidden = false;
    for (const name of ["camera", "time", "reason", "lease"]) {
      byId(`subject-${name}`).textContent = "";
    }
    byId("hint").textContent = "";
  }

  /** @param {Example} example */
  describe(example) {
    byId("subject-camera").textContent = example.camera_id;
    const time = new Date(example.timestamp);
    byId("subject-time").textContent = Number.isNaN(time.getTime()) ? example.timestamp : time.toLocaleString();
    const model = example.model_version ? ` · ${example.model_version}` : "";
    byId("subject-reason").textContent = `${example.reason ?? ""}${model}`;
    byId("subject-reason").title = `${example.event_id}`;
  }

  /**
   * @param {Example} example
   * @param {boolean} hasImage
   * @param {boolean} isText
   */
  setHint(example, hasImage, isText) {
    const hint = byId("hint");
    hint.dataset.kind = "";
    if (isText) {
      hint.textContent = "A text: choose its classes with 1 … 9.";
    } else if (hasImage) {
      hint.textContent = "Tab: next box · A accept · X reject · 1 … 9 class · N draw";
    } else if (example.has_frame) {
      hint.textContent = "The frame does not load. Skip it, or judge the boxes alone.";
      hint.dataset.kind = "bad";
    } else {
      hint.textContent = example.frame_uri
        ? `The frame is not here but at ${example.frame_uri}`
        : "There is no frame: judge the boxes alone.";
    }
  }

  drawLease() {
    const held = this.work.current;
    const lease = byId("subject-lease");
    lease.textContent = held?.expired ? "No longer reserved for you. You may submit if nobody was faster." : "";
  }

  /** @param {boolean} on */
  setActions(on) {
    for (const id of ["submit", "no-objects", "skip"]) {
      byId(id).toggleAttribute("disabled", !on);
    }
  }

  keepDraft() {
    const held = this.work.current;
    if (held && this.isReady && this.editor.isTouched) {
      this.drafts.save(held.example.event_id, () => this.editor.toDraft());
    }
  }

  submit() {
    const held = this.work.current;
    if (held && this.isReady) {
      this.post("label", this.editor.toAnswer(), "Submitted");
    }
  }

  submitNothing() {
    if (this.work.current && this.isReady) {
      this.editor.rejectAll();
      this.submit();
    }
  }

  /** @param {string} reason */
  skip(reason) {
    if (this.work.current && this.isReady) {
      this.queue.skip(this.work.current.example.event_id);
      this.post("skip", { reason }, "Skipped");
    }
  }

  /**
   * Into the outbox and on to the next: the network is not waited for.
   * @param {"label" | "skip"} kind
   * @param {Record<string, unknown>} answer
   * @param {string} word
   */
  post(kind, answer, word) {
    const held = this.work.current;
    if (!held) {
      return;
    }
    this.isReady = false;
    this.drafts.flush();
    const { example, lease, expired } = held;
    const body = expired ? answer : { ...answer, lease: lease.token };
    const title = `${example.camera_id}, ${clockTime(example.timestamp)}`;
    this.outbox.put({ id: example.event_id, kind, body, title, savedAt: Date.now(), refusal: null });
    if (!this.outbox.isDurable) {
      toast("This browser keeps nothing: stay on this page until all is sent.", "bad");
    }
    announce(word);
    this.work.next();
  }
}

/**
 * The size that boxes refer to: the image's; without one, as large as the boxes need.
 * @param {Example} example
 * @param {HTMLImageElement | null} image
 */
function sizeOf(example, image) {
  if (image) {
    return { width: image.naturalWidth, height: image.naturalHeight };
  }
  const boxes = (example.detections ?? []).flatMap((item) => (item.bbox ? [item.bbox] : []));
  const width = Math.max(0, ...boxes.map((box) => box.x2));
  const height = Math.max(0, ...boxes.map((box) => box.y2));
  return width > 1 && height > 1
    ? { width: Math.ceil(width * 1.05), height: Math.ceil(height * 1.05) }
    : { width: 960, height: 540 };
}
