// The page of `fashion-keras demo`: takes a picture or a drawing, asks the server, shows the prediction.
"use strict";

const SIDE = 280; // of the drawing area, in its own pixels
const STEP = 7; // of the pen by an arrow key; with Shift four times that
const PREDICT_AFTER_MS = 120;

const element = (id) => document.getElementById(id);
const canvas = element("canvas");
const context = canvas.getContext("2d");

let model = null; // what the server says of it, once it has answered
let strokes = []; // of the drawing: {width, fill, points: [[x, y], ...]}
let stroke = null; // the one that is being drawn
let picture = null; // the file that was given, while nothing is drawn
let pen = { x: SIDE / 2, y: SIDE / 2 }; // of the keyboard
let request = null; // aborts the request before
let timer = 0;

// --- predicting -------------------------------------------------------------------------------------

const drawing = () => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));

function predictSoon() {
  clearTimeout(timer);
  timer = setTimeout(predict, PREDICT_AFTER_MS);
}

async function predict() {
  request?.abort();
  if (!picture && !strokes.length) return showNothing();
  const controller = (request = new AbortController());
  document.body.classList.add("busy");
  try {
    await ready;
    const blob = picture ?? (await drawing());
    if (blob.size > model.max_upload_bytes) throw new Error(model.too_large);
    const invert = document.querySelector("input[name=invert]:checked").value;
    const prediction = await fetchJson(`predict?invert=${invert}`, { method: "POST", body: blob, signal: controller.signal });
    if (request === controller) show(prediction);
  } catch (error) {
    if (request === controller && error.name !== "AbortError") showError(error.message);
  } finally {
    if (request === controller) document.body.classList.remove("busy");
  }
}

async function fetchJson(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server does not answer; is fashion-keras demo still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `the server says ${response.status}; its terminal may say why`);
  return answer;
}

// --- showing ------------------------------------------------------------------------------------

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + ".";

function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return share < 1 && share > 0.999 ? "> 99.9 %" : `${(100 * share).toFixed(1)} %`;
}

function make(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text ?? "";
  if (className) made.className = className;
  return made;
}

/** Paints an image, base64 of rows of one or three bytes a pixel, on a canvas of its own size. */
function paint(target, encoded) {
  const [height, width, channels] = model.image_shape;
  const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
  const image = new ImageData(width, height);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = bytes[channels === 1 ? k : 3 * k + c];
    image.data[4 * k + 3] = 255;
  }
  target.width = width;
  target.height = height;
  target.getContext("2d").putImageData(image, 0, 0);
}

function show(prediction) {
  const [best] = prediction.classes;
  element("error").hidden = element("empty").hidden = true;
  element("prediction").hidden = false;
  element("headline").textContent = `${best.name}, ${percent(best.probability)}`;
  element("note").textContent = sentence(prediction.note);
  paint(element("seen"), prediction.pixels);
  element("bars").replaceChildren(...prediction.classes.map(makeBar));
  element("nearest").replaceChildren(...prediction.nearest.map(makeNeighbour));
}

function makeBar({ name, probability }) {
  const row = make("li");
  const track = make("div", "", "track");
  const bar = track.appendChild(make("div", "", "bar"));
  bar.style.width = `${100 * probability}%`;
  row.append(make("span", name), track, make("span", percent(probability), "percent"));
  return row;
}

function makeNeighbour(neighbour) {
  const item = make("li");
  const image = item.appendChild(make("canvas"));
  image.setAttribute("aria-hidden", "true");
  paint(image, neighbour.pixels);
  const right = neighbour.predicted === neighbour.class_name;
  item.append(
    make("b", neighbour.class_name),
    make("span", `similarity ${neighbour.similarity.toFixed(2)}`),
    make("span", right ? "model: right" : `model: ${neighbour.predicted}`, right ? "" : "wrong"),
  );
  item.title = `Test image ${neighbour.index}`;
  return item;
}

function showNothing() {
  document.body.classList.remove("busy");
  element("prediction").hidden = element("error").hidden = true;
  element("empty").hidden = false;
  element("nearest").replaceChildren();
}

function showError(message) {
  showNothing();
  element("empty").hidden = true;
  element("error").hidden = false;
  element("error").textContent = sentence(message);
}

function showModel() {
  const { name, accuracy, accuracy_interval: interval, num_test_images: count, nearest } = model;
  const percents = (share) => `${(100 * share).toFixed(1)} %`;
  let text = `Model ${name}`;
  if (accuracy !== null) text += `: ${percents(accuracy)} of ${count?.toLocaleString("en") ?? "its"} test images right`;
  if (interval) text += `, ${interval.map(percents).join(" to ")} of new ones like them (95 %)`;
  element("model").textContent = text;
  element("examples").hidden = !model.examples;
  element("size").textContent = `${model.image_shape[1]} x ${model.image_shape[0]}`;
  element("method").textContent = nearest.count
    ? `Of ${nearest.count.toLocaleString("en")}, by ${nearest.method}: alike to the eye, whatever the model says. ` +
      "Below each its true class, and whether the model gets it right."
    : sentence(`not shown: ${nearest.missing}`);
}

