/**
 * Legends of the colours.
 * @module legends
 */

import { BANDS, domainColour, N_DOMAIN_COLOURS, NO_COLOUR, PROBABILITIES,
  wildTypeColour } from "./colours.js";
import { el } from "./dom.js";
import { domainName } from "./domains.js";

/**
 * @param {import("./chains.js").DomainGroup[]} groups
 * @param {boolean} rest whether residues belong to no domain.
 * @returns {HTMLElement}
 */
export function domainLegend(groups, rest) {
  const parts = groups.slice(0, N_DOMAIN_COLOURS).map(({ domain, indices }, i) =>
    swatch(domainColour(i),
      domainName(domain) + (indices.length > 1 ? ` × ${indices.length}` : "")));
  const more = groups.length - parts.length;
  return el("div", { class: "legend" }, ...parts,
    more > 0 ? el("span", { class: "entry" }, `${more} more; colours repeat`) : null,
    rest ? swatch(NO_COLOUR, "no domain") : null);
}

/** @returns {HTMLElement} */
export function plddtLegend() {
  return el("div", { class: "legend" }, ...BANDS.map(([, colour, text]) => swatch(colour, text)));
}

/** @returns {HTMLElement} */
export function probabilityLegend() {
  return ramp("improbable", "probable", PROBABILITIES.map(String),
    PROBABILITIES.map(wildTypeColour));
}

/**
 * @param {import("./scan.js").Scale} scale of the scores.
 * @returns {HTMLElement}
 */
export function scoreLegend({ low, high, shade, unit }) {
  const values = [low, low / 2, 0, high / 2, high];
  return ramp("stabilising", "destabilising",
    values.map((value, i) => (i % 2 ? "" : `${format(value)}${i === 4 ? ` ${unit}` : ""}`)),
    values.map(shade));
}

/**
 * A continuous scale with words at both ends.
 * @param {string} low
 * @param {string} high
 * @param {string[]} ticks evenly spaced.
 * @param {string[]} colours of the ticks.
 * @returns {HTMLElement}
 */
function ramp(low, high, ticks, colours) {
  const bar = el("span", { class: "ramp", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`;
  return el("div", { class: "legend scale" }, el("span", { class: "word" }, low),
    el("span", { class: "ticked" }, bar,
      el("span", { class: "ticks" }, ...ticks.map((tick) => el("span", {}, tick)))),
    el("span", { class: "word" }, high));
}

/**
 * @param {number} value
 * @returns {string}
 */
function format(value) {
  const text = Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
  return text.replace("-", "−");
}

/**
 * @param {string} colour
 * @param {string} text
 * @returns {HTMLElement}
 */
export function swatch(colour, text) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  box.style.background = colour;
  return el("span", { class: "entry" }, box, text);
}
