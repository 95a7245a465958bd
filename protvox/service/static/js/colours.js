/**
 * Colours of probabilities, scores, confidences and domains.
 * @module colours
 */

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
/** Share of white in the colours of identical domains of other chains. */
const PALER = [0, 0.4, 0.25, 0.55];
/** Colour of what has no domain, pLDDT or score. */
export const NO_COLOUR = "#b4bac4";
/**
 * Bands of pLDDT with the colours of AlphaFold DB, from the highest.
 * @type {[number, string, string][]}
 */
export const BANDS = [
  [90, "#0053d6", "very high, over 90"], [70, "#65cbf3", "confident, over 70"],
  [50, "#ffdb13", "low, over 50"], [-1, "#ff7d45", "very low"],
];
/** Scores of mutations: stabilising, destabilising. */
const STABILISING = [24, 92, 150];
const DESTABILISING = [178, 52, 16];

/** Probabilities at the ends of the segments of their scale. */
export const PROBABILITIES = STOPS.map(([p]) => p);

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

/** Number of colours of domains; then they repeat. */
export const N_DOMAIN_COLOURS = DOMAINS.length;

/**
 * @param {number} group index of the group of identical domains, -1 for none.
 * @param {number} [copy] index in the group; copies are paler.
 * @returns {string}
 */
export function domainColour(group, copy = 0) {
  if (group < 0) return NO_COLOUR;
  const colour = DOMAINS[group % DOMAINS.length];
  const paler = PALER[copy % PALER.length];
  return paler ? mix(parts(colour), [255, 255, 255], paler) : colour;
}

/**
 * @param {?number} value pLDDT, 0 to 100; null for none.
 * @returns {string} CSS colour.
 */
export function plddtColour(value) {
  return value === null ? NO_COLOUR : BANDS.find(([least]) => value > least)[1];
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
  const shades = shadesBetween(parts(none), parts(full));
  return (value) => shades[Math.round(64 * Math.sqrt(Math.min(1, Math.max(0, value))))];
}

/**
 * A scale of scores with its own range for each sign.
 * @param {string} none colour of 0.
 * @param {number} low score of the strongest stabilising colour, negative.
 * @param {number} high score of the strongest destabilising colour.
 * @returns {(value: number) => string}
 */
export function signedScale(none, low, high) {
  const [down, up] = [STABILISING, DESTABILISING].map((to) => shadesBetween(parts(none), to));
  return (value) => {
    if (!Number.isFinite(value)) return NO_COLOUR;
    const share = value < 0 ? value / low : value / high;
    return (value < 0 ? down : up)[Math.round(64 * Math.min(1, share))];
  };
}

/**
 * @param {number[]} from
 * @param {number[]} to
 * @returns {string[]} 65 colours.
 */
function shadesBetween(from, to) {
  return Array.from({ length: 65 }, (_, i) => mix(from, to, i / 64));
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
