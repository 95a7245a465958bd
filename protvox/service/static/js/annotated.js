/**
 * The annotated structure as a PDB file, converted from the mmCIF file of the service.
 * @module annotated
 */

import { Problem } from "./api.js";
import { atoms, insertionCode } from "./cif.js";

const REMARK = "B-FACTORS ARE 100 X THE PROBABILITY OF THE AMINO ACID PRESENT.";

/**
 * @param {string} cif
 * @returns {Blob} PDB file.
 * @throws {Problem} if the structure does not fit the columns of the PDB format.
 */
export function toPdb(cif) {
  const lines = [`REMARK   6 ${REMARK}`,
    "REMARK   6 OCCUPANCY 0: NO PREDICTION."].map((line) => line.padEnd(80));
  let serial = 0;
  let previous = null;
  for (const atom of atoms(cif)) {
    if (previous && previous.auth_asym_id !== atom.auth_asym_id) {
      serial += 1;
      lines.push(`TER   ${String(serial).padStart(5)}      ${tail(previous)}`.padEnd(80));
    }
    serial += 1;
    lines.push(line(atom, serial));
    previous = atom;
  }
  return new Blob([lines.join("\n"), "\nEND\n"], { type: "chemical/x-pdb" });
}

/**
 * @param {Object<string, string>} atom
 * @returns {string} residue name, chain, number and insertion code, in their columns.
 */
function tail(atom) {
  const code = insertionCode(atom) || " ";
  const name = atom.auth_comp_id ?? atom.label_comp_id;
  return `${name.padStart(3)} ${atom.auth_asym_id}${atom.auth_seq_id.padStart(4)}${code}`;
}

/**
 * @param {Object<string, string>} atom
 * @param {number} serial
 * @returns {string}
 */
function line(atom, serial) {
  const name = atom.auth_atom_id ?? atom.label_atom_id;
  const element = atom.type_symbol.toUpperCase();
  // An atom name starts in the second column unless it has four letters or its element has two.
  const label = element.length === 2 || name.length > 3 ? name.padEnd(4) : ` ${name.padEnd(3)}`;
  const xyz = [atom.Cartn_x, atom.Cartn_y, atom.Cartn_z].map((v) =>
    Number(v).toFixed(3).padStart(8));
  const [occupancy, b] = [atom.occupancy, atom.B_iso_or_equiv].map((v) =>
    Number(v).toFixed(2).padStart(6));
  const text = `${atom.group_PDB.padEnd(6)}${String(serial).padStart(5)} ${label} ${tail(atom)}` +
    `   ${xyz.join("")}${occupancy}${b}          ${element.padStart(2)}`;
  if (text.length !== 78) {
    throw new Problem({ what: "the structure does not fit the PDB format",
      where: `${atom.auth_asym_id} ${atom.auth_seq_id} ${name}`,
      remedy: "Download the mmCIF file", code: "page.pdb" });
  }
  return `${text}  `;
}
