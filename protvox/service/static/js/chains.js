/**
 * Chains of a prediction, which of them are identical, and the chain that is shown.
 * @module chains
 */

/** Share of the residues that identical chains have in common, at least. */
const SHARED = 0.9;

/**
 * @typedef {Object} Chain
 * @property {string} name
 * @property {number[]} indices of its residues.
 * @property {Map<string, string>} letters by residue number.
 * @property {number} first index of the first chain identical to this one; its own if none is.
 */

/**
 * @param {import("./prediction.js").Residue[]} residues
 * @returns {Chain[]} in file order.
 */
export function findChains(residues) {
  const found = new Map();
  for (const residue of residues) {
    let chain = found.get(residue.chain);
    if (!chain) {
      chain = { name: residue.chain, indices: [], letters: new Map(), first: found.size };
      found.set(residue.chain, chain);
    }
    chain.indices.push(residue.index);
    chain.letters.set(`${residue.number}${residue.insertionCode}`, residue.letter);
  }
  const chains = [...found.values()];
  chains.forEach((chain, i) => {
    const same = chains.slice(0, i).find((other, j) =>
      other.first === j && identical(chain, other));
    if (same) chain.first = same.first;
  });
  return chains;
}

/**
 * @param {Chain} a
 * @param {Chain} b
 * @returns {boolean} whether they have the same amino acids at the same numbers. Each may lack
 *   some residues.
 */
function identical(a, b) {
  let shared = 0;
  for (const [number, letter] of a.letters) {
    const other = b.letters.get(number);
    if (other === undefined) continue;
    if (other !== letter) return false;
    shared += 1;
  }
  return shared >= SHARED * Math.max(a.letters.size, b.letters.size);
}

/**
 * @typedef {Object} DomainGroup
 * @property {Object} domain the first of identical domains.
 * @property {number[]} indices of all of them.
 */

/**
 * Domains of identical chains with the same residues and the same answer, once, as on the command
 * line. The service names the first of them, also where no residue is predicted.
 * @param {{domains: Object[]}} prediction
 * @returns {DomainGroup[]}
 */
export function groupDomains({ domains }) {
  const groups = new Map();
  domains.forEach((domain, index) => {
    const { id, same_as: first, novel, architectures, superfamilies } = domain;
    // Without a known superfamily, the first of them is as good as chance.
    const key = JSON.stringify([first ?? id, novel ?? "", architectures[0]?.label,
      novel ? "" : superfamilies?.[0]?.label]);
    const same = groups.get(key);
    if (same) same.indices.push(index);
    else groups.set(key, { domain, indices: [index] });
  });
  return [...groups.values()];
}

/** The chain whose sequence is shown. Dispatches `change`. */
export class ChainView extends EventTarget {
  #chains;
  #shown = 0;
  #position = new Map();

  /** @param {import("./prediction.js").Residue[]} residues */
  constructor(residues) {
    super();
    this.#chains = findChains(residues);
    this.#index();
  }

  /** @returns {Chain[]} */
  get chains() {
    return this.#chains;
  }

  /** @returns {number} index of the shown chain. */
  get shown() {
    return this.#shown;
  }

  /** @returns {number[]} indices of the residues of the shown chain. */
  get indices() {
    return this.#chains[this.#shown]?.indices ?? [];
  }

  /**
   * @param {number} index of a residue.
   * @returns {number} its position in the shown chain, -1 if it is in another.
   */
  positionOf(index) {
    return this.#position.get(index) ?? -1;
  }

  /**
   * @param {number} index of a chain.
   */
  show(index) {
    if (index === this.#shown || !this.#chains[index]) return;
    this.#shown = index;
    this.#index();
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Show the chain of a residue.
   * @param {number} index of the residue.
   */
  reveal(index) {
    if (index < 0 || this.#position.has(index)) return;
    this.show(this.#chains.findIndex((chain) => chain.indices.includes(index)));
  }

  #index() {
    this.#position = new Map(this.indices.map((index, position) => [index, position]));
  }
}
