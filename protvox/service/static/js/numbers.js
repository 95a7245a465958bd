/**
 * Formats numbers.
 * @module numbers
 */

/**
 * A probability with two significant digits.
 * @param {number|null} p 0 to 1.
 * @returns {string}
 */
export function probability(p) {
  if (p === null || !Number.isFinite(p)) return "–";
  if (p < 0.001) return "< 0.001";
  if (p >= 0.995) return "> 0.99";
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/**
 * Odds, "12 : 1".
 * @param {number} ratio
 * @returns {string}
 */
export function odds(ratio) {
  if (!Number.isFinite(ratio)) return "–";
  return `${ratio >= 1000 ? "> 1000" : ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)} : 1`;
}

/**
 * A whole number with separators.
 * @param {number} n
 * @returns {string}
 */
export function count(n) {
  return n.toLocaleString("en");
}
