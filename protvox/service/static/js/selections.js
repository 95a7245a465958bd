/**
 * Selections of residues by chain and author number, with the same grammar as the service.
 *
 * `A` is a chain, `A:1-90` a range of it, `A:1-90,120-150` a domain of two segments. Ranges
 * without a chain refer to the only chain; `:1-20` and `:` refer to a chain with a blank name.
 * Numbers may be negative and have an insertion code.
 * @module selections
 */

/** A residue number, possibly negative, with its insertion code. */
const END = String.raw`(-?\d{1,9})([A-Za-z]?)`;
const RANGE = new RegExp(`^${END}-${END}$`);
const RESIDUE = new RegExp(`^${END}$`);

/**
 * @typedef {Object} Segment
 * @property {string|null} chain null for the only chain.
 * @property {[number, string]|null} first null for the whole chain.
 * @property {[number, string]|null} last
 */

/** An invalid selection. */
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
    const previous = segments.at(-1);
    if (item === ":") {
      segments.push({ chain: "", first: null, last: null });
    } else if (colon >= 0 && colon < item.length - 1) {
      segments.push(...readRanges(item.slice(0, colon), item.slice(colon + 1)));
    } else if (colon >= 0 || !item) {
      throw new SelectionError(`“${item || text}” is neither a chain nor a range`);
    } else if (item.split("_").every((part) => RANGE.test(part)) ||
        (previous?.first && RESIDUE.test(item))) {
      if (previous && !previous.first) throw new SelectionError(`“${item}” has no chain`);
      segments.push(...readRanges(previous?.chain ?? null, item));
    } else {
      segments.push({ chain: item, first: null, last: null });
    }
  }
  return segments;
}

/**
 * @param {string|null} chain
 * @param {string} text ranges or residues, separated by underscores.
 * @returns {Segment[]}
 */
function readRanges(chain, text) {
  return text.split("_").map((part) => {
    const range = RANGE.exec(part.trim());
    const single = RESIDUE.exec(part.trim());
    if (!range && !single) {
      throw new SelectionError(`“${part}” is not a range; enter the first and last residue, ` +
        "e.g. 1-90");
    }
    /** @type {[number, string]} */
    const first = range ? [Number(range[1]), range[2]] : [Number(single[1]), single[2]];
    /** @type {[number, string]} */
    const last = range ? [Number(range[3]), range[4]] : first;
    if (first[0] > last[0]) {
      throw new SelectionError(`“${part}” is reversed; enter ${last.join("")}-` +
        first.join(""));
    }
    return { chain, first, last };
  });
}

/**
 * @param {Segment} segment
 * @param {{chain: string, number: number, insertion_code: string}} residue
 * @returns {boolean} whether the segment contains the residue.
 */
export function contains({ chain, first, last }, residue) {
  if (chain !== residue.chain) return false;
  return !first || (compare(residue, first) >= 0 && compare(residue, last) <= 0);
}

/**
 * @param {{number: number, insertion_code: string}} residue
 * @param {[number, string]} end
 * @returns {number} negative if the residue comes first.
 */
function compare(residue, [number, code]) {
  if (residue.number !== number) return residue.number - number;
  return residue.insertion_code === code ? 0 : residue.insertion_code < code ? -1 : 1;
}
