// Body of a function of Gradio's HTML component: element, trigger, props and upload are given.
const say = (text) => {
  const status = element.querySelector(".status");
  if (status) status.textContent = text;
};

const send = async (file) => {
  if (!file) return;
  if (file.size > props.max_bytes) {
    say(`${file.name}: ${(file.size / 1e6).toFixed(1)} MB, more than the accepted ` +
        `${props.max_bytes / 1e6} MB`);
    return;
  }
  say("Searching …");
  try {
    const sent = await upload(file);
    trigger("upload", { path: sent.path, name: file.name });
  } catch (error) {
    say(`${file.name} could not be sent: ${error.message || error}`);
  }
};

element.addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  send(event.target.files[0]);
  event.target.value = "";  // the same file may be chosen again
});

// Anywhere on the page: the browser would leave it for a picture that is dropped beside the box.
const holdsFile = (event) => [...event.dataTransfer.types].includes("Files");
document.addEventListener("dragover", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  element.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) element.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  element.classList.remove("over");
  send(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => send(event.clipboardData.files[0]));

// A box drawn on the picture.
const smallestPixels = 6;
// A box may begin just outside the picture, whose corners are round.
const marginPixels = 6;
let corner = null;
const isAtPicture = (event) => {
  const frame = element.querySelector(".frame");
  if (!frame || event.target.closest("button, label, input")) return false;
  const view = element.querySelector(".view");
  if (view) {
    // A large drawing reaches beyond the part that is in view, which has bars to move it.
    const area = view.getBoundingClientRect();
    const [x, y] = [event.clientX - area.left, event.clientY - area.top];
    return x >= 0 && x < view.clientWidth && y >= 0 && y < view.clientHeight;
  }
  const area = frame.getBoundingClientRect();
  return event.clientX >= area.left - marginPixels && event.clientX <= area.right + marginPixels
    && event.clientY >= area.top - marginPixels && event.clientY <= area.bottom + marginPixels;
};
const position = (event) => {
  const area = element.querySelector(".frame").getBoundingClientRect();
  const within = (value) => Math.min(1, Math.max(0, value));
  return [within((event.clientX - area.left) / area.width),
          within((event.clientY - area.top) / area.height)];
};
const regionTo = (end) => [Math.min(corner[0], end[0]), Math.min(corner[1], end[1]),
                           Math.max(corner[0], end[0]), Math.max(corner[1], end[1])];
const draw = ([left, top, right, bottom]) => {
  const region = element.querySelector(".region");
  region.hidden = false;
  Object.assign(region.style, {
    left: `${100 * left}%`, top: `${100 * top}%`,
    width: `${100 * (right - left)}%`, height: `${100 * (bottom - top)}%`,
  });
};
element.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !isAtPicture(event)) return;
  event.preventDefault();
  corner = position(event);
  element.setPointerCapture(event.pointerId);
});
element.addEventListener("pointermove", (event) => {
  if (corner) draw(regionTo(position(event)));
});
element.addEventListener("pointerup", (event) => {
  if (!corner) return;
  const region = regionTo(position(event));
  corner = null;
  const area = element.querySelector(".frame").getBoundingClientRect();
  const isBox = (region[2] - region[0]) * area.width >= smallestPixels
    && (region[3] - region[1]) * area.height >= smallestPixels;
  // On a drawing, what was found stays.
  if (!isBox && element.querySelector(".view")) return;
  if (isBox) say("Searching …");
  trigger("select", { region: isBox ? region : null });
});
element.addEventListener("pointercancel", () => { corner = null; });
element.addEventListener("click", (event) => {
  if (event.target.closest(".whole")) trigger("select", { region: null });
});
