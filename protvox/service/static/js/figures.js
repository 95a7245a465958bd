/**
 * The heat map as an SVG or PNG figure, with residues in panels from top to bottom.
 * @module figures
 */

import { rootScale } from "./colours.js";
import { ORDER } from "./prediction.js";

const SVG = "http://www.w3.org/2000/svg";
const CELL = 10;
const LEFT = 28;
const TOP = 34;
const PANEL = 100;
const GAP = 26;
const FULL = "#12355f";
const NONE = "#f3f5f8";
const MAX_PIXELS = 16_000;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {Blob} SVG image.
 */
export function heatMapSvg(prediction) {
  return new Blob([new XMLSerializer().serializeToString(draw(prediction))],
    { type: "image/svg+xml" });
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {Promise<Blob>} PNG image at double size, unless that is too large for a browser.
 */
export async function heatMapPng(prediction) {
  const address = URL.createObjectURL(heatMapSvg(prediction));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(2, MAX_PIXELS / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(image.width * scale);
    canvas.height = Math.floor(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("the image is too large for this browser"));
    }, "image/png"));
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {string} name
 * @param {Object<string, string|number>} attributes
 * @param {string} [text]
 * @returns {SVGElement}
 */
function node(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {SVGElement}
 */
function draw({ input, residues, matrix, models }) {
  const panels = Math.ceil(residues.length / PANEL);
  const tall = ORDER.length * CELL + GAP;
  const width = LEFT + Math.min(PANEL, residues.length) * CELL + 10;
  const height = TOP + panels * tall;
  const root = node("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}`,
    "font-family": "sans-serif", "font-size": 9 });
  root.append(node("rect", { width, height, fill: "#ffffff" }),
    node("text", { x: LEFT, y: 14, "font-size": 12 }, `${input.name}: probability of each amino ` +
      `acid (${models.environment ?? ""}); dots mark the wild type`));
  const shade = rootScale(NONE, FULL);
  // One path per shade; the file is ten times smaller than with one element per cell.
  const paths = new Map();
  let dots = "";
  residues.forEach((residue, i) => {
    const x = LEFT + (i % PANEL) * CELL;
    const y = TOP + Math.floor(i / PANEL) * tall;
    for (let j = 0; j < ORDER.length; j += 1) {
      const colour = shade(matrix[i * ORDER.length + j]);
      const cell = `M${x} ${y + j * CELL}h${CELL}v${CELL}h-${CELL}z`;
      paths.set(colour, (paths.get(colour) ?? "") + cell);
      if (ORDER[j] === residue.letter) dots += `M${x + 3.5} ${y + j * CELL + 5}h3`;
    }
    const isStart = i === 0 || residues[i - 1].chain !== residue.chain;
    if (isStart || i % 10 === 0) {
      root.append(node("text", { x, y: y - 3 },
        isStart && residue.chain ? `${residue.chain}:${residue.number}` : String(residue.number)));
    }
    if (i % PANEL === 0) {
      ORDER.forEach((letter, j) => root.append(
        node("text", { x: LEFT - 12, y: y + j * CELL + 8 }, letter)));
    }
  });
  for (const [colour, d] of paths) root.append(node("path", { d, fill: colour }));
  root.append(node("path", { d: dots, stroke: "#d55e00", "stroke-width": 3 }));
  return root;
}
