/**
 * The answer to a job, put together from its parts.
 * @module answer
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

const MOST_WARNINGS = 3;

/**
 * @typedef {Object} Shown
 * @property {import("./prediction.js").Prediction} prediction
 * @property {string} job
 * @property {import("./jobs.js").Question|null} question null for an answer opened by address.
 * @property {boolean} mutations whether the service scores mutations.
 * @property {(error: Error) => void} fail shows an error beside the answer.
 */

/**
 * @param {Shown} shown
 * @returns {HTMLElement}
 */
export function answer(shown) {
  const { prediction, job } = shown;
  const selection = new Selection();
  const place = el("div", { class: "answer", "data-testid": "answer" }, heading(prediction));
  // The service keeps the structure with scores where it was asked for environments.
  const viewer = prediction.models.environment || prediction.residues.length
    ? viewerCard(prediction, selection, job) : null;
  if (!prediction.residues.length) {
    place.append(viewer?.element ?? "", cathCard(prediction),
      environmentCard(prediction, selection), downloadCard(shown, viewer?.picture ?? null));
    return place;
  }
  place.append(viewer.element, cathCard(prediction), environmentCard(prediction, selection),
    suspectCard(prediction, selection),
    el("div", { class: "column" }, downloadCard(shown, viewer.picture),
      shown.mutations ? mutationCard(shown, selection) : ""));
  return place;
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
    el("p", { class: "quiet" }, "Above: the sequence, coloured by the probability of what is " +
      "present. Below: the probability of each amino acid at every residue, darker or brighter " +
      "is more; the dot marks what is present."),
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
      `${input.dropped.length === 1 ? "thing" : "things"} left out`),
      el("ul", {}, ...input.dropped.map((d) => el("li", {}, `${d.what}, ${d.where}: ${d.why}`))))
    : null;
  return el("div", { class: "heading" }, el("h1", {}, input.name),
    el("p", { class: "quiet" }, `${count(input.n_residues)} residues, ` +
      `${count(input.n_atoms)} atoms, model ${input.model} of the ${input.format} file`),
    ...warningLists(warnings),
    dropped);
}

/**
 * @param {string[]} warnings
 * @returns {HTMLElement[]} the first few, and the others folded up.
 */
function warningLists(warnings) {
  const list = (some) => el("ul", { class: "warnings" },
    ...some.map((text) => el("li", { class: "warning" }, text)));
  const folded = warnings.length > MOST_WARNINGS + 1 ? warnings.slice(MOST_WARNINGS) : [];
  const open = warnings.slice(0, warnings.length - folded.length);
  return [
    open.length ? list(open) : null,
    folded.length ? el("details", {},
      el("summary", {}, `${count(folded.length)} more warnings`), list(folded)) : null,
  ];
}
