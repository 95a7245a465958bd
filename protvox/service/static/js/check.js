/**
 * The view of the check: stretches that may be wrong, residues whose environment favours
 * another amino acid, and the probability of every amino acid at every residue.
 * @module check
 */

import { asProblem } from "./api.js";
import { NO_COLOUR, rootScale } from "./colours.js";
import { card, el } from "./dom.js";
import { predictFurther } from "./further.js";
import { heatMap } from "./heatmap.js";
import { swatch } from "./legends.js";
import { count, odds, probability } from "./numbers.js";
import { MARKED, residueName, suspicious } from "./prediction.js";
import { growingTable, numberCell, residueRow } from "./rows.js";
import { residueIndex } from "./scan.js";
import { segmentList } from "./segments.js";
import { errorState } from "./states.js";
import { themeColour } from "./window.js";

const HEADS = ["Residue", "Present", "p", "Odds", "Favoured"];
/** Number of residues up to which a structure is checked without being asked. */
const AT_ONCE = 1500;
/** Percentile below which a model is probably wrong, as for the command line. */
const POOR = 2.5;
/** Colours of the findings. */
const WRONG = "#c8321e";
const UNEXPLAINED = "#e98034";
const EXPLAINED = "#f5d074";

/**
 * @param {import("./result.js").Shown} shown
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @param {import("./colouring.js").Colouring} colouring
 * @returns {{panel: HTMLElement, map: HTMLElement, enter: () => void, found: () => number}} `enter`
 *   is called when the view is opened; `found` is the number of stretches found so far.
 */
export function checkView(shown, selection, chain, colouring) {
  const { prediction } = shown;
  const findings = el("div", { class: "findings" });
  const rows = residueTable(prediction, selection);
  let wrong = 0;
  const run = async () => {
    button.hidden = true;
    findings.replaceChildren(el("p", { class: "quiet", role: "status" },
      "Looking for stretches with a wrong sequence …"));
    try {
      const { document } = await predictFurther(shown, { task: "check" });
      const index = residueIndex(prediction.residues);
      wrong = document.segments.length;
      findings.replaceChildren(...overallWords(document.overall),
        ...segmentList(document.segments, index, selection), residueWords(document.residues));
      rows.explain(new Map(document.residues.map((r) =>
        [index.get(`${r.chain} ${r.number}${r.insertion_code}`) ?? -1, r.reasons])));
      colouring.add("finding", findingScheme(document, index, chain));
    } catch (error) {
      findings.replaceChildren(errorState(asProblem(error), null));
      button.hidden = false;
    }
  };
  const button = el("button", { type: "button", on: { click: run } }, "Look for wrong stretches");
  let begun = !shown.offers.has("/check");
  button.hidden = begun || prediction.residues.length <= AT_ONCE;
  const panel = card("Check", { class: "suspects", "data-testid": "residues" },
    el("div", { class: "halves" }, el("div", {}, findings, button), rows.element));
  const enter = () => {
    if (begun || prediction.residues.length > AT_ONCE) return;
    begun = true;
    run();
  };
  return { panel, map: probabilityMap(prediction, selection, chain), enter, found: () => wrong };
}

/**
 * @param {{percentile: ?number, reference: string}} overall
 * @returns {HTMLElement[]}
 */
function overallWords({ percentile, reference }) {
  if (percentile === null || percentile === undefined) return [];
  return [el("p", { class: percentile < POOR ? "warning" : "" },
    "The sequence fits its surroundings better than in ",
    el("strong", {}, `${Math.round(percentile)} %`), ` of ${reference}.`)];
}

/**
 * @param {{reasons: string[]}[]} residues that fit worst.
 * @returns {HTMLElement}
 */
function residueWords(residues) {
  const n = residues.length;
  if (!n) {
    return el("p", {}, "No residue fits badly: nowhere is another amino acid over 1,000 times as " +
      "likely as the one present.");
  }
  const explained = residues.filter(({ reasons }) => reasons.length).length;
  return el("p", {}, el("strong", {}, count(n)),
    ` ${n === 1 ? "residue fits" : "residues fit"} badly: another amino acid is over ` +
    `${count(1000)} times as likely (in the PDB, at one residue in ${count(1000)})` +
    `${explained ? `; ${count(explained)} with a possible reason` : ""}.`);
}

