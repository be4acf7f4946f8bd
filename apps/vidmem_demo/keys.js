// Keyboard: the same buttons, without the mouse. Nothing while somebody types.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = "input:not([type=radio], [type=checkbox], [type=range]), textarea, [contenteditable], #settings";
  if (event.target.closest?.(typing)) return;
  const press = (selector) => {
    const found = document.querySelector(selector);
    const button = found?.matches("button, input") ? found : found?.querySelector("button, input");
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  };
  const tools = { 1: 0, 2: 1, 3: 2 };
  // Space plays and pauses; it does not throw a finished run away.
  const ended = document.querySelector(".vm-stage[data-state=ended]");
  if (event.key === " ") ended ? event.preventDefault() : press("#start");
  else if (event.key === "Escape") press("#stop");
  else if (event.key === "n") press("#new");
  else if (event.key === "z") press("#undo");
  else if (event.key === "ArrowLeft") press("#back");
  else if (event.key === "ArrowRight") press("#forth");
  else if (event.key in tools) {
    const choices = document.querySelectorAll("#tool input");
    if (choices[tools[event.key]]) { event.preventDefault(); choices[tools[event.key]].click(); }
  }
});
