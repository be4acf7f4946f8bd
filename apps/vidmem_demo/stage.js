// Shows pictures as they come, and turns clicks into frame pixels.
const root = element.querySelector(".vm-stage");
const [masks, depth] = root.querySelectorAll("img");
const hints = root.querySelectorAll(".vm-hint");
const band = root.querySelector(".vm-band");
const rect = band.querySelector("rect");
const status = root.querySelector(".vm-status");

function picture(image, url, hint, text) {
  if (url) image.src = url;
  else image.removeAttribute("src");
  image.style.display = url ? "" : "none";
  hint.textContent = text || "";
  hint.style.display = url ? "none" : "";
}

function show(value) {
  if (!value || value.masks === undefined) return;
  picture(masks, value.masks, hints[0], value.hint);
  picture(depth, value.depth, hints[1], value.depth_hint);
  root.dataset.state = value.state;
  status.innerHTML = value.status;
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
watch("value", () => show(props.value));
show(props.value);
