/**
 * The line with details of the current residue.
 * @module readout
 */

import { el } from "./dom.js";
import { odds, probability } from "./numbers.js";
import { CODES, residueName } from "./prediction.js";

const BEST = 3;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function readout(prediction, selection) {
  const element = el("p", { class: "readout", role: "status", "data-testid": "readout" });
  const update = () => {
    const { current: index, amino } = selection;
    element.classList.toggle("idle", index < 0);
    if (index < 0) {
      element.textContent = "Point at a residue in the sequence, heat map, structure or table; " +
        "click to select it.";
      return;
    }
    element.replaceChildren(...words(prediction, index, amino),
      selection.describe(index, amino));
  };
  selection.addEventListener("change", update);
  update();
  return element;
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {number} index
 * @param {number} amino row of the heat map, -1 for none.
 * @returns {(Node|string)[]}
 */
function words({ residues, matrix }, index, amino) {
  const residue = residues[index];
  const row = matrix.subarray(index * CODES.length, (index + 1) * CODES.length);
  const best = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, BEST);
  const parts = [el("strong", {}, `${residueName(residue)} ${residue.wildType}`),
    ` p ${probability(residue.p)}`];
  if (amino >= 0) parts.push(` · ${CODES[amino]} ${probability(row[amino])}`);
  const ranked = best.map((j) => `${CODES[j]} ${probability(row[j])}`).join(", ");
  parts.push(` · most probable ${ranked}`);
  if (residue.plddt !== null) {
    parts.push(` · pLDDT ${residue.plddt.toFixed(1)}${residue.disordered ? ", disordered" : ""}`);
  }
  if (residue.odds > 1) parts.push(` · odds ${odds(residue.odds)}`);
  return parts;
}
