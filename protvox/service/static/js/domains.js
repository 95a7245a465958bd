/**
 * Domains of an answer: which residues belong to them, and what to call them.
 * @module domains
 */

import { holds, readSelection } from "./selections.js";

/**
 * @param {{id: string, chain: string, chopping: string}[]} domains
 * @returns {(residue: {chain: string, number: number, insertion_code: string}) => number} the
 *   place in the list of the first domain that a residue lies in, -1 if it is in none.
 */
export function membership(domains) {
  const segments = domains.map(({ id, chain, chopping }) =>
    // The name of a whole chain may be anything, also nothing.
    (chopping || id !== chain
      ? readSelection(id).map((part) => ({ ...part, chain: part.chain ?? chain }))
      : [{ chain, first: null, last: null }]));
  return (residue) => segments.findIndex((parts) => parts.some((part) => holds(part, residue)));
}

/**
 * @param {{id: string, chain: string, chopping: string}} domain
 * @returns {string} "chain A", or its ranges.
 */
export function domainName({ id, chain, chopping }) {
  return chopping || id !== chain ? id : `chain ${chain || "(blank)"}`;
}
