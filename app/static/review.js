// Reviewing comments with the keyboard: one key a decision, on the comment that has the focus and on no other.
for (const article of document.querySelectorAll("[data-review]")) {
  article.addEventListener("keydown", (event) => {
    if (event.target !== article || event.ctrlKey || event.metaKey || event.altKey) return;
    const control = article.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (control) {
      event.preventDefault();
      control.click();
    }
  });
}
document.getElementById("keys")?.removeAttribute("hidden");
