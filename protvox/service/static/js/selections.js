/**
 * Residues chosen by chain and author numbers: the grammar of the service, read the same way.
 *
 * `A` is a chain, `A:1-90` a range of it, `A:1-90,120-150` one domain of two pieces; ranges without
 * a chain mean the only one. Numbers may be negative and carry an insertion code.
 * @module selections
 */

/** A residue number with its insertion code; the minus of a negative number is its own. */
const END = String.raw`(-?\d{1,9})([A-Za-z]?)`;
const RANGE = new RegExp(`^${END}-${END}$`);
const RESIDUE = new RegExp(`^${END}$`);

/**
 * @typedef {Object} Segment
 * @property {string|null} chain null for the only one.
 * @property {[number, string]|null} first null for all of the chain.
 * @property {[number, string]|null} last
 */

/** Why a selection cannot be read. */
export class SelectionError extends Error {}

/**
 * Read a selection.
 * @param {string} text
 * @returns {Segment[]}
 * @throws {SelectionError}
 */
export function readSelection(text) {
  const segments = [];
  for (const item of text.trim().split(",").map((part) => part.trim())) {
    const colon = item.lastIndexOf(":");
    const before = segments.at(-1);
    if (colon > 0 && colon < item.length - 1) {
      segments.push(...readRanges(item.slice(0, colon), item.slice(colon + 1)));
    } else if (colon >= 0 || !item) {
      throw new SelectionError(`“${item || text}” is no chain and no range`);
    } else if (item.split("_").every((part) => RANGE.test(part)) ||
        (before?.first && RESIDUE.test(item))) {
      if (before && !before.first) throw new SelectionError(`“${item}” has no chain`);
      segments.push(...readRanges(before?.chain ?? null, item));
    } else {
      segments.push({ chain: item, first: null, last: null });
    }
  }
  return segments;
}

/**
 * @param {string|null} chain
 * @param {string} text ranges or residues between low lines.
 * @returns {Segment[]}
 */
function readRanges(chain, text) {
  return text.split("_").map((part) => {
    const range = RANGE.exec(part.trim());
    const single = RESIDUE.exec(part.trim());
    if (!range && !single) {
      throw new SelectionError(`“${part}” is no range; write the first and the last residue, ` +
        "such as 1-90");
    }
    const [first, last] = range
      ? [[Number(range[1]), range[2]], [Number(range[3]), range[4]]]
      : [[Number(single[1]), single[2]], [Number(single[1]), single[2]]];
    if (first[0] > last[0]) {
      throw new SelectionError(`“${part}” runs backwards; write ${last.join("")}-` +
        first.join(""));
    }
    return { chain, first, last };
  });
}

/**
 * @param {Segment} segment
 * @param {{chain: string, number: number, insertion_code: string}} residue
 * @returns {boolean} whether the residue lies in it.
 */
export function holds({ chain, first, last }, residue) {
  if (chain !== residue.chain) return false;
  return !first || (compare(residue, first) >= 0 && compare(residue, last) <= 0);
}

/**
 * @param {{number: number, insertion_code: string}} residue
 * @param {[number, string]} end
 * @returns {number} negative if the residue comes before.
 */
function compare(residue, [number, code]) {
  if (residue.number !== number) return residue.number - number;
  return residue.insertion_code === code ? 0 : residue.insertion_code < code ? -1 : 1;
}
