/**
 * The view of a result, assembled from its cards.
 * @module result
 */

import { cathCard } from "./cath.js";
import { card, el } from "./dom.js";
import { downloadCard } from "./downloads.js";
import { heatMap } from "./heatmap.js";
import { mutationCard } from "./mutations.js";
import { count } from "./numbers.js";
import { readout } from "./readout.js";
import { Selection } from "./selection.js";
import { sequenceStrip } from "./strip.js";
import { suspectCard } from "./suspects.js";
import { viewerCard } from "./viewer.js";

const MAX_WARNINGS = 3;
const FORMATS = Object.freeze({ pdb: "PDB", mmcif: "mmCIF", bcif: "BinaryCIF" });

/**
 * @typedef {Object} Shown
 * @property {import("./prediction.js").Prediction} prediction
 * @property {string} job
 * @property {import("./jobs.js").PredictionRequest|null} request null if the result was opened by
 *   its address.
 * @property {boolean} mutations whether the service can score mutations.
 * @property {(error: Error) => void} fail shows an error above the result.
 */

/**
 * @param {Shown} shown
 * @returns {HTMLElement}
 */
export function resultView(shown) {
  const { prediction, job } = shown;
  const selection = new Selection();
  const view = el("div", { class: "result", "data-testid": "result" }, heading(prediction));
  // The service has an annotated structure only if environments were predicted.
  const viewer = prediction.models.environment || prediction.residues.length
    ? viewerCard(prediction, selection, job) : null;
  if (!prediction.residues.length) {
    view.append(viewer?.element ?? "", cathCard(prediction),
      environmentCard(prediction, selection), downloadCard(shown, viewer?.picture ?? null));
    return view;
  }
  view.append(viewer.element, cathCard(prediction), environmentCard(prediction, selection),
    suspectCard(prediction, selection),
    el("div", { class: "column" }, downloadCard(shown, viewer.picture),
      shown.mutations ? mutationCard(shown, selection) : ""));
  return view;
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {Selection} selection
 * @returns {HTMLElement}
 */
function environmentCard(prediction, selection) {
  if (!prediction.residues.length) {
    return card("Amino-acid environments", { class: "full" },
      el("p", { class: "quiet" }, "No residue has the backbone atoms that the model needs."));
  }
  const model = prediction.models.environment;
  return card("Amino-acid environments", { class: "full environments" },
    readout(prediction, selection),
    sequenceStrip(prediction, selection),
    el("p", { class: "quiet" }, "Top: the sequence, coloured by the probability of the " +
      "wild-type amino acid. Bottom: the probability of each amino acid at every residue; a " +
      "stronger colour means a higher probability. Dots mark the wild type."),
    heatMap(prediction, selection),
    model ? el("p", { class: "quiet" }, `Model ${model}`) : null);
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {HTMLElement}
 */
function heading({ input, warnings }) {
  const dropped = input.dropped.length
    ? el("details", {}, el("summary", {}, `${count(input.dropped.length)} ` +
      `${input.dropped.length === 1 ? "part" : "parts"} of the file ignored`),
      el("ul", {}, ...input.dropped.map((d) => el("li", {}, `${d.what}, ${d.where}: ${d.why}`))))
    : null;
  return el("div", { class: "heading" }, el("h1", {}, input.name),
    el("p", { class: "quiet" }, `${count(input.n_residues)} residues, ` +
      `${count(input.n_atoms)} atoms, model ${input.model} of the ${FORMATS[input.format]} file`),
    input.plddt ? confidence(input.plddt) : null,
    ...warningLists(warnings),
    dropped);
}

/**
 * @param {{mean: number, limit: number, n_disordered: number, disordered: string[]}} plddt
 * @returns {HTMLElement}
 */
function confidence({ mean, limit, n_disordered: number, disordered }) {
  const mostly = `Predicted model, mean pLDDT ${mean.toFixed(1)}`;
  if (!number) return el("p", { class: "quiet" }, mostly);
  const residues = `${count(number)} ${number === 1 ? "residue" : "residues"}`;
  return el("p", { class: "quiet" }, `${mostly}; ${residues} disordered, below ${limit}: ` +
    disordered.join(", "));
}

/**
 * @param {string[]} warnings
 * @returns {HTMLElement[]} the first few, and the others collapsed.
 */
function warningLists(warnings) {
  const list = (some) => el("ul", { class: "warnings" },
    ...some.map((text) => el("li", { class: "warning" }, text)));
  const collapsed = warnings.length > MAX_WARNINGS + 1 ? warnings.slice(MAX_WARNINGS) : [];
  const visible = warnings.slice(0, warnings.length - collapsed.length);
  return [
    visible.length ? list(visible) : null,
    collapsed.length ? el("details", {},
      el("summary", {}, `${count(collapsed.length)} more warnings`), list(collapsed)) : null,
  ];
}
