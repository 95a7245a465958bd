/**
 * The page without a result: what it answers, and how well.
 * @module welcome
 */

import { serviceDescription } from "./api.js";
import { byId, el } from "./dom.js";

/** @returns {HTMLElement} from the template in the static page. */
export function emptyState() {
  const template = byId("welcome", HTMLTemplateElement);
  const element = el("div", { class: "empty" }, template.content.cloneNode(true));
  element.querySelector(".open")?.addEventListener("click", () =>
    byId("example", HTMLButtonElement).click());
  showVersion();
  return element;
}

/** Show the version of the service in the footer. */
async function showVersion() {
  const element = byId("version", HTMLElement);
  if (element.textContent) return;
  try {
    element.textContent = `protvox ${(await serviceDescription()).version}`;
  } catch { /* an error is shown when it matters */ }
}
