// Body of a function of Gradio's HTML component: element and trigger are given.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-row]");
  if (!button) return;
  trigger("select", { row: Number(button.dataset.row) });
  window.scrollTo({ top: 0, behavior: "smooth" });
});
