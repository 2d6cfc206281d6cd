// Begins the page; what nobody caught is told in a bar, and what is shown stays.
import { render } from "preact";

import { Pages } from "./pages";

const bar = document.createElement("div");
bar.setAttribute("role", "alert");
bar.className = "uncaught";
bar.hidden = true;

function tell(error: unknown): void {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  // Of the browser's own, without consequence.
  if (text.includes("ResizeObserver loop")) return;
  const again = document.createElement("button");
  again.textContent = "Reload";
  again.onclick = () => location.reload();
  const copy = document.createElement("button");
  copy.textContent = "Copy details";
  copy.onclick = () => navigator.clipboard?.writeText(`${text}\n${(error as Error)?.stack ?? ""}\n${location.href}`);
  bar.replaceChildren(`Something of this page failed. ${text} `, again, copy);
  bar.hidden = false;
}

addEventListener("error", (event) => tell(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => tell(event.reason));

document.body.prepend(bar);
render(<Pages />, document.getElementById("page")!);
