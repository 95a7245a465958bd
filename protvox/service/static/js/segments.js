/**
 * The stretches that may be wrong, and what their p-values mean.
 * @module segments
 */

import { el, table } from "./dom.js";
import { count } from "./numbers.js";
import { numberCell, residueRow } from "./rows.js";

const KINDS = Object.freeze({
  register: "sequence shifted", sequence: "another sequence", chain: "sequence of another chain",
  direction: "traced backwards", mistraced: "fits no better than random",
});
/** p-value up to which the evidence is strong, as for the command line. */
const STRONG = 0.01;
const MEANING = "A p-value of 0.05 means that one correct chain in 20 has such a stretch. In the " +
  "PDB, most stretches found are false positives: compare them with other copies of the chain, " +
  "with related structures or with the map.";

/**
 * @param {Object[]} segments
 * @param {Map<string, number>} index of residues.
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement[]}
 */
export function segmentList(segments, index, selection) {
  if (!segments.length) {
    return [el("p", { "data-testid": "segments" }, "No stretch looks wrong.")];
  }
  const rows = segments.map((s) => residueRow(`${s.chain} ${s.first} to ${s.last}`.trim(),
    index.get(`${s.chain} ${s.first}`) ?? -1, selection,
    el("td", {}, el("strong", {}, KINDS[s.kind] ?? s.kind), s.shift === null ? ""
      : ` by ${s.shift > 0 ? "+" : "−"}${Math.abs(s.shift)}`,
    el("span", { class: "under" }, s.suggestion)),
    numberCell(s.p_value === null ? "–" : s.p_value.toPrecision(2))));
  const n = segments.length;
  const strong = segments.filter((s) => (s.p_value ?? 1) <= STRONG).length;
  return [el("h3", {}, `${count(n)} ${n === 1 ? "stretch" : "stretches"} may be wrong` +
    `${strong && strong < n ? `, ${count(strong)} with p ≤ ${STRONG}` : ""}`),
  el("div", { "data-testid": "segments", class: "segments" },
    table("Stretches that may be wrong", ["Stretch", "What may be wrong", "p-value"], rows)),
  el("p", { class: "quiet" }, MEANING)];
}
