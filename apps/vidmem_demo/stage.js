// Shows pictures as they come, and turns clicks into frame pixels.
const root = element.querySelector(".vm-stage");
const find = (selector) => root.querySelector(selector);
const [masks, depth] = root.querySelectorAll("img");
const [maskHint, depthHint] = root.querySelectorAll(".vm-hint");
const band = find(".vm-band"), rect = band.querySelector("rect");
const tags = find(".vm-tags"), name = find(".vm-masks figcaption small");
const status = find(".vm-status"), say = find(".vm-say");

function picture(image, url, hint, text) {
  if (url) image.src = url;
  else image.removeAttribute("src");
  image.style.display = url ? "" : "none";
  hint.querySelector("p").textContent = text || "";
  hint.style.display = url ? "none" : "";
}

function label(tag) {
  const made = document.createElement("span");
  made.textContent = tag.text;
  made.style.setProperty("--object", tag.colour);
  made.style.left = `${tag.left}%`;
  made.style.top = `max(0px, calc(${tag.top}% - 1.4em))`;
  return made;
}

function show(value) {
  if (!value || value.masks === undefined) return;
  root.dataset.state = value.state;
  picture(masks, value.masks, maskHint, value.hint);
  picture(depth, value.depth, depthHint, value.depth_hint);
  name.textContent = value.name;
  tags.replaceChildren(...value.tags.map(label));
  status.innerHTML = value.status;
  say.textContent = value.say;
  if (!value.corner) band.style.display = "none";
  if (value.state === "running") root.dataset.shown = Number(root.dataset.shown) + 1;
  root.dataset.frame = value.frame;
}

function place(event) {
  const value = props.value || {}, box = masks.getBoundingClientRect();
  if (!value.width || !box.width) return null;
  return [
    Math.floor(((event.clientX - box.left) / box.width) * value.width),
    Math.floor(((event.clientY - box.top) / box.height) * value.height),
  ];
}

function rubber(event) {
  const corner = (props.value || {}).corner, here = place(event);
  if (!corner || !here) return;
  const [w, h] = [props.value.width, props.value.height];
  band.setAttribute("viewBox", `0 0 ${w} ${h}`);
  band.style.display = "block";
  rect.setAttribute("x", Math.min(corner[0], here[0]));
  rect.setAttribute("y", Math.min(corner[1], here[1]));
  rect.setAttribute("width", Math.abs(corner[0] - here[0]));
  rect.setAttribute("height", Math.abs(corner[1] - here[1]));
}

masks.addEventListener("mousemove", rubber);
masks.addEventListener("click", (event) => {
  const here = place(event);
  if (here) trigger("select", { index: here, value: event.shiftKey ? "cut" : "" });
});
masks.addEventListener("dragstart", (event) => event.preventDefault());
root.addEventListener("dragover", (event) => event.preventDefault());
root.addEventListener("drop", (event) => {
  event.preventDefault();
  const input = document.querySelector("#upload input[type=file]");
  if (!input || !event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
find(".vm-try").addEventListener("click", () => document.querySelector("#example").click());
watch("value", () => show(props.value));
show(props.value);
