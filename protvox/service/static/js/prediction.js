/**
 * A prediction (protvox.classify/1), in the form used by the page.
 * @module prediction
 */

import { Problem } from "./api.js";
import { membership } from "./domains.js";

/** Amino acids from top to bottom of the heat map, grouped by similarity. */
export const ORDER = [..."GAVLIMCPFWYSTNQHKRDE"];

/** Odds from which a residue is suspicious, as on the command line. */
export const MARKED = 10;

const THREE_TO_ONE = Object.freeze({
  ALA: "A", ARG: "R", ASN: "N", ASP: "D", CYS: "C", GLN: "Q", GLU: "E", GLY: "G", HIS: "H",
  ILE: "I", LEU: "L", LYS: "K", MET: "M", PHE: "F", PRO: "P", SER: "S", THR: "T", TRP: "W",
  TYR: "Y", VAL: "V",
});

/** Three-letter codes in the order of `ORDER`. */
export const CODES = ORDER.map((one) =>
  Object.keys(THREE_TO_ONE).find((three) => THREE_TO_ONE[three] === one));

/**
 * @typedef {Object} Residue
 * @property {number} index in the list of residues.
 * @property {string} chain
 * @property {number} number
 * @property {string} insertionCode
 * @property {string} wildType three letters.
 * @property {string} letter
 * @property {string} predicted three letters.
 * @property {number} p probability of the wild-type amino acid.
 * @property {number} best probability of the most probable amino acid.
 * @property {number} odds of the most probable amino acid against the wild type.
 * @property {number} entropy nats.
 * @property {number} domain index in the list of domains, -1 for none.
 * @property {?number} plddt predicted confidence, 0 to 100; null without.
 * @property {boolean} disordered whether the pLDDT is below the limit.
 */

/**
 * @typedef {Object} Prediction
 * @property {Object} input
 * @property {Object<string, string>} models
 * @property {Object[]} domains
 * @property {Residue[]} residues
 * @property {Float32Array} matrix probabilities, residues x 20, in the order of `ORDER`.
 * @property {string[]} warnings
 */

/**
 * Read a prediction.
 * @param {*} json
 * @returns {Prediction}
 * @throws {Problem} if it has another schema.
 */
export function readPrediction(json) {
  if (json?.schema !== "protvox.classify/1") {
    throw new Problem({ what: "this page cannot show the result", where: String(json?.schema),
      remedy: "Reload the page, or download the result", code: "page.schema" });
  }
  const matrix = new Float32Array(json.residues.length * CODES.length);
  const domainOf = membership(json.domains);
  const residues = json.residues.map((row, index) => {
    CODES.forEach((code, j) => { matrix[index * CODES.length + j] = row.probabilities[code]; });
    const best = row.probabilities[row.predicted];
    return {
      index, chain: row.chain, number: row.number, insertionCode: row.insertion_code,
      wildType: row.wild_type, letter: THREE_TO_ONE[row.wild_type] ?? "X",
      predicted: row.predicted, p: row.p_wild_type, best, odds: best / row.p_wild_type,
      entropy: row.entropy, domain: domainOf(row),
      plddt: row.plddt ?? null, disordered: row.disordered ?? false,
    };
  });
  return {
    input: json.input, models: json.models, domains: json.domains, residues, matrix,
    warnings: json.warnings,
  };
}

/**
 * Name of a residue, e.g. "A 45B". Some files have chains without a name.
 * @param {Residue} residue
 * @returns {string}
 */
export function residueName(residue) {
  return `${residue.chain} ${residue.number}${residue.insertionCode}`.trim();
}

/**
 * Residues whose environment favours another amino acid, highest odds first.
 * @param {Prediction} prediction
 * @returns {Residue[]}
 */
export function suspicious(prediction) {
  return prediction.residues.filter((r) => r.odds >= MARKED).sort((a, b) => b.odds - a.odds);
}
