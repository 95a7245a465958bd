/**
 * The residues and the names of domains.
 * @module domains
 */

import { contains, readSelection } from "./selections.js";

/**
 * @param {{id: string, chain: string, chopping: string}[]} domains
 * @returns {(residue: {chain: string, number: number, insertion_code: string}) => number} returns
 *   the index of the first domain that contains a residue, -1 for none.
 */
export function membership(domains) {
  const segments = domains.map(({ id, chain, chopping }) =>
    // The name of a chain may be any text, even empty.
    (chopping || id !== chain
      ? readSelection(id).map((part) => ({ ...part, chain: part.chain ?? chain }))
      : [{ chain, first: null, last: null }]));
  return (residue) => segments.findIndex((parts) => parts.some((part) => contains(part, residue)));
}

/**
 * @param {{id: string, chain: string, chopping: string}} domain
 * @returns {string} "chain A", or the ranges of the domain.
 */
export function domainName({ id, chain, chopping }) {
  return chopping || (id !== chain && id !== ":") ? id : `chain ${chain || "(blank)"}`;
}