/**
 * @param {Object} document of the form protvox.check/1.
 * @param {Map<string, number>} index of residues.
 * @param {import("./chains.js").ChainView} chain
 * @returns {import("./colouring.js").Scheme}
 */
function findingScheme({ segments, residues }, index, chain) {
  const colours = new Map(residues.map((r) =>
    [index.get(`${r.chain} ${r.number}${r.insertion_code}`),
      r.reasons.length ? EXPLAINED : UNEXPLAINED]));
  for (const s of segments) {
    const inside = chain.chains.find(({ name }) => name === s.chain)?.indices ?? [];
    const [first, last] = [s.first, s.last].map((end) =>
      inside.indexOf(index.get(`${s.chain} ${end}`)));
    if (first >= 0) inside.slice(first, last + 1).forEach((i) => colours.set(i, WRONG));
  }
  return {
    colour: (r) => colours.get(r.index) ?? NO_COLOUR,
    legend: () => el("div", { class: "legend" }, swatch(WRONG, "may be wrong"),
      swatch(UNEXPLAINED, "another amino acid 1,000 times as likely"),
      swatch(EXPLAINED, "the same, with a possible reason"),
      swatch(NO_COLOUR, "nothing found")),
  };
}

/**
 * The table of suspicious residues, or of all.
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {{element: HTMLElement, explain: (reasons: Map<number, string[]>) => void}}
 */
function residueTable(prediction, selection) {
  const found = suspicious(prediction);
  const all = prediction.residues;
  let reasons = new Map();
  const unexplained = () => found.filter((r) => !reasons.get(r.index)?.length);
  const sorts = {
    odds: () => found,
    open: unexplained,
    lowest: () => [...all].sort((a, b) => a.p - b.p),
    file: () => all,
  };
  const row = (residue) => residueRow(residueName(residue), residue.index, selection,
    el("td", {}, residue.wildType), numberCell(probability(residue.p)),
    numberCell(odds(residue.odds), residue.odds >= MARKED ? "marked" : ""),
    el("td", {}, residue.predicted, reasonWords(reasons.get(residue.index) ?? [])));
  const body = el("div", {});
  const show = () => {
    body.replaceChildren(growingTable("Residues", HEADS, sorts[choice.value](), row));
  };
  const choice = el("select", { "aria-label": "Rows", on: { change: show } });
  const fill = () => {
    const { value } = choice;
    choice.replaceChildren(
      el("option", { value: "odds" }, `suspicious (${count(found.length)})`),
      reasons.size ? el("option", { value: "open" },
        `suspicious, without a reason (${count(unexplained().length)})`) : "",
      el("option", { value: "lowest" }, "all, least probable first"),
      el("option", { value: "file" }, "all, in file order"));
    choice.value = value || (found.length ? "odds" : "lowest");
    show();
  };
  fill();
  return {
    element: el("div", { class: "scores" },
      el("h3", {}, "Suspicious residues"),
      el("p", { class: "quiet" },
        `${found.length ? count(found.length) : "None"} of ${count(all.length)} residues ` +
        `${found.length === 1 || !found.length ? "is" : "are"} in an environment where another ` +
        `amino acid is at least ${MARKED} times as probable as the one present. Active sites ` +
        "and residues at ligands or missing partners are often among them."),
      choice, body),
    explain: (given) => {
      reasons = given;
      fill();
    },
  };
}

/**
 * @param {string[]} reasons
 * @returns {HTMLElement|null}
 */
function reasonWords(reasons) {
  return reasons.length ? el("span", { class: "under" }, `possible reason: ${reasons.join("; ")}`)
    : null;
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @returns {HTMLElement}
 */
function probabilityMap(prediction, selection, chain) {
  const { residues, matrix, models } = prediction;
  const scale = () => rootScale(themeColour("--heat-none"), themeColour("--heat-full"));
  return card("Amino-acid environments", { class: "full environments" },
    el("p", { class: "quiet" }, "The probability of each amino acid at every residue; a stronger " +
      "colour means a higher probability. Dots mark the amino acid present."),
    heatMap({ residues, matrix, scale, id: "heatmap",
      label: "Probability of each amino acid at every residue" }, selection, chain),
    models.environment ? el("p", { class: "quiet model" }, `Model ${models.environment}`) : null);
}
