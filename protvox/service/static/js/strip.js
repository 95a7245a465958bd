/**
 * The sequence of a chain, in the colours of the structure.
 * @module strip
 */

import { isBright } from "./colours.js";
import { addControls } from "./controls.js";
import { isNumbered } from "./heatmap.js";
import { CanvasWindow, themeColour } from "./window.js";

const CELL = 13;
const LINE = 34;
const TOP = 14;
const LETTER = 18;
const GROUP = 10;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @param {import("./colouring.js").Colouring} colouring
 * @returns {HTMLElement}
 */
export function sequenceStrip({ residues }, selection, chain, colouring) {
  let perLine = GROUP;
  const measure = (width) => {
    perLine = Math.max(GROUP, Math.floor(width / CELL / GROUP) * GROUP);
    return { width: Math.min(perLine, chain.indices.length) * CELL,
      height: Math.ceil(chain.indices.length / perLine) * LINE };
  };
  const box = (position) => ({ x: (position % perLine) * CELL,
    y: Math.floor(position / perLine) * LINE, width: CELL, height: LINE });
  const draw = (pen, { y, height }) => {
    const shown = chain.indices.map((index) => residues[index]);
    const first = Math.max(0, Math.floor(y / LINE) * perLine);
    const last = Math.min(shown.length, (Math.floor((y + height) / LINE) + 1) * perLine);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let i = first; i < last; i += 1) {
      const numbered = i % perLine === 0 ||
        (isNumbered(shown, i) && i % perLine > 3 && i % perLine < perLine - 2);
      drawResidue(pen, shown[i], colouring.colourOf(shown[i]), box(i), numbered);
    }
    outline(pen, selection, chain, box);
  };
  const view = new CanvasWindow({ class: "strip", role: "application", "data-testid": "strip",
    "aria-label": "Sequence. Arrow keys move, Enter selects." }, measure, draw);
  addControls(view, selection, { chain, rows: 0, down: () => perLine,
    find: ({ x, y }) => {
      const column = Math.floor(x / CELL);
      const inside = column >= 0 && column < perLine && y >= 0;
      const position = Math.floor(y / LINE) * perLine + column;
      return { index: inside ? chain.indices[position] ?? -1 : -1, amino: -1 };
    } });
  selection.addEventListener("change", () => {
    const position = chain.positionOf(selection.current);
    if (position >= 0 && !view.element.matches(":hover")) view.reveal(box(position));
    view.refresh();
  });
  chain.addEventListener("change", () => view.resize());
  colouring.addEventListener("change", () => view.refresh());
  return view.element;
}

/**
 * Draw a letter, and a number above some of them.
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Residue} residue
 * @param {string} colour
 * @param {{x: number, y: number}} at
 * @param {boolean} numbered
 */
function drawResidue(pen, residue, colour, { x, y }, numbered) {
  pen.fillStyle = colour;
  pen.fillRect(x, y + TOP, CELL - 1, LETTER);
  pen.fillStyle = isBright(colour) ? "#10151c" : "#ffffff";
  pen.font = "12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
  pen.fillText(residue.letter, x + (CELL - 1) / 2, y + TOP + LETTER / 2 + 0.5);
  if (numbered) {
    pen.fillStyle = themeColour("--quiet");
    pen.font = "10px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.fillText(String(residue.number), x, y + 7);
    pen.textAlign = "center";
  }
}

/**
 * Draw frames around the selected and the hovered residue.
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./selection.js").Selection} selection
 * @param {import("./chains.js").ChainView} chain
 * @param {(position: number) => {x: number, y: number}} box
 */
function outline(pen, selection, chain, box) {
  for (const index of [selection.pinned, selection.hovered]) {
    const position = chain.positionOf(index);
    if (position < 0) continue;
    const { x, y } = box(position);
    pen.strokeStyle = themeColour("--text");
    pen.lineWidth = 2;
    pen.strokeRect(x - 0.5, y + TOP - 1, CELL, LETTER + 2);
  }
}
