// Reviewing comments with the keyboard: one key a decision, on the comment that has the focus and on no other.
const articles = [...document.querySelectorAll("[data-review]")];

for (const article of articles) {
  article.tabIndex = 0;
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
if (location.hash === "#comments") articles[0]?.focus();
