/**
 * What is wrong with a field of the options, told at the field.
 * @module fields
 */

import { byId } from "./dom.js";

/** Fields of the form by their name in the service. */
const FIELDS = Object.freeze({ chain: "chain", model_number: "model-number", domains: "ranges",
  key: "key" });
const OF_DOMAINS = Object.freeze(["input.selection", "input.range", "input.domain_chain",
  "usage.domains", "domain.too_small", "domain.too_large", "domain.backbone"]);

/**
 * Tell at a field what is wrong with it, and go there.
 * @param {string} name of the field in the service.
 * @param {string} words
 */
export function blame(name, words) {
  const control = byId(FIELDS[name]);
  const fault = byId(`${FIELDS[name]}-error`);
  fault.textContent = words;
  fault.hidden = false;
  control.setAttribute("aria-invalid", "true");
  byId("options").open = true;
  control.focus();
}

/** Take back what was said of the fields. */
export function absolve() {
  for (const id of Object.values(FIELDS)) {
    byId(`${id}-error`).hidden = true;
    byId(id).removeAttribute("aria-invalid");
  }
}

/**
 * Tell at the field concerned what the service says, if it speaks of one.
 * @param {import("./api.js").Problem} problem
 * @param {Object<string, string>} options that were sent.
 */
export function blameFor(problem, options) {
  const name = fieldOf(problem, options);
  if (!name) return;
  const words = [problem.what, problem.remedy].filter(Boolean).join(". ");
  blame(name, `${words.charAt(0).toUpperCase()}${words.slice(1)}.`);
}

/**
 * @param {import("./api.js").Problem} problem
 * @param {Object<string, string>} options
 * @returns {string|null}
 */
function fieldOf({ code, status, where, what }, options) {
  if (status === 401) return "key";
  const ranges = options.domains && options.domains !== "chain";
  if (code === "input.chain") {
    return options.chain && what.startsWith(`chain ${options.chain} `) ? "chain"
      : ranges ? "domains" : null;
  }
  if (code === "input.model" && options.model_number) return "model_number";
  if (ranges && OF_DOMAINS.includes(code)) return "domains";
  const named = code === "request.invalid" ? String(where).split(".")[0] : "";
  return named in options && named in FIELDS ? named : null;
}