// --- pictures -----------------------------------------------------------------------------------

async function take(file) {
  if (!file) return;
  stopPen();
  strokes = [];
  picture = file;
  redraw();
  predictSoon();
  try {
    const image = await createImageBitmap(file);
    if (picture === file) drawWhole(image);
  } catch {
    // The browser cannot show it; the server says what is wrong with it.
  }
}

function drawWhole(image) {
  const scale = SIDE / Math.max(image.width, image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  context.drawImage(image, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
}

element("file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = ""; // so that the same file can be chosen again
});
document.querySelectorAll("#examples button").forEach((button) => button.addEventListener("click", async () => {
  const response = await fetch(button.firstElementChild.src).catch(() => null);
  if (response?.ok) take(await response.blob());
  else showError("the example does not arrive; is fashion-keras demo still running?");
}));
document.addEventListener("paste", (event) => take(event.clipboardData?.files[0]));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const file = event.dataTransfer?.files[0];
  if (file) take(file);
  else showError("what was dropped is no file; save the picture and drop that");
});

// --- drawing ------------------------------------------------------------------------------------

function redraw() {
  context.fillStyle = "black";
  context.fillRect(0, 0, SIDE, SIDE);
  for (const each of stroke ? [...strokes, stroke] : strokes) drawStroke(each);
  const blank = !strokes.length && !stroke && !picture;
  element("hint").hidden = !blank;
  element("undo").disabled = !strokes.length;
  element("clear").disabled = blank;
}

function drawStroke({ width, fill, points }) {
  const path = new Path2D();
  points.forEach(([x, y]) => path.lineTo(x, y));
  path.lineTo(...points.at(-1)); // a single point becomes a dot
  context.strokeStyle = context.fillStyle = "white";
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  if (fill) context.fill(path);
  context.stroke(path);
}

function startStroke(x, y) {
  picture = null;
  stroke = { width: Number(element("width").value), fill: false, points: [[x, y]] };
  redraw();
}

function endStroke() {
  if (!stroke) return;
  stroke.fill = element("fill").checked;
  strokes.push(stroke);
  stroke = null;
  redraw();
  predictSoon();
}

function extendStroke(x, y) {
  stroke.points.push([x, y]);
  redraw();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * SIDE) / box.width, ((event.clientY - box.top) * SIDE) / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || stroke) return;
  element("pen").hidden = true;
  canvas.setPointerCapture(event.pointerId);
  startStroke(...place(event));
});
canvas.addEventListener("pointermove", (event) => {
  if (!stroke || !canvas.hasPointerCapture(event.pointerId)) return;
  for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(place(each));
  extendStroke(...place(event));
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => canvas.hasPointerCapture(event.pointerId) && endStroke());
}

// --- the pen by keyboard ------------------------------------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const clamp = (value) => Math.min(SIDE, Math.max(0, value));
  if (event.key in ARROWS) {
    const [x, y] = ARROWS[event.key].map((sign) => sign * STEP * (event.shiftKey ? 4 : 1));
    pen = { x: clamp(pen.x + x), y: clamp(pen.y + y) };
    if (stroke) extendStroke(pen.x, pen.y);
  } else if (event.key === " ") {
    if (stroke) endStroke();
    else startStroke(pen.x, pen.y);
  } else return;
  event.preventDefault();
  showPen();
});
canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && showPen());
canvas.addEventListener("blur", stopPen);

function showPen() {
  const shown = element("pen");
  shown.hidden = false;
  shown.classList.toggle("down", stroke !== null);
  shown.style.left = `${(100 * pen.x) / SIDE}%`;
  shown.style.top = `${(100 * pen.y) / SIDE}%`;
  shown.style.width = shown.style.height = `${(100 * element("width").value) / SIDE}%`;
}

function stopPen() {
  element("pen").hidden = true;
  endStroke();
}

element("undo").addEventListener("click", () => {
  strokes.pop();
  redraw();
  predictSoon();
});
element("clear").addEventListener("click", () => {
  strokes = [];
  picture = null;
  redraw();
  predict();
});
document.querySelectorAll("input[name=invert]").forEach((each) => each.addEventListener("change", predictSoon));

redraw();
const ready = fetchJson("model").then((answer) => {
  model = answer;
  showModel();
});
ready.catch((error) => showError(error.message));
