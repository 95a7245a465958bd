/**
 * Which residue of the answer an atom belongs to, and the colours of the residues.
 *
 * A plain script: the frame is sandboxed and of no origin, where modules cannot be loaded.
 */
"use strict";

/** Colour of what the answer says nothing about. */
const UNKNOWN = 0xb4bac4;

class Residues {
  #index = new Map();
  #ofModel = new WeakMap();
  #names;
  #places;

  /**
   * @param {{chain: string[], number: number[], code: string[]}} places of the residues, in the
   *   order of the answer, by author numbers.
   * @param {number[]} colours 0xrrggbb each.
   */
  constructor(places, colours) {
    this.#places = places;
    this.#names = new Set(places.chain);
    this.colours = colours;
    places.chain.forEach((chain, i) => {
      this.#index.set(`${chain} ${places.number[i]} ${places.code[i]}`, i);
    });
  }

  /**
   * @param {*} location of an atom or a bond.
   * @returns {number} place in the answer, -1 if it has none.
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
    let place = known.get(residue);
    if (place === undefined) {
      place = this.#find(unit.model.atomicHierarchy, element, residue);
      known.set(residue, place);
    }
    return place;
  }

  #find(hierarchy, element, residue) {
    const { auth_asym_id: author, label_asym_id: label } = hierarchy.chains;
    const place = hierarchy.chainAtomSegments.index[element];
    const name = author.value(place);
    // A chain without a name gets that of the label from the viewer.
    const chain = name !== label.value(place) || this.#names.has(name) ? name : "";
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
   * What selects a residue in the viewer.
   * @param {number} index
   */
  schemaOf(index) {
    const { chain, number, code } = this.#places;
    const schema = { auth_seq_id: number[index] };
    if (chain[index]) schema.auth_asym_id = chain[index];
    return code[index] ? { ...schema, pdbx_PDB_ins_code: code[index] } : schema;
  }
}
