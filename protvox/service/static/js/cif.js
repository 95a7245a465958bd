/**
 * Reads atoms and residues from the mmCIF files of the service.
 * @module cif
 */

const WORD = /'(?:[^']|'(?=\S))*'|"(?:[^"]|"(?=\S))*"|\S+/g;

/**
 * @param {string} cif
 * @returns {Generator<Object<string, string>>} the rows of `_atom_site`.
 */
export function* atoms(cif) {
  const lines = cif.split("\n");
  let i = lines.findIndex((text) => text.startsWith("_atom_site."));
  const names = [];
  for (; i >= 0 && lines[i]?.startsWith("_atom_site."); i += 1) {
    names.push(lines[i].trim().slice("_atom_site.".length));
  }
  for (; i >= 0 && /^(ATOM|HETATM)/.test(lines[i] ?? ""); i += 1) {
    const words = lines[i].match(WORD).map((word) => word.replace(/^(['"])(.*)\1$/, "$2"));
    yield Object.fromEntries(names.map((name, j) => [name, words[j]]));
  }
}

/**
 * @param {Object<string, string>} atom
 * @returns {string} insertion code, "" if it has none.
 */
export function insertionCode(atom) {
  return /^[.?]$/.test(atom.pdbx_PDB_ins_code) ? "" : atom.pdbx_PDB_ins_code;
}

/**
 * The residues of polymers, without ligands, in file order.
 * @param {string} cif
 * @returns {{chain: string, number: number, insertion_code: string}[]}
 */
export function residuesOf(cif) {
  const found = new Map();
  for (const atom of atoms(cif)) {
    if (atom.group_PDB !== "ATOM") continue;
    const residue = { chain: atom.auth_asym_id, number: Number(atom.auth_seq_id),
      insertion_code: insertionCode(atom) };
    found.set(Object.values(residue).join(" "), residue);
  }
  return [...found.values()];
}
