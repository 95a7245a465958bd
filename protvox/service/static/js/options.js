/**
 * The options of a prediction: chain, model of the file, and what counts as a domain.
 * @module options
 */

import { byId } from "./dom.js";
import { absolve, blame } from "./fields.js";
import { readSelection, SelectionError } from "./selections.js";

/** Show the ranges where they are wanted, and take back complaints when something changes. */
export function listenToOptions() {
  const division = byId("division");
  const show = () => { byId("ranges-field").hidden = manner() !== "ranges"; };
  division.addEventListener("change", show);
  byId("options").addEventListener("input", absolve);
  // A browser that goes back restores what was chosen.
  window.addEventListener("pageshow", show);
}

/**
 * @returns {Object<string, string>|null} the options that are set, as the service names them; null
 *   if one cannot be meant, which is told at its field.
 */
export function readOptions() {
  const number = byId("model-number");
  if (!number.validity.valid) {
    blame("model_number", "Give a whole number, such as 1.");
    return null;
  }
  const domains = readDomains();
  if (domains === null) return null;
  const values = { chain: byId("chain").value.trim(), model_number: number.value.trim(), domains };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

/** @returns {string} "auto", "chain" or "ranges". */
function manner() {
  return byId("division").querySelector("input:checked").value;
}

/**
 * @returns {string|null} one domain a line, "" for what the service does by itself, null for what
 *   cannot be read.
 */
function readDomains() {
  if (manner() !== "ranges") return manner() === "auto" ? "" : manner();
  const lines = byId("ranges").value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.length) {
    blame("domains", "Write a range, such as A:1-90, or choose another way.");
    return null;
  }
  for (const line of lines) {
    try {
      readSelection(line);
    } catch (error) {
      if (!(error instanceof SelectionError)) throw error;
      blame("domains", `${error.message}.`);
      return null;
    }
  }
  return lines.join("\n");
}
