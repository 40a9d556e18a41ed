// SPDX-License-Identifier: Apache-2.0
// Makes the parts and ties them together.

import { Api, ApiError } from "./api.js";
import { makeBindings } from "./bindings.js";
import { Canvas } from "./canvas.js";
import { Desk } from "./desk.js";
import { byId, takesText } from "./dom.js";
import { Drafts } from "./drafts.js";
import { Editor } from "./editor.js";
import { makeHelp } from "./help.js";
import { describeBox, Inspector } from "./inspector.js";
import { listen } from "./keys.js";
import { Labels } from "./labels.js";
import { Outbox } from "./outbox.js";
import { QueueView } from "./queue-view.js";
import { Queue } from "./queue.js";
import { Session } from "./session.js";
import { makeSkipDialog } from "./skip.js";
import { LiveSocket } from "./socket.js";
import { announce, toast, watchConnection, watchRefusals } from "./status.js";
import { watchTheme } from "./theme.js";
import { makeToolbar } from "./toolbar.js";
import { Work } from "./work.js";

const api = new Api();
const session = new Session(api);
const socket = new LiveSocket();
const queue = new Queue(api);
const work = new Work(api, socket);
const outbox = new Outbox(api);
const drafts = new Drafts();
const labels = new Labels();
const editor = new Editor();
const canvas = new Canvas(byId("canvas", HTMLCanvasElement), editor, labels);
const inspector = new Inspector(editor, labels);
const desk = new Desk({ work, editor, canvas, labels, drafts, outbox, queue });

new QueueView(queue, work, labels);
work.otherTokens = () => outbox.unsent.map((letter) => letter.body.lease).filter((token) => typeof token === "string");

tieSession();
tieMessages();
tieOutbox();
tieView();
tieControls();
begin();

/** Asks until the daemon answers: the page may have come out of a cache while the daemon was away. */
async function begin() {
  try {
    await session.resume();
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "bad");
    setTimeout(begin, 3000);
  }
}

function tieSession() {
  let isKnown = false;
  session.addEventListener("signed-in", (event) => {
    const account = /** @type {CustomEvent<import("./types.js").Account>} */ (event).detail;
    byId("account").textContent = account.name;
    if (!isKnown) {
      isKnown = true;
      labels.configure(account.labels);
      drafts.open(account.name);
    }
    outbox.open(account.name);
    queue.open(account.name);
    socket.stop();
    socket.start();
    work.isActive ? work.fill() : work.start();
    queue.load().catch(() => undefined);
  });
  api.addEventListener("signed-out", () => socket.stop("signed out"));
  // A session that has ended closes the line with 3500; asking once shows the form.
  socket.addEventListener("state", () => {
    if (socket.state === "stopped" && socket.reason !== "" && socket.reason !== "signed out" && session.account) {
      api.get("/me").catch(() => undefined);
    }
  });
  byId("sign-out").addEventListener("click", signOut);
}

async function signOut() {
  drafts.flush();
  try {
    await work.release();
    await session.leave();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) {
      toast(`Not signed out: ${error instanceof Error ? error.message : error}`, "bad");
      work.start();
      return;
    }
  }
  socket.stop();
  location.reload();
}

function tieMessages() {
  socket.addEventListener("message", (event) => {
    const message = /** @type {CustomEvent<any>} */ (event).detail;
    queue.hear(message);
    work.hear(message);
    if (message.type === "hello") {
      outbox.send();
    }
    if (message.type === "hello" || message.type === "resync") {
      queue.load().catch(() => undefined);
    }
  });
  work.addEventListener("expired", (event) => {
    const held = /** @type {CustomEvent<import("./types.js").Held>} */ (event).detail;
    if (held === work.current) {
      toast("Your reservation of this example has ended. Your draft is kept.", "bad");
    }
  });
  work.addEventListener("removed", (event) => {
    const id = /** @type {CustomEvent<string>} */ (event).detail;
    if (id === work.current?.example.event_id) {
      toast("This example was removed.");
    }
    drafts.drop(id);
  });
  work.addEventListener("failed", (event) => {
    const error = /** @type {CustomEvent<unknown>} */ (event).detail;
    if (error instanceof ApiError && !error.isTemporary && error.status !== 401) {
      toast(error.message, "bad");
    }
  });
}

