/**
 * The view of the check: residues whose environment favours another amino acid, and the
 * probability of every amino acid at every residue.
 * @module check
 */

import { rootScale } from "./colours.js";
import { card, el } from "./dom.js";
import { heatMap } from "./heatmap.js";
import { count, odds, probability } from "./numbers.js";
import { MARKED, residueName, suspicious } from "./prediction.js";
import { growingTable, numberCell, residueRow } from "./rows.js";
import { themeColour } from "./window.js";

const HEADS = ["Residue", "Present", "p present", "Favoured", "p favoured", "Odds"];

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function checkCard(prediction, selection) {
  const found = suspicious(prediction);
  const all = prediction.residues;
  const sorts = {
    odds: () => found,
    lowest: () => [...all].sort((a, b) => a.p - b.p),
    file: () => all,
  };
  const row = (residue) => residueRow(residueName(residue), residue.index, selection,
    el("td", {}, residue.wildType), numberCell(probability(residue.p)),
    el("td", {}, residue.predicted), numberCell(probability(residue.best)),
    numberCell(odds(residue.odds), residue.odds >= MARKED ? "marked" : ""));
  const body = el("div", {});
  const show = () => {
    body.replaceChildren(growingTable("Residues", HEADS, sorts[choice.value](), row));
  };
  const choice = el("select", { "aria-label": "Rows", on: { change: show } },
    el("option", { value: "odds" }, `suspicious only (${count(found.length)})`),
    el("option", { value: "lowest" }, "all, least probable first"),
    el("option", { value: "file" }, "all, in file order"));
  if (!found.length) choice.value = "lowest";
  show();
  return card("Suspicious residues", { class: "suspects", "data-testid": "residues" },
    el("p", { class: "quiet" },
      `${found.length ? count(found.length) : "None"} of ${count(all.length)} residues ` +
      `${found.length === 1 || !found.length ? "is" : "are"} in an environment where another ` +
      `amino acid is at least ${MARKED} times as probable as the one present. Active sites and ` +
      "residues at ligands or missing partners are often among them."),
    choice, body);
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @returns {HTMLElement}
 */
export function probabilityMap(prediction, selection, chain) {
  const { residues, matrix, models } = prediction;
  const scale = () => rootScale(themeColour("--heat-none"), themeColour("--heat-full"));
  return card("Amino-acid environments", { class: "full environments" },
    el("p", { class: "quiet" }, "The probability of each amino acid at every residue; a stronger " +
      "colour means a higher probability. Dots mark the amino acid present."),
    heatMap({ residues, matrix, scale, id: "heatmap",
      label: "Probability of each amino acid at every residue" }, selection, chain),
    models.environment ? el("p", { class: "quiet model" }, `Model ${models.environment}`) : null);
}
