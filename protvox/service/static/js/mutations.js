/**
 * The view of mutations: all substitutions of the structure, or a list, with filters.
 * @module mutations
 */

import { asProblem } from "./api.js";
import { card, el } from "./dom.js";
import { saveButton, stem } from "./downloads.js";
import { predictFurther } from "./further.js";
import { heatMap } from "./heatmap.js";
import { results } from "./jobs.js";
import { scoreLegend } from "./legends.js";
import { mutationTable } from "./mutation_table.js";
import { count } from "./numbers.js";
import { describeScores, overview, readScan } from "./scan.js";
import { errorState } from "./states.js";
import { suggestionSection } from "./suggestions.js";
import { themeColour } from "./window.js";

/** Number of residues up to which all substitutions are scored without being asked. */
const AT_ONCE = 1500;

/**
 * @param {import("./result.js").Shown} shown
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @param {import("./colouring.js").Colouring} colouring
 * @param {import("./suggestions.js").Check} check
 * @returns {{panel: HTMLElement, map: HTMLElement, enter: () => void}} `enter` is called when the
 *   view is opened.
 */
export function mutationView(shown, selection, chain, colouring, check) {
  const { residues, input } = shown.prediction;
  const list = el("textarea", { rows: 5, spellcheck: "false", placeholder: "A:45W\nA:L50F",
    "aria-label": "Mutations, one per line" });
  const out = el("div", { class: "scores" });
  const state = el("div", { role: "status" });
  const map = el("div", { class: "full maps" },
    card("All substitutions", { class: "scan" }, el("p", { class: "quiet" }, "Not scored yet.")));
  const sources = { all: null, list: null };
  let begun = false;

  /** Score mutations, "" for all, and return the document and its job. */
  const run = async (mutations) => {
    buttons.forEach((button) => { button.disabled = true; });
    state.replaceChildren(el("p", { class: "quiet" },
      mutations ? "Scoring the list …"
        : `Scoring all ${count(19 * residues.length)} substitutions …`));
    try {
      const { document: scores, job } = await predictFurther(shown,
        mutations ? { task: "mutations", mutations } : { task: "mutations" });
      state.replaceChildren();
      sources[mutations ? "list" : "all"] = { scores, job };
      if (!mutations) showMap(scores);
      showTable(mutations ? "list" : "all");
    } catch (error) {
      state.replaceChildren(errorState(asProblem(error), null));
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  };
  const showMap = (scores) => {
    const scan = readScan(scores.mutations, residues);
    const scale = scan.scale(themeColour("--heat-none"));
    map.replaceChildren(card("All substitutions", { class: "scan" },
      scoreLegend(scale), overview(scan, selection, chain),
      heatMap({ residues, matrix: scan.matrix, id: "scan",
        scale: () => scan.scale(themeColour("--heat-none")).shade,
        label: "Score of every substitution at every residue" }, selection, chain),
      el("p", { class: "quiet" }, "Top: the mean score of every residue. Bottom: every " +
        "substitution. Dots mark the amino acid present.")));
    selection.describe = (index, amino) => describeScores(scan, residues[index], amino);
    const mean = scan.meanScale("#d9dde3");
    colouring.add("mean mutation score", {
      colour: (r) => mean.shade(scan.means[r.index]), legend: () => scoreLegend(mean) });
  };
  const showTable = (source) => {
    const base = `${stem(input.name)}-mutations`;
    const { scores, job } = sources[source];
    const choice = el("select", { "aria-label": "Source",
      on: { change: () => showTable(choice.value) } },
    ...Object.entries(sources).filter(([, made]) => made).map(([name, made]) =>
      el("option", { value: name }, `${name === "all" ? "all substitutions" : "your list"} ` +
        `(${count(made.scores.mutations.length)})`)));
    choice.value = source;
    const failures = scores.failures.map((f) => el("li", { class: "warning" },
      `${f.mutation}: ${f.why}`));
    const parts = [
      el("div", { class: "row wrap" }, choice, saveButton("CSV", `${base}.csv`,
        async () => (await results(job, "csv")).blob(), shown.fail)),
      failures.length ? el("ul", { class: "warnings" }, ...failures) : "",
      mutationTable(scores, source === "list", residues, selection)];
    out.replaceChildren(...parts);
  };
  const listed = () => list.value.trim();
  const all = el("button", { type: "button", class: "plain",
    on: { click: () => run("") } }, "Score all");
  const own = el("button", { type: "button", on: { click: () => {
    if (listed()) run(listed());
    else list.focus();
  } } }, "Score these");
  const buttons = [own, all];
  const ownList = el("details", { class: "own", open: residues.length > AT_ONCE },
    el("summary", {}, "Score a list"),
    el("p", { class: "quiet" }, "One per line: chain, residue number and mutant, optionally " +
      "with the wild type (A:45W or A:L45W); several at once joined by + (A:L45W+A:F50A). Or " +
      "the list of another program."),
    list, el("div", { class: "row" }, ...buttons));
  const panel = card("Mutations", { class: "mutations", "data-testid": "mutations" },
    el("div", { class: "halves" },
      shown.offers.has("/suggest") ? suggestionSection(shown, selection, check) : null,
      el("div", {}, state, out, ownList)));
  const enter = () => {
    if (begun || residues.length > AT_ONCE) return;
    begun = true;
    run("");
  };
  return { panel, map, enter };
}