function tieOutbox() {
  let done = 0;
  outbox.addEventListener("sent", (event) => {
    const letter = /** @type {CustomEvent<import("./outbox.js").Letter>} */ (event).detail;
    drafts.drop(letter.id);
    done += letter.kind === "label" ? 1 : 0;
    byId("count-done").textContent = String(done);
  });
  outbox.addEventListener("refused", (event) => {
    const letter = /** @type {CustomEvent<import("./outbox.js").Letter>} */ (event).detail;
    work.answered.delete(letter.id);
    queue.unskip(letter.id);
  });
  outbox.addEventListener("change", () => {
    const count = outbox.unsent.length;
    byId("count-unsent").textContent = String(count);
    byId("count-unsent-box").hidden = count === 0;
  });
  watchRefusals(outbox, (letter) => {
    outbox.drop(letter.id);
    drafts.drop(letter.id);
  });
}

function tieView() {
  watchConnection(socket);
  watchTheme(byId("toggle-theme"));
  makeToolbar(canvas, editor);
  canvas.addEventListener("view", () => {
    byId("zoom").textContent = canvas.hasExample ? `${Math.round(canvas.viewport.scale * 100)} %` : "";
  });
  canvas.addEventListener("pointer", (event) => {
    const point = /** @type {CustomEvent<{x: number, y: number} | null>} */ (event).detail;
    byId("pointer").textContent = point && canvas.hasExample ? `${Math.round(point.x)}, ${Math.round(point.y)}` : "";
  });
  /** @type {string} */
  let said = "";
  editor.addEventListener("change", () => {
    const box = editor.live ? null : editor.selectedBox;
    const words = box ? describeBox(box) : "";
    if (words !== said) {
      said = words;
      announce(words);
    }
  });
}

function tieControls() {
  const openSkip = makeSkipDialog((reason) => desk.skip(reason)).open;
  /** @type {{open: () => void}} */
  let help = { open() {} };
  const bindings = makeBindings({
    desk,
    editor,
    canvas,
    labels,
    inspector,
    openSkip: () => work.current && openSkip(),
    openHelp: () => help.open(),
    escape,
  });
  help = makeHelp(bindings.filter((binding) => binding.shown !== ""));
  listen(bindings, () => document.querySelector("dialog[open]") !== null || !byId("sign-in").hidden);
  byId("submit").addEventListener("click", () => desk.submit());
  byId("no-objects").addEventListener("click", () => desk.submitNothing());
  byId("skip").addEventListener("click", () => work.current && openSkip());
  byId("open-help").addEventListener("click", () => help.open());
  byId("toggle-queue").addEventListener("click", () => {
    const isOpen = document.body.classList.toggle("queue-open");
    byId("toggle-queue").setAttribute("aria-expanded", String(isOpen));
  });
  holdSpace();
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}

function escape() {
  if (canvas.cancelGesture()) {
    return;
  }
  if (canvas.tool === "draw") {
    canvas.setTool("select");
  } else {
    editor.select(null);
  }
  byId("canvas").focus();
}

/** The space bar turns the pointer into a hand for as long as it is held. */
function holdSpace() {
  document.addEventListener("keydown", (event) => {
    const isControl = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
    if (event.key === " " && !takesText(event.target) && !isControl) {
      event.preventDefault();
      canvas.holdSpace(true);
    }
  });
  document.addEventListener("keyup", (event) => event.key === " " && canvas.holdSpace(false));
  window.addEventListener("blur", () => canvas.holdSpace(false));
}
