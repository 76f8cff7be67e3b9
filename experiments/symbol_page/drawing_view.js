// Goes on after query_box.js: how the drawing is looked at, which outlasts every answer.
const largestZoom = 12;
let zoom = 1;
let least = 0.3;
let place = [0, 0];
let shownName = "";

const view = () => element.querySelector(".view");
const scroll = () => {
  if (view()) view().scrollTo(place[0], place[1]);
};
// Whoever watches for changes would never come to rest over a text written anew.
const write = (selector, text) => {
  const target = element.querySelector(selector);
  if (target && target.textContent !== text) target.textContent = text;
};
const applyLeast = () => {
  let count = 0;
  for (const one of element.querySelectorAll("[data-score]")) {
    one.hidden = Number(one.dataset.score) < least;
    if (!one.hidden && one.dataset.show) count += 1;
  }
  const range = element.querySelector(".least input");
  if (range) range.value = least;
  write(".least output", least.toFixed(2));
  write(".count", String(count));
};
const applyZoom = (next) => {
  const area = view();
  if (!area) return;
  const centre = [(area.scrollLeft + area.clientWidth / 2) / zoom,
                  (area.scrollTop + area.clientHeight / 2) / zoom];
  zoom = Math.min(largestZoom, Math.max(1, next));
  element.style.setProperty("--zoom", zoom);
  place = [centre[0] * zoom - area.clientWidth / 2, centre[1] * zoom - area.clientHeight / 2];
  scroll();
};

element.addEventListener("scroll", (event) => {
  if (event.target === view()) place = [event.target.scrollLeft, event.target.scrollTop];
}, true);
element.addEventListener("wheel", (event) => {
  if (!event.ctrlKey || !event.target.closest(".view")) return;
  event.preventDefault();
  applyZoom(event.deltaY < 0 ? zoom * 1.25 : zoom / 1.25);
}, { passive: false });
element.addEventListener("input", (event) => {
  if (!event.target.closest(".least")) return;
  least = Number(event.target.value);
  applyLeast();
});
element.addEventListener("click", (event) => {
  if (event.target.closest(".larger")) applyZoom(zoom * 1.5);
  if (event.target.closest(".smaller")) applyZoom(zoom / 1.5);
  const card = event.target.closest("[data-show]");
  if (!card) return;
  for (const one of element.querySelectorAll(".mark")) {
    const isShown = one.dataset.mark === card.dataset.show;
    one.classList.toggle("shown", isShown);
    if (isShown) one.scrollIntoView({ block: "center", inline: "center", behavior: "smooth" });
  }
});

// An answer replaces everything within.
new MutationObserver(() => {
  const name = element.querySelector(".name");
  if (name && name.title !== shownName) {
    shownName = name.title;
    zoom = 1;
    place = [0, 0];
    element.style.setProperty("--zoom", zoom);
  }
  scroll();
  applyLeast();
}).observe(element, { childList: true, subtree: true });
