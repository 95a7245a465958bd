/**
 * Scores of mutations, requested for the structure of the result.
 * @module mutations
 */

import { asProblem } from "./api.js";
import { card, el } from "./dom.js";
import { saveButton, stem } from "./downloads.js";
import { createJob, results, waitFor } from "./jobs.js";
import { count } from "./numbers.js";
import { errorState } from "./states.js";
import { growingTable, numberCell, residueRow } from "./rows.js";

const HEADS = ["Residue", "Mutation", "Score", "Percentile"];

/**
 * @param {Object} shown
 * @param {import("./prediction.js").Prediction} shown.prediction
 * @param {string} shown.job
 * @param {import("./jobs.js").PredictionRequest|null} shown.request null if the result was
 *   opened by its address.
 * @param {(error: Error) => void} shown.fail
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function mutationCard(shown, selection) {
  const list = el("textarea", { rows: 3, spellcheck: "false", placeholder: "A:45W\nA:L50F",
    "aria-label": "Mutations, one per line" });
  const out = el("div", { role: "status" });
  const run = async (mutations) => {
    buttons.forEach((button) => { button.disabled = true; });
    out.replaceChildren(el("p", { class: "quiet" }, "Scoring …"));
    try {
      const control = new AbortController();
      const job = await createJob(await mutationRequest(shown, mutations), control.signal);
      await waitFor(job.id, control.signal, () => {});
      const scores = await (await results(job.id, "json")).json();
      out.replaceChildren(scoreTable(scores, job.id, shown, selection, !mutations));
    } catch (error) {
      out.replaceChildren(errorState(asProblem(error), null));
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  };
  const listed = () => list.value.trim();
  const buttons = [
    el("button", { type: "button", on: { click: () => {
      if (listed()) run(listed());
      else list.focus();
    } } }, "Score these"),
    el("button", { type: "button", class: "plain", on: { click: () => run("") } }, "Score all"),
  ];
  return card("Mutations", { class: "mutations", "data-testid": "mutations" },
    el("p", { class: "quiet" }, "One per line: chain, residue number and mutant, optionally " +
      "with the wild type (A:45W or A:L45W); several at once joined by + (A:L45W+A:F50A). Or the " +
      "list of another program."),
    list, el("div", { class: "row" }, ...buttons), out);
}

/**
 * The request: with the same file or identifier, or with the structure stored by the service.
 * @param {{request: ?import("./jobs.js").PredictionRequest, job: string,
 *   prediction: import("./prediction.js").Prediction}} shown
 * @param {string} mutations one per line, "" for all.
 * @returns {Promise<import("./jobs.js").PredictionRequest>}
 */
async function mutationRequest({ request, job, prediction }, mutations) {
  const { chain, model_number: number } = request?.options ?? {};
  const options = { task: "mutations" };
  if (chain) options.chain = chain;
  if (number) options.model_number = number;
  if (mutations) options.mutations = mutations;
  if (request) return { ...request, options };
  const stored = await (await results(job, "cif")).blob();
  return { file: new File([stored], `${stem(prediction.input.name)}.cif`), id: "", options };
}

/**
 * @param {Object} scores document of the form protvox.mutations/3.
 * @param {string} job
 * @param {Object} shown
 * @param {import("./selection.js").Selection} selection
 * @param {boolean} ranked sort by score instead of the requested order.
 * @returns {HTMLElement}
 */
function scoreTable(scores, job, shown, selection, ranked) {
  const index = new Map(shown.prediction.residues.map((r) =>
    [`${r.chain} ${r.number}${r.insertionCode}`, r.index]));
  const orders = {
    list: () => scores.mutations,
    low: () => [...scores.mutations].sort((a, b) => a.score - b.score),
    high: () => [...scores.mutations].sort((a, b) => b.score - a.score),
  };
  const row = (m) => {
    const name = m.number === null ? m.chain : `${m.chain} ${m.number}${m.insertion_code}`;
    return residueRow(name, index.get(name) ?? -1, selection, el("td", {}, m.mutation),
      numberCell(m.score.toFixed(2)), numberCell(m.percentile?.toFixed(1) ?? ""));
  };
  const body = el("div", {});
  const show = () => {
    body.replaceChildren(growingTable("Mutations", HEADS, orders[choice.value](), row));
  };
  const choice = el("select", { "aria-label": "Order", on: { change: show } },
    el("option", { value: "low" }, "least destabilising first"),
    el("option", { value: "high" }, "most destabilising first"),
    el("option", { value: "list" }, ranked ? "in file order" : "as listed"));
  choice.value = ranked ? "low" : "list";
  show();
  const base = stem(shown.prediction.input.name);
  const failures = scores.failures.map((f) => el("li", { class: "warning" },
    `${f.mutation}: ${f.why}`));
  return el("div", { class: "scores" },
    el("p", { class: "quiet" }, `${count(scores.mutations.length)} ` +
      `${scores.mutations.length === 1 ? "mutation" : "mutations"}. Score: ` +
      `${scores.score}.`),
    failures.length ? el("ul", { class: "warnings" }, ...failures) : null,
    el("div", { class: "row wrap" }, choice,
      saveButton("CSV", `${base}-mutations.csv`,
        async () => (await results(job, "csv")).blob(), shown.fail)),
    body);
}
