/**
 * Which residues belong to which domain.
 * @module domains
 */

/** A residue number with its insertion code; the minus of a negative number is its own. */
const END = String.raw`-?\d+[A-Za-z]?`;
const SEGMENT = new RegExp(`^(${END})-(${END})$`);

/**
 * Find the domain of a residue.
 * @param {{chain: string, chopping: string}[]} domains
 * @param {{chain: string, number: number, insertion_code: string}} residue
 * @returns {number} place in the list, -1 if it is in none.
 */
export function memberOf(domains, residue) {
  return domains.findIndex((domain) => domain.chain === residue.chain &&
    (domain.chopping === "" || domain.chopping.split(",").some((s) => isWithin(residue, s))));
}

/**
 * @param {{number: number, insertion_code: string}} residue
 * @param {string} segment "1-90" or "1A-90"; a single residue is "45".
 * @returns {boolean}
 */
function isWithin(residue, segment) {
  const ends = SEGMENT.exec(segment);
  const [first, last] = ends ? [ends[1], ends[2]] : [segment, segment];
  return compare(residue, first) >= 0 && compare(residue, last) <= 0;
}

/**
 * @param {{number: number, insertion_code: string}} residue
 * @param {string} end
 * @returns {number} negative if the residue comes before.
 */
function compare(residue, end) {
  const code = /[A-Za-z]$/.test(end) ? end.slice(-1) : "";
  const difference = residue.number - Number(code ? end.slice(0, -1) : end);
  if (difference) return difference;
  return residue.insertion_code === code ? 0 : residue.insertion_code < code ? -1 : 1;
}
