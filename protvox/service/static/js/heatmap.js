/**
 * The heat map of the probability of each amino acid at every residue.
 * @module heatmap
 */

import { isBright, rootScale } from "./colours.js";
import { el } from "./dom.js";
import { ORDER } from "./prediction.js";
import { addControls } from "./controls.js";
import { CanvasWindow, themeColour } from "./window.js";

const CELL = 14;
const TOP = 18;
const ROWS = ORDER.length;
const EVERY = 10;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function heatMap(prediction, selection) {
  const { residues } = prediction;
  const size = { width: residues.length * CELL, height: TOP + ROWS * CELL };
  const box = (index) => ({ x: index * CELL, y: 0, width: CELL, height: size.height });
  let shade = null;
  let background = "";
  const draw = (pen, area) => {
    if (background !== themeColour("--heat-none")) {
      background = themeColour("--heat-none");
      shade = rootScale(background, themeColour("--heat-full"));
    }
    const first = Math.max(0, Math.floor(area.x / CELL));
    const last = Math.min(residues.length, Math.ceil((area.x + area.width) / CELL));
    drawCells(pen, prediction, shade, first, last);
    drawNumbers(pen, residues, first, last);
    outline(pen, selection);
  };
  const view = new CanvasWindow({ class: "heat", role: "application", "data-testid": "heatmap",
    "aria-label": "Probability of each amino acid at every residue. Arrow keys move, " +
      "Enter selects.",
  }, () => size, draw);
  addControls(view, selection, { count: residues.length, rows: ROWS, down: () => 0,
    find: ({ x, y }) => {
      const index = Math.floor(x / CELL);
      const amino = Math.floor((y - TOP) / CELL);
      const inside = index >= 0 && index < residues.length;
      return { index: inside ? index : -1, amino: amino >= 0 && amino < ROWS ? amino : -1 };
    } });
  selection.addEventListener("change", () => {
    if (selection.current >= 0 && !view.element.matches(":hover")) {
      view.reveal(box(selection.current));
    }
    view.refresh();
  });
  const letters = el("div", { class: "letters", "aria-hidden": "true" },
    ...ORDER.map((letter) => el("span", {}, letter)));
  return el("div", { class: "heatmap" }, letters, view.element);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Prediction} prediction
 * @param {(p: number) => string} shade
 * @param {number} first
 * @param {number} last
 */
function drawCells(pen, { residues, matrix }, shade, first, last) {
  for (let i = first; i < last; i += 1) {
    for (let j = 0; j < ROWS; j += 1) {
      const colour = shade(matrix[i * ROWS + j]);
      pen.fillStyle = colour;
      pen.fillRect(i * CELL, TOP + j * CELL, CELL - 1, CELL - 1);
      if (ORDER[j] === residues[i].letter) {
        pen.fillStyle = isBright(colour) ? "#10151c" : "#ffffff";
        pen.beginPath();
        pen.arc(i * CELL + (CELL - 1) / 2, TOP + j * CELL + (CELL - 1) / 2, 2.6, 0, 7);
        pen.fill();
      }
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./prediction.js").Residue[]} residues
 * @param {number} first
 * @param {number} last
 */
function drawNumbers(pen, residues, first, last) {
  pen.fillStyle = themeColour("--quiet");
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  let nextFree = -1;
  for (let i = Math.max(0, first - 5); i < last; i += 1) {
    const { chain, number } = residues[i];
    const isStart = i === 0 || residues[i - 1].chain !== chain;
    if (!isStart && (number % EVERY || i < nextFree)) continue;
    pen.fillText(isStart && chain ? `${chain}:${number}` : String(number), i * CELL, TOP / 2);
    nextFree = i + 4;
    if (isStart && i) pen.fillRect(i * CELL - 1, 0, 1, TOP + ROWS * CELL);
  }
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./selection.js").Selection} selection
 */
function outline(pen, selection) {
  pen.strokeStyle = themeColour("--text");
  for (const index of [selection.pinned, selection.hovered]) {
    if (index < 0) continue;
    pen.lineWidth = 1.5;
    pen.strokeRect(index * CELL - 0.5, TOP - 0.5, CELL, ROWS * CELL);
  }
  if (selection.hovered >= 0 && selection.amino >= 0) {
    pen.lineWidth = 2.5;
    pen.strokeRect(selection.hovered * CELL - 0.5, TOP + selection.amino * CELL - 0.5, CELL, CELL);
  }
}
