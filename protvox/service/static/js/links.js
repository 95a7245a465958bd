/**
 * Links to other sites. The page itself contacts none of them.
 * @module links
 */

import { el } from "./dom.js";

const CATH = "https://www.cathdb.info/version/latest";
const RCSB = "https://www.rcsb.org/structure";

/**
 * @param {string} id of a CATH domain, "1abcA01".
 * @returns {HTMLElement|string}
 */
export function domainLink(id) {
  return /^\d[a-z0-9]{3}[A-Za-z0-9]\d\d$/.test(id) ? link(`${CATH}/domain/${id}`, id) : id;
}

/**
 * @param {string} code CATH code, "3.40.50.300".
 * @returns {HTMLElement|string}
 */
export function nodeLink(code) {
  if (!/^\d+(\.\d+){0,3}$/.test(code)) return code;
  const kind = code.split(".").length === 4 ? "superfamily" : "cathnode";
  return link(`${CATH}/${kind}/${code}`, code);
}

/**
 * @param {string} id of a CATH domain.
 * @returns {HTMLElement|null} link to its PDB entry.
 */
export function entryLink(id) {
  return /^\d[a-z0-9]{3}[A-Za-z0-9]\d\d$/.test(id)
    ? link(`${RCSB}/${id.slice(0, 4).toUpperCase()}`, "PDB") : null;
}

/**
 * @param {string} address
 * @param {string} text
 * @returns {HTMLElement}
 */
function link(address, text) {
  return el("a", { href: address, target: "_blank", rel: "noreferrer noopener" }, text);
}
