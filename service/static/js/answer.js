/**
 * The answer to a job, put together from its parts.
 * @module answer
 */

import { cathCard } from "./cath.js";
import { el } from "./dom.js";
import { downloadCard } from "./downloads.js";
import { count } from "./numbers.js";
import { Selection } from "./selection.js";
import { suspectCard } from "./suspects.js";

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./jobs.js").Job} job
 * @param {(error: Error) => void} fail shows an error beside the answer.
 * @returns {HTMLElement}
 */
export function answer(prediction, job, fail) {
  const selection = new Selection();
  return el("div", { class: "answer", "data-testid": "answer" },
    heading(prediction),
    cathCard(prediction),
    suspectCard(prediction, selection),
    downloadCard({ job: job.id, name: prediction.input.name, fail }));
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {HTMLElement}
 */
function heading({ input, warnings }) {
  const dropped = input.dropped.length
    ? el("details", {}, el("summary", {}, `${count(input.dropped.length)} things left out`),
      el("ul", {}, ...input.dropped.map((d) => el("li", {}, `${d.what}, ${d.where}: ${d.why}`))))
    : null;
  return el("div", { class: "heading" }, el("h1", {}, input.name),
    el("p", { class: "quiet" }, `${count(input.n_residues)} residues, ` +
      `${count(input.n_atoms)} atoms, model ${input.model} of the ${input.format} file`),
    warnings.length ? el("ul", { class: "warnings" },
      ...warnings.map((w) => el("li", { class: "warning" }, w))) : null,
    dropped);
}
