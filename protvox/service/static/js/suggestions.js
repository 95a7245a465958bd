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

/**
 * @param {import("./result.js").Shown} shown
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function suggestionSection(shown, selection) {
  const out = el("div", { class: "scores", role: "status" });
  const fixed = el("input", { type: "text", placeholder: "A:57,102", spellcheck: "false",
    autocomplete: "off", maxlength: 500 });
  const special = el("input", { type: "checkbox" });
  const away = el("input", { type: "checkbox" });
  const run = async () => {
    button.disabled = true;
    out.replaceChildren(el("p", { class: "quiet" }, "Comparing every substitution …"));
    /** @type {Object<string, string>} */
    const options = {};
    if (fixed.value.trim()) options.fix = fixed.value.trim();
    if (special.checked) options.exclude = "CP";
    if (away.checked) options.keep_away = NEAR.join("\n");
    try {
      const request = await furtherRequest(shown, options);
      const answer = await callService("suggest", { method: "POST", ...requestBody(request) });
      out.replaceChildren(...found(await answer.json(), shown, selection));
    } catch (error) {
      out.replaceChildren(errorState(asProblem(error), null));
    } finally {
      button.disabled = false;
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
 * @returns {(HTMLElement|string)[]}
 */
function found({ suggestions, warnings }, shown, selection) {
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
  return [
    ...warnings.filter((text) => !known.has(text)).map((text) => el("p", { class: "quiet" }, text)),
    growingTable("Suggested mutations", ["Mutation", unit, "Why, and what to check"],
      suggestions, row),
    el("div", { class: "row" }, saveButton("Suggestions CSV",
      `${stem(shown.prediction.input.name)}-suggestions.csv`, async () => csv(suggestions),
      shown.fail)),
  ];
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
