/**
 * The scores of all substitutions: a matrix, the mean at every residue, and their colours.
 * @module scan
 */

import { signedScale } from "./colours.js";
import { addControls } from "./controls.js";
import { CODES, ORDER } from "./prediction.js";
import { CanvasWindow, themeColour } from "./window.js";

/** Share of the scores of a sign that is within the scale. */
const WITHIN = 0.95;
const HEIGHT = 36;

/**
 * @typedef {Object} Scale
 * @property {number} low score of the strongest stabilising colour.
 * @property {number} high score of the strongest destabilising colour.
 * @property {string} unit
 * @property {(value: number) => string} shade
 */

/**
 * @typedef {Object} Scan
 * @property {Float32Array} matrix residues x 20, in the order of `ORDER`; NaN without a score.
 * @property {Float32Array} means mean score of the residues, NaN without.
 * @property {string} unit of the scores.
 * @property {(background: string) => Scale} scale
 * @property {(background: string) => Scale} meanScale
 */

/**
 * The value of a mutation that is shown: in kcal/mol if the service converts it.
 * @param {Object} mutation
 * @returns {number}
 */
export function valueOf(mutation) {
  return Number.isFinite(mutation.ddg) ? mutation.ddg : mutation.score;
}

/**
 * @param {Object[]} mutations of a document of the form protvox.mutations.
 * @returns {string} unit of their values.
 */
export function unitOf(mutations) {
  return mutations.some((m) => Number.isFinite(m.ddg)) ? "kcal/mol" : "nats";
}

/**
 * @param {Object[]} mutations all single substitutions.
 * @param {import("./prediction.js").Residue[]} residues
 * @returns {Scan}
 */
export function readScan(mutations, residues) {
  const index = residueIndex(residues);
  const matrix = new Float32Array(residues.length * ORDER.length).fill(NaN);
  const row = new Map(CODES.map((code, j) => [code, j]));
  for (const m of mutations) {
    const j = row.get(m.mutant);
    for (const chain of [m.chain, ...(m.copies ?? [])]) {
      const i = index.get(`${chain} ${m.number}${m.insertion_code}`);
      if (i !== undefined && j !== undefined) matrix[i * ORDER.length + j] = valueOf(m);
    }
  }
  const means = Float32Array.from(residues, (_, i) => {
    const values = matrix.subarray(i * ORDER.length, (i + 1) * ORDER.length)
      .filter((v) => !Number.isNaN(v));
    return values.length ? values.reduce((a, b) => a + b, 0) / values.length : NaN;
  });
  const unit = unitOf(mutations);
  return { matrix, means, unit, scale: scaleOf(matrix, unit), meanScale: scaleOf(means, unit) };
}

/**
 * @param {import("./prediction.js").Residue[]} residues
 * @returns {Map<string, number>} index by chain, number and insertion code.
 */
export function residueIndex(residues) {
  return new Map(residues.map((r) => [`${r.chain} ${r.number}${r.insertionCode}`, r.index]));
}

/**
 * @param {Scan} scan
 * @param {import("./prediction.js").Residue} residue
 * @param {number} amino row of the map, -1 for none.
 * @returns {string} the mean score of a residue, and that of a substitution.
 */
export function describeScores({ matrix, means, unit }, { index, letter, number }, amino) {
  /** @type {[string, number][]} */
  const parts = [["mean score", means[index]]];
  if (amino >= 0 && ORDER[amino] !== letter) {
    parts.push([`${letter}${number}${ORDER[amino]}`, matrix[index * ORDER.length + amino]]);
  }
  return parts.filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ` · ${name} ${value.toFixed(1).replace("-", "−")} ${unit}`).join("");
}

/**
 * @param {Float32Array} values
 * @param {string} unit
 * @returns {(background: string) => Scale} a scale with its own end for each sign.
 */
function scaleOf(values, unit) {
  const end = (some) => {
    const sorted = [...some].sort((a, b) => a - b);
    return Math.max(0.2, sorted[Math.floor(WITHIN * (sorted.length - 1))] ?? 0);
  };
  const low = -end(values.filter((v) => v < 0).map((v) => -v));
  const high = end(values.filter((v) => v > 0));
  return (background) => ({ low, high, unit, shade: signedScale(background, low, high) });
}

/**
 * The mean score of every residue of the shown chain as bars, the whole chain in one view.
 * @param {Scan} scan
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @returns {HTMLElement}
 */
export function overview({ means, meanScale }, selection, chain) {
  const positionAt = (x) => Math.floor((x / view.element.clientWidth) * chain.indices.length);
  const draw = (pen, { width }) => {
    const { low, high, shade } = meanScale(themeColour("--heat-none"));
    const step = width / Math.max(1, chain.indices.length);
    const zero = HEIGHT * (high / (high - low));
    chain.indices.forEach((index, i) => {
      const value = Math.max(low, Math.min(high, means[index]));
      if (Number.isNaN(value)) return;
      const y = zero - (value / (high - low)) * HEIGHT;
      pen.fillStyle = shade(means[index] < 0 ? low : high);
      pen.fillRect(i * step, Math.min(y, zero), Math.max(1, step - 0.5),
        Math.max(1, Math.abs(y - zero)));
    });
    pen.fillStyle = themeColour("--edge");
    pen.fillRect(0, zero, width, 1);
    pen.strokeStyle = themeColour("--text");
    for (const index of [selection.pinned, selection.hovered]) {
      const position = chain.positionOf(index);
      if (position < 0) continue;
      pen.lineWidth = 1.5;
      pen.strokeRect(position * step - 1, 1, Math.max(3, step + 1), HEIGHT - 2);
    }
  };
  const view = new CanvasWindow({ class: "overview", role: "application", "data-testid": "overview",
    "aria-label": "Mean score of every residue. Arrow keys move, Enter selects." },
  (width) => ({ width, height: HEIGHT }), draw);
  addControls(view, selection, { chain, rows: 0, down: () => 1,
    find: ({ x }) => ({ index: chain.indices[positionAt(x)] ?? -1, amino: -1 }) });
  selection.addEventListener("change", () => view.refresh());
  chain.addEventListener("change", () => view.resize());
  return view.element;
}
