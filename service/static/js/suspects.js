/**
 * The tables of residues: the suspicious ones, and all of them.
 * @module suspects
 */

import { card, el, table } from "./dom.js";
import { count, odds, probability } from "./numbers.js";
import { MARKED, residueName, suspicious } from "./prediction.js";

const FIRST = 12;
const STEP = 100;
const HEADS = ["Residue", "Present", "p", "Most probable", "p", "Odds"];

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function suspectCard(prediction, selection) {
  const found = suspicious(prediction);
  const sorts = {
    odds: found,
    file: prediction.residues,
    lowest: null,
  };
  const body = el("div", {});
  const show = (name) => {
    sorts.lowest ??= [...prediction.residues].sort((a, b) => a.p - b.p);
    body.replaceChildren(rowsOf(sorts[name], selection));
  };
  const choice = el("select", { "aria-label": "Rows", on: { change: () => show(choice.value) } },
    el("option", { value: "odds" }, `suspicious only (${count(found.length)})`),
    el("option", { value: "lowest" }, "all, least probable first"),
    el("option", { value: "file" }, "all, in the order of the file"));
  if (!found.length) choice.value = "lowest";
  show(choice.value);
  return card("Residues", { class: "suspects", "data-testid": "residues" },
    el("p", { class: "quiet" }, found.length
      ? `${count(found.length)} of ${count(prediction.residues.length)} residues stand where ` +
        `another amino acid is at least ${MARKED} times as probable.`
      : `None of ${count(prediction.residues.length)} residues stands where another amino acid ` +
        `is ${MARKED} times as probable.`),
    choice, body);
}

/**
 * @param {import("./prediction.js").Residue[]} residues
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement} a table that grows on demand.
 */
function rowsOf(residues, selection) {
  const shown = table("Residues", HEADS, residues.slice(0, FIRST).map((r) => row(r, selection)));
  const body = shown.querySelector("tbody");
  const more = el("button", { type: "button", class: "plain" });
  const label = () => {
    const left = residues.length - body.rows.length;
    more.hidden = left <= 0;
    more.textContent = `Show ${count(Math.min(STEP, left))} more of ${count(left)}`;
  };
  more.addEventListener("click", () => {
    const from = body.rows.length;
    body.append(...residues.slice(from, from + STEP).map((r) => row(r, selection)));
    label();
  });
  label();
  return el("div", {}, shown, more);
}

/**
 * @param {import("./prediction.js").Residue} residue
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
function row(residue, selection) {
  const pick = el("button", { type: "button", class: "link", on: {
    click: () => selection.pin(residue.index),
    focus: () => selection.hover(residue.index),
    blur: () => selection.hover(-1),
  } }, residueName(residue));
  return el("tr", { dataset: { index: residue.index }, on: {
    mouseenter: () => selection.hover(residue.index),
    mouseleave: () => selection.hover(-1),
  } },
  el("td", {}, pick), el("td", {}, residue.wildType),
  el("td", { class: "number" }, probability(residue.p)), el("td", {}, residue.predicted),
  el("td", { class: "number" }, probability(residue.best)),
  el("td", { class: residue.odds >= MARKED ? "number marked" : "number" }, odds(residue.odds)));
}
