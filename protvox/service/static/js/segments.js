/**
 * The stretches that may be wrong, and how strong the evidence is.
 * @module segments
 */

import { el, table } from "./dom.js";
import { count } from "./numbers.js";
import { numberCell, residueRow } from "./rows.js";

const KINDS = Object.freeze({
  register: "sequence shifted", sequence: "another sequence", chain: "sequence of another chain",
  direction: "traced backwards", mistraced: "fits nothing",
});
/** p-value up to which a stretch is probably wrong, as for the command line. */
const PROBABLE = 0.01;
const WEAK = "A p-value of 0.05 means that one correct chain in 20 has such a stretch, so a " +
  "large one is weak evidence. Compare the stretch with other copies of the chain, with related " +
  "structures or with the map.";

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
  const probable = segments.filter((s) => (s.p_value ?? 1) <= PROBABLE).length;
  const n = segments.length;
  const words = [[probable, "probably wrong"], [n - probable, "possibly wrong"]]
    .filter(([number]) => number).map(([number, word]) => `${count(Number(number))} ${word}`);
  return [el("h3", {}, `${words.join(", ")} ${n === 1 ? "stretch" : "stretches"}`),
    el("div", { "data-testid": "segments", class: "segments" },
      table("Stretches that may be wrong", ["Stretch", "What may be wrong", "p-value"], rows)),
    probable < n ? el("p", { class: "quiet" }, WEAK) : ""];
}
