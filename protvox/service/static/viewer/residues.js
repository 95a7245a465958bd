/**
 * Maps atoms to residues of the prediction and their colours.
 *
 * A plain script, since modules cannot be loaded in a sandboxed frame without an origin.
 */
"use strict";

/** Colour of residues without a prediction. */
const UNKNOWN = 0xb4bac4;

class Residues {
  #index = new Map();
  #ofModel = new WeakMap();
  #names;
  #addresses;

  /**
   * @param {{chain: string[], number: number[], code: string[]}} addresses author chain, number and
   *   insertion code of the residues of the prediction.
   * @param {number[]} colours 0xrrggbb each.
   */
  constructor(addresses, colours) {
    this.#addresses = addresses;
    this.#names = new Set(addresses.chain);
    this.colours = colours;
    addresses.chain.forEach((chain, i) => {
      this.#index.set(`${chain} ${addresses.number[i]} ${addresses.code[i]}`, i);
    });
  }

  /**
   * @param {*} location of an atom or a bond.
   * @returns {number} index of the residue, -1 if it has no prediction.
   */
  indexOf(location) {
    let { unit, element } = location;
    if (location.kind === "bond-location") {
      unit = location.aUnit;
      element = unit.elements[location.aIndex];
    }
    if (!unit?.residueIndex) return -1;
    const residue = unit.residueIndex[element];
    let known = this.#ofModel.get(unit.model);
    if (!known) {
      known = new Map();
      this.#ofModel.set(unit.model, known);
    }
    let index = known.get(residue);
    if (index === undefined) {
      index = this.#find(unit.model.atomicHierarchy, element, residue);
      known.set(residue, index);
    }
    return index;
  }

  #find(hierarchy, element, residue) {
    const { auth_asym_id: author, label_asym_id: label } = hierarchy.chains;
    const segment = hierarchy.chainAtomSegments.index[element];
    const name = author.value(segment);
    // The viewer gives a chain without an author name that of its label.
    const chain = name !== label.value(segment) || this.#names.has(name) ? name : "";
    const number = hierarchy.residues.auth_seq_id.value(residue);
    const code = hierarchy.residues.pdbx_PDB_ins_code.value(residue);
    return this.#index.get(`${chain} ${number} ${code}`) ?? -1;
  }

  /**
   * @param {*} location
   * @returns {number} 0xrrggbb.
   */
  colourOf(location) {
    return this.colours[this.indexOf(location)] ?? UNKNOWN;
  }

  /**
   * The schema that selects a residue in the viewer.
   * @param {number} index
   */
  schemaOf(index) {
    const { chain, number, code } = this.#addresses;
    const schema = { auth_seq_id: number[index] };
    if (chain[index]) schema.auth_asym_id = chain[index];
    return code[index] ? { ...schema, pdbx_PDB_ins_code: code[index] } : schema;
  }
}
