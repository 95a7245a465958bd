/**
 * The sequence, coloured by the probability of the wild-type amino acids.
 * @module strip
 */

import { isBright, wildTypeColour } from "./colours.js";
import { addControls } from "./controls.js";
import { CanvasWindow, themeColour } from "./window.js";

const CELL = 13;
const LINE = 34;
const TOP = 14;
const LETTER = 18;
const GROUP = 10;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function sequenceStrip({ residues }, selection) {
  let perLine = GROUP;
  const lineOf = (index) => Math.floor(index / perLine);
  const measure = (width) => {
    perLine = Math.max(GROUP, Math.floor(width / CELL / GROUP) * GROUP);
    return { width: Math.min(perLine, residues.length) * CELL,
      height: Math.ceil(residues.length / perLine) * LINE };
  };
  const box = (index) => ({ x: (index % perLine) * CELL, y: lineOf(index) * LINE, width: CELL,
    height: LINE });
  const draw = (pen, { y, height }) => {
    const first = Math.max(0, Math.floor(y / LINE) * perLine);
    const last = Math.min(residues.length, (Math.floor((y + height) / LINE) + 1) * perLine);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let i = first; i < last; i += 1) drawResidue(pen, residues, i, box(i), perLine);
    outline(pen, selection, box);
  };
  const view = new CanvasWindow({ class: "strip", role: "application", "data-testid": "strip",
    "aria-label": "Sequence. Arrow keys move, Enter selects." }, measure, draw);
  addControls(view, selection, { count: residues.length, rows: 0, down: () => perLine,
    find: ({ x, y }) => {
      const column = Math.floor(x / CELL);
      const index = Math.floor(y / LINE) * perLine + column;
      const inside = column >= 0 && column < perLine && index >= 0 && index < residues.length;
      return { index: inside ? index : -1, amino: -1 };
    } });
  selection.addEventListener("change", () => {
    if (selection.current >= 0 && !view.element.matches(":hover")) {
      view.reveal(box(selection.current));
    }
    view.refresh();
  });
  return view.element;
}

/**
 * Draw a letter, and a number above some of them.
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Residue[]} residues
 * @param {number} i
 * @param {{x: number, y: number}} at
 * @param {number} perLine
 */
function drawResidue(pen, residues, i, { x, y }, perLine) {
  const residue = residues[i];
  const colour = wildTypeColour(residue.p);
  pen.fillStyle = colour;
  pen.fillRect(x, y + TOP, CELL - 1, LETTER);
  pen.fillStyle = isBright(colour) ? "#10151c" : "#ffffff";
  pen.font = "12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
  pen.fillText(residue.letter, x + (CELL - 1) / 2, y + TOP + LETTER / 2 + 0.5);
  const isStart = i === 0 || residues[i - 1].chain !== residue.chain;
  if (isStart || i % perLine === 0 || (i % GROUP === 0 && !nearStart(residues, i))) {
    pen.fillStyle = themeColour("--quiet");
    pen.font = "10px system-ui, sans-serif";
    pen.textAlign = "left";
    const chain = isStart && residue.chain ? `${residue.chain}:` : "";
    pen.fillText(`${chain}${residue.number}`, x, y + 7);
    pen.textAlign = "center";
  }
}

/**
 * @param {import("./prediction.js").Residue[]} residues
 * @param {number} i
 * @returns {boolean} whether a chain starts so close that the numbers would overlap.
 */
function nearStart(residues, i) {
  const { chain } = residues[i];
  return residues[Math.max(0, i - 4)].chain !== chain ||
    residues[Math.min(residues.length - 1, i + 3)].chain !== chain;
}

/**
 * Draw frames around the selected and the hovered residue.
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./selection.js").Selection} selection
 * @param {(index: number) => {x: number, y: number}} box
 */
function outline(pen, selection, box) {
  for (const index of [selection.pinned, selection.hovered]) {
    if (index < 0) continue;
    const { x, y } = box(index);
    pen.strokeStyle = themeColour("--text");
    pen.lineWidth = 2;
    pen.strokeRect(x - 0.5, y + TOP - 1, CELL, LETTER + 2);
  }
}
