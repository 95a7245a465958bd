/**
 * A heat map: every residue of a chain against every amino acid.
 * @module heatmap
 */

import { isBright } from "./colours.js";
import { addControls } from "./controls.js";
import { el } from "./dom.js";
import { ORDER } from "./prediction.js";
import { CanvasWindow, themeColour } from "./window.js";

const CELL = 14;
const TOP = 18;
const ROWS = ORDER.length;
const EVERY = 10;

/**
 * @param {Object} content
 * @param {import("./prediction.js").Residue[]} content.residues
 * @param {ArrayLike<number>} content.matrix residues x 20, in the order of `ORDER`.
 * @param {() => (value: number) => string} content.scale returns the colours of values in the
 *   present theme.
 * @param {string} content.label
 * @param {string} content.id for tests.
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @returns {HTMLElement}
 */
export function heatMap({ residues, matrix, scale, label, id }, selection, chain) {
  let shade = null;
  let background = "";
  const box = (position) => ({ x: position * CELL, y: 0, width: CELL, height: TOP + ROWS * CELL });
  const draw = (pen, area) => {
    if (background !== themeColour("--heat-none")) {
      background = themeColour("--heat-none");
      shade = scale();
    }
    const first = Math.max(0, Math.floor(area.x / CELL));
    const last = Math.min(chain.indices.length, Math.ceil((area.x + area.width) / CELL));
    for (let i = first; i < last; i += 1) {
      drawColumn(pen, residues[chain.indices[i]], matrix, shade, i * CELL);
    }
    drawNumbers(pen, chain.indices.map((index) => residues[index]), first, last);
    outline(pen, selection, chain);
  };
  const view = new CanvasWindow({ class: "heat", role: "application", "data-testid": id,
    "aria-label": `${label}. Arrow keys move, Enter selects.` },
  () => ({ width: chain.indices.length * CELL, height: TOP + ROWS * CELL }), draw);
  addControls(view, selection, { chain, rows: ROWS, down: () => 0,
    find: ({ x, y }) => {
      const amino = Math.floor((y - TOP) / CELL);
      return { index: chain.indices[Math.floor(x / CELL)] ?? -1,
        amino: amino >= 0 && amino < ROWS ? amino : -1 };
    } });
  selection.addEventListener("change", () => {
    const position = chain.positionOf(selection.current);
    if (position >= 0 && !view.element.matches(":hover")) view.reveal(box(position));
    view.refresh();
  });
  chain.addEventListener("change", () => view.resize());
  const letters = el("div", { class: "letters", "aria-hidden": "true" },
    ...ORDER.map((letter) => el("span", {}, letter)));
  return el("div", { class: "heatmap" }, letters, view.element);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Residue} residue
 * @param {ArrayLike<number>} matrix
 * @param {(value: number) => string} shade
 * @param {number} x
 */
function drawColumn(pen, residue, matrix, shade, x) {
  for (let j = 0; j < ROWS; j += 1) {
    const value = matrix[residue.index * ROWS + j];
    const own = ORDER[j] === residue.letter;
    const colour = Number.isNaN(value) ? themeColour("--heat-none") : shade(value);
    pen.fillStyle = colour;
    pen.fillRect(x, TOP + j * CELL, CELL - 1, CELL - 1);
    if (own) {
      pen.fillStyle = isBright(colour) ? "#10151c" : "#ffffff";
      pen.beginPath();
      pen.arc(x + (CELL - 1) / 2, TOP + j * CELL + (CELL - 1) / 2, 2.6, 0, 7);
      pen.fill();
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Residue[]} residues of the shown chain.
 * @param {number} first
 * @param {number} last
 */
function drawNumbers(pen, residues, first, last) {
  pen.fillStyle = themeColour("--quiet");
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (let i = Math.max(0, first - 5); i < last; i += 1) {
    if (isNumbered(residues, i)) pen.fillText(String(residues[i].number), i * CELL, TOP / 2);
  }
}

/**
 * Whether the number of a residue is written: the first, and every tenth that is not close to it.
 * @param {import("./prediction.js").Residue[]} residues of a chain.
 * @param {number} i
 * @returns {boolean}
 */
export function isNumbered(residues, i) {
  if (i === 0) return true;
  const { number, insertionCode } = residues[i];
  return number % EVERY === 0 && !insertionCode && i > 3;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 */
function outline(pen, selection, chain) {
  pen.strokeStyle = themeColour("--text");
  for (const index of [selection.pinned, selection.hovered]) {
    const position = chain.positionOf(index);
    if (position < 0) continue;
    pen.lineWidth = 1.5;
    pen.strokeRect(position * CELL - 0.5, TOP - 0.5, CELL, ROWS * CELL);
    if (index === selection.hovered && selection.amino >= 0) {
      pen.lineWidth = 2.5;
      pen.strokeRect(position * CELL - 0.5, TOP + selection.amino * CELL - 0.5, CELL, CELL);
    }
  }
}
