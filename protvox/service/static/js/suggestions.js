/**
 * Suggested mutations: the best of each residue, with a reason and what speaks against it.
 * @module suggestions
 */

import { asProblem, callService } from "./api.js";
import { el } from "./dom.js";
import { saveButton, stem } from "./downloads.js";
import { furtherRequest } from "./further.js";
import { requestBody } from "./jobs.js";
import { valueCell } from "./mutation_table.js";
import { growingTable, residueRow } from "./rows.js";
import { residueIndex } from "./scan.js";
import { errorState } from "./states.js";

/** What the flags mean. */
const FLAGS = Object.freeze({
  ligand: "near a ligand", metal: "near a metal", interface: "in contact with another chain",
  disulfide: "in a disulfide", catalytic: "perhaps catalytic",
  glycine: "glycine with positive phi", disordered: "disordered",
});
const NEAR = ["LIGAND:5", "METAL:5"];
/** The warning that the model should be checked first. */
const WRONG = /^The sequence fits this model worse than /;

/**
 * @typedef {Object} Check
 * @property {() => number} found number of wrong stretches found so far.
 * @property {() => void} open opens the view of the check.
 */

/**
 * @param {import("./result.js").Shown} shown
 * @param {import("./selection.js").Selection} selection
 * @param {Check} check
 * @returns {HTMLElement}
 */
export function suggestionSection(shown, selection, check) {
  const out = el("div", { class: "scores", role: "status" });
  const fixed = el("input", { type: "text", placeholder: "A:57,102", spellcheck: "false",
    autocomplete: "off", maxlength: 500 });
  const special = el("input", { type: "checkbox" });
  const away = el("input", { type: "checkbox" });
  const run = async () => {
    button.disabled = true;
    out.setAttribute("aria-busy", "true");
    out.replaceChildren(el("p", { class: "quiet" }, "Comparing every substitution …"));
    /** @type {Object<string, string>} */
    const options = {};
    if (fixed.value.trim()) options.fix = fixed.value.trim();
    if (special.checked) options.exclude = "CP";
    if (away.checked) options.keep_away = NEAR.join("\n");
    try {
      const request = await furtherRequest(shown, options);
      const answer = await callService("suggest", { method: "POST", ...requestBody(request) });
      out.replaceChildren(...found(await answer.json(), shown, selection, check));
    } catch (error) {
      out.replaceChildren(errorState(asProblem(error), null));
    } finally {
      button.disabled = false;
      out.removeAttribute("aria-busy");
    }
  };
  const button = el("button", { type: "button", on: { click: run } }, "Suggest what to order");
  return el("div", { class: "scores suggest", "data-testid": "suggestions" },
    el("div", { class: "row wrap filters" }, button,
      el("label", {}, special, " no new Cys or Pro"),
      el("label", {}, away, " not near ligands or metals"),
      el("label", {}, "keep residues ", fixed)),
    out);
}

/**
 * @param {Object} document of the form protvox.suggest.
 * @param {import("./result.js").Shown} shown
 * @param {import("./selection.js").Selection} selection
 * @param {Check} check
 * @returns {(HTMLElement|string)[]}
 */
function found({ suggestions, warnings }, shown, selection, check) {
  if (!suggestions.length) {
    return [el("p", {}, "No mutation is predicted to stabilise under these conditions.")];
  }
  const index = residueIndex(shown.prediction.residues);
  const known = new Set(shown.prediction.warnings);
  const row = (s) => {
    const name = `${s.chain} ${s.number}${s.insertion_code}`;
    return residueRow(`${[s.chain, ...s.copies].join(", ")} ${s.mutation}`,
      index.get(name) ?? -1, selection, valueCell(s),
      el("td", {}, s.reason, s.flags.length ? el("span", { class: "under caution" },
        `Caution: ${s.flags.map((flag) => FLAGS[flag] ?? flag).join(", ")}`) : null,
      s.alternatives.length ? el("span", { class: "under" },
        `or ${s.alternatives.join(", ")}`) : null));
  };
  const unit = Number.isFinite(suggestions[0].ddg) ? "ΔΔG, kcal/mol" : "Score";
  const clear = suggestions.filter((s) => !s.flags.length);
  const box = el("input", { type: "checkbox", on: { change: () => show() } });
  const chosen = () => (box.checked ? clear : suggestions);
  const rows = el("div", {});
  const show = () => rows.replaceChildren(growingTable("Suggested mutations",
    ["Mutation", unit, "Why, and what to check"], chosen(), row));
  show();
  return [
    ...checkFirst(warnings, check),
    ...warnings.filter((text) => !known.has(text) && !WRONG.test(text))
      .map((text) => el("p", { class: "quiet" }, text)),
    clear.length && clear.length < suggestions.length ? el("div", { class: "filters" },
      el("label", {}, box, ` only the ${clear.length} without a caution`)) : "",
    rows,
    el("div", { class: "row" }, saveButton("Suggestions CSV",
      `${stem(shown.prediction.input.name)}-suggestions.csv`, async () => csv(chosen()),
      shown.fail)),
  ];
}

/**
 * @param {string[]} warnings
 * @param {Check} check
 * @returns {HTMLElement[]} that the model should be checked first, if something shows it.
 */
function checkFirst(warnings, check) {
  const wrong = check.found();
  const first = warnings.find((text) => WRONG.test(text)) ?? (wrong
    ? `The check found ${wrong === 1 ? "a stretch" : `${wrong} stretches`} that may be wrong. ` +
      "Mutations suggested there may repair the model and not the protein." : "");
  return first ? [el("p", { class: "warning" }, `${first} `,
    el("button", { type: "button", class: "link", on: { click: check.open } }, "Open the check"))]
    : [];
}

/**
 * @param {Object[]} rows
 * @returns {Blob} with one column per field.
 */
function csv(rows) {
  const cell = (value) => {
    const text = Array.isArray(value) ? value.join(" ") : String(value ?? "");
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [Object.keys(rows[0]), ...rows.map(Object.values)];
  return new Blob([lines.map((line) => `${line.map(cell).join(",")}\n`).join("")],
    { type: "text/csv" });
}
