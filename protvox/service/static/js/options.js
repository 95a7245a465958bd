/**
 * The options of a prediction: chain, model number and domains.
 * @module options
 */

import { byId } from "./dom.js";
import { clearFieldErrors, showFieldError } from "./fields.js";
import { readSelection, SelectionError } from "./selections.js";

/** Show the field for ranges if needed, and remove errors when an option changes. */
export function listenToOptions() {
  const mode = byId("domain-mode", HTMLFieldSetElement);
  const show = () => { byId("ranges-field", HTMLElement).hidden = domainMode() !== "ranges"; };
  mode.addEventListener("change", show);
  byId("options", HTMLElement).addEventListener("input", clearFieldErrors);
  // After going back, a browser restores the chosen option.
  window.addEventListener("pageshow", show);
}

/**
 * @returns {Object<string, string>|null} options by their name in the service; null if one is
 *   invalid, with an error at its field.
 */
export function readOptions() {
  const number = byId("model-number", HTMLInputElement);
  if (!number.validity.valid) {
    showFieldError("model_number", "Enter a whole number, e.g. 1.");
    return null;
  }
  const domains = readDomains();
  if (domains === null) return null;
  const chain = byId("chain", HTMLInputElement).value.trim();
  const values = { chain, model_number: number.value.trim(), domains };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

/** @returns {string} "auto", "chain" or "ranges". */
function domainMode() {
  const fieldset = byId("domain-mode", HTMLFieldSetElement);
  return /** @type {HTMLInputElement} */ (fieldset.querySelector("input:checked")).value;
}

/**
 * @returns {string|null} one domain per line, "" for automatic domains, null for invalid ranges.
 */
function readDomains() {
  if (domainMode() !== "ranges") return domainMode() === "auto" ? "" : domainMode();
  const { value } = byId("ranges", HTMLTextAreaElement);
  const lines = value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.length) {
    showFieldError("domains", "Enter a range, e.g. A:1-90, or choose another option.");
    return null;
  }
  for (const line of lines) {
    try {
      readSelection(line);
    } catch (error) {
      if (!(error instanceof SelectionError)) throw error;
      showFieldError("domains", `${error.message}.`);
      return null;
    }
  }
  return lines.join("\n");
}
