/**
 * The table of residues: the suspicious ones, or all.
 * @module suspects
 */

import { card, el } from "./dom.js";
import { count, odds, probability } from "./numbers.js";
import { MARKED, residueName, suspicious } from "./prediction.js";
import { growingTable, numberCell, residueRow } from "./rows.js";

const HEADS = ["Residue", "Wild type", "p", "Predicted", "p", "Odds"];

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function suspectCard(prediction, selection) {
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
  const where = "in an environment where another amino acid is at least " +
    `${MARKED} times as probable as the wild type`;
  return card("Suspicious residues", { class: "suspects", "data-testid": "residues" },
    el("p", { class: "quiet" },
      `${found.length ? count(found.length) : "None"} of ${count(all.length)} residues ` +
      `${found.length === 1 || !found.length ? "is" : "are"} ${where}.`),
    choice, body);
}
