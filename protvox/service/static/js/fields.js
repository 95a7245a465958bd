/**
 * Errors shown at the fields of the form.
 * @module fields
 */

import { byId } from "./dom.js";

/** Element ids of the fields, by their name in the service. */
const FIELDS = Object.freeze({ chain: "chain", model_number: "model-number", domains: "ranges",
  key: "key" });
const DOMAIN_CODES = Object.freeze(["input.selection", "input.range", "input.domain_chain",
  "usage.domains", "domain.too_small", "domain.too_large", "domain.backbone"]);

/**
 * Show an error at a field and focus the field.
 * @param {string} name of the field in the service.
 * @param {string} words
 */
export function showFieldError(name, words) {
  const control = byId(FIELDS[name], HTMLElement);
  const error = byId(`${FIELDS[name]}-error`, HTMLElement);
  error.textContent = words;
  error.hidden = false;
  control.setAttribute("aria-invalid", "true");
  byId("options", HTMLDetailsElement).open = true;
  control.focus();
}

/** Remove all errors from the fields. */
export function clearFieldErrors() {
  for (const id of Object.values(FIELDS)) {
    byId(`${id}-error`, HTMLElement).hidden = true;
    byId(id, HTMLElement).removeAttribute("aria-invalid");
  }
}

/**
 * Show an error of the service at the field that it concerns, if any.
 * @param {import("./api.js").Problem} problem
 * @param {Object<string, string>} options of the request.
 */
export function showFieldProblem(problem, options) {
  const name = fieldOf(problem, options);
  if (!name) return;
  const words = [problem.what, problem.remedy].filter(Boolean).join(". ");
  showFieldError(name, `${words.charAt(0).toUpperCase()}${words.slice(1)}.`);
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
  if (ranges && DOMAIN_CODES.includes(code)) return "domains";
  const named = code === "request.invalid" ? String(where).split(".")[0] : "";
  return named in options && named in FIELDS ? named : null;
}
