/**
 * Colours of probabilities and domains, and their legend.
 * @module colours
 */

import { el } from "./dom.js";
import { domainName } from "./domains.js";

/**
 * Probability of the wild-type amino acid, from orange (improbable) to blue (probable).
 * @type {[number, number[]][]}
 */
const STOPS = [
  [0, [184, 58, 16]], [0.05, [233, 128, 52]], [0.2, [245, 208, 116]], [0.5, [133, 184, 222]],
  [1, [28, 90, 160]],
];
/** Colours of domains, distinguishable with colour blindness (Okabe and Ito 2008). */
const DOMAINS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const NO_DOMAIN = "#b4bac4";
/**
 * Bands of pLDDT with the colours of AlphaFold DB, from the highest.
 * @type {[number, string, string][]}
 */
const BANDS = [
  [90, "#0053d6", "very high, over 90"], [70, "#65cbf3", "confident, over 70"],
  [50, "#ffdb13", "low, over 50"], [-1, "#ff7d45", "very low"],
];

/**
 * @param {number} p 0 to 1.
 * @returns {string} CSS colour.
 */
export function wildTypeColour(p) {
  let i = 1;
  while (i < STOPS.length - 1 && p > STOPS[i][0]) i += 1;
  const [low, from] = STOPS[i - 1];
  const [high, to] = STOPS[i];
  return mix(from, to, Math.min(1, Math.max(0, (p - low) / (high - low))));
}

/**
 * @param {number} index of the domain, -1 for none.
 * @returns {string}
 */
export function domainColour(index) {
  return index < 0 ? NO_DOMAIN : DOMAINS[index % DOMAINS.length];
}

/**
 * @param {?number} value pLDDT, 0 to 100; null for none.
 * @returns {string} CSS colour.
 */
export function plddtColour(value) {
  return value === null ? NO_DOMAIN : BANDS.find(([least]) => value > least)[1];
}

/**
 * Whether black text is more readable than white text on a colour (WCAG luminance).
 * @param {string} colour
 * @returns {boolean}
 */
export function isBright(colour) {
  const [r, g, b] = parts(colour).map((v) => (v / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18;
}

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {number} share of `to`, 0 to 1.
 * @returns {string}
 */
function mix(from, to, share) {
  return `rgb(${from.map((v, i) => Math.round(v + share * (to[i] - v))).join(", ")})`;
}

/**
 * A scale between two colours. The square root makes small values visible.
 * @param {string} none colour of 0.
 * @param {string} full colour of 1.
 * @returns {(value: number) => string}
 */
export function rootScale(none, full) {
  const [from, to] = [parts(none), parts(full)];
  const shades = Array.from({ length: 65 }, (_, i) => mix(from, to, i / 64));
  return (value) => shades[Math.round(64 * Math.sqrt(Math.min(1, Math.max(0, value))))];
}

/**
 * @param {string} colour "#rrggbb" or "rgb(r, g, b)".
 * @returns {number[]} red, green, blue.
 */
function parts(colour) {
  if (colour.startsWith("#")) {
    return [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16));
  }
  return colour.match(/\d+/g).slice(0, 3).map(Number);
}

/**
 * @param {string} colour
 * @returns {number} 0xrrggbb.
 */
export function colourNumber(colour) {
  const [r, g, b] = parts(colour);
  return (r << 16) | (g << 8) | b;
}

/**
 * The legend of a colour scheme.
 * @param {string} name "domain", "pLDDT" or "wild-type probability".
 * @param {{id: string, chain: string, chopping: string}[]} domains
 * @returns {HTMLElement}
 */
export function legend(name, domains) {
  if (name === "domain") {
    const parts = domains.slice(0, DOMAINS.length).map((d, i) =>
      swatch(domainColour(i), domainName(d)));
    const more = domains.length - parts.length;
    return el("div", { class: "legend" }, ...parts,
      more > 0 ? el("span", { class: "entry" }, `${more} more; colours repeat`) : null,
      swatch(NO_DOMAIN, "no domain"));
  }
  if (name === "pLDDT") {
    return el("div", { class: "legend" }, ...BANDS.map(([, colour, text]) => swatch(colour, text)));
  }
  return el("div", { class: "legend" },
    el("span", { class: "word" }, "improbable"),
    ...[0, 0.05, 0.2, 0.5, 1].map((p) => swatch(wildTypeColour(p), String(p))),
    el("span", { class: "word" }, "probable"));
}

/**
 * @param {string} colour
 * @param {string} text
 * @returns {HTMLElement}
 */
function swatch(colour, text) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  box.style.background = colour;
  return el("span", { class: "entry" }, box, text);
}
