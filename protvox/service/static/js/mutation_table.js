/**
 * A table of scored mutations with filters.
 * @module mutation_table
 */

import { el } from "./dom.js";
import { CODES } from "./prediction.js";
import { growingTable, numberCell, residueRow } from "./rows.js";
import { residueIndex, unitOf, valueOf } from "./scan.js";

/** Mutants that are hidden at first. */
const SPECIAL = new Set(["CYS", "PRO"]);

const ORDERS = Object.freeze({
  low: "most stabilising first",
  high: "most destabilising first",
  list: "in order",
});

/**
 * @param {Object} scores document of the form protvox.mutations.
 * @param {boolean} listed whether the mutations were listed by the user.
 * @param {import("./prediction.js").Residue[]} residues
 * @param {import("./selection.js").Selection} selection
 * @returns {HTMLElement}
 */
export function mutationTable(scores, listed, residues, selection) {
  const { mutations } = scores;
  const index = residueIndex(residues);
  const nameOf = (m) => (m.number === null ? m.chain : `${m.chain} ${m.number}${m.insertion_code}`);
  const chosenHere = (m) => [m.chain, ...(m.copies ?? [])]
    .some((chain) => index.get(nameOf({ ...m, chain })) === selection.pinned);
  const unit = unitOf(mutations);
  const coupled = mutations.some(isCoupled);
  const heads = ["Residue", "Mutation", unit === "nats" ? "Score" : `ΔΔG, ${unit}`,
    "Percentile", coupled ? "Coupling" : ""].filter(Boolean);
  const notes = (m) => [m.reason, ...(m.flags ?? [])].filter(Boolean).join("; ");
  const row = (m) => residueRow(nameOf(m), index.get(nameOf(m)) ?? -1, selection,
    el("td", { class: "variant" }, ...breakable(m.mutation),
      notes(m) ? el("span", { class: "under" }, notes(m)) : null),
    valueCell(m),
    numberCell(m.percentile?.toFixed(1) ?? ""),
    coupled ? numberCell(isCoupled(m) ? signed(m.coupling) : "–") : null);
  const body = el("div", {});
  const show = () => {
    const chosen = mutations.filter((m) =>
      (mutant.value === "" || m.mutant === mutant.value) &&
      (!here.checked || chosenHere(m)) &&
      (!plain.checked || !SPECIAL.has(m.mutant)));
    const sorted = order.value === "list" ? chosen
      : [...chosen].sort((a, b) => (order.value === "low" ? 1 : -1) * (valueOf(a) - valueOf(b)));
    body.replaceChildren(sorted.length ? growingTable("Mutations", heads, sorted, row)
      : el("p", { class: "quiet" }, here.checked && selection.pinned < 0
        ? "Select a residue in the sequence, heat map or structure."
        : "No mutation matches the filters."));
  };
  const on = { change: show };
  const order = el("select", { "aria-label": "Order", on },
    ...Object.entries(ORDERS).map(([value, text]) => el("option", { value }, text)));
  order.value = listed ? "list" : "low";
  const mutant = el("select", { "aria-label": "Mutant", on }, el("option", { value: "" }, "to any"),
    ...CODES.map((code) => el("option", { value: code }, `to ${code}`)));
  const here = el("input", { type: "checkbox", on });
  const plain = el("input", { type: "checkbox", checked: !listed, on });
  selection.addEventListener("pin", () => {
    if (here.checked && body.isConnected) show();
  });
  show();
  return el("div", { class: "scores" },
    el("p", { class: "quiet" }, unit === "nats"
      ? "Positive scores predict destabilisation. The most stabilising are candidates to order; " +
        "check first whether they lie in an active site or interface."
      : "Change of the free energy of folding, with an 80 % interval; positive values predict " +
        "destabilisation. Check first whether a mutation lies in an active site or interface."),
    el("div", { class: "row wrap filters" }, order, mutant,
      el("label", {}, here, " selected residue only"),
      el("label", {}, plain, " without Cys and Pro")),
    body);
}

/**
 * @param {Object} mutation
 * @returns {HTMLElement} its value, with the interval where there is one.
 */
export function valueCell(mutation) {
  const cell = numberCell(signed(valueOf(mutation)));
  if (Number.isFinite(mutation.ddg_low)) {
    cell.append(el("span", { class: "under" },
      `${signed(mutation.ddg_low)} to ${signed(mutation.ddg_high)}`));
  }
  return cell;
}

/**
 * @param {string} mutation
 * @returns {(Node|string)[]} its parts, between which a line may end.
 */
function breakable(mutation) {
  return mutation.split("+").flatMap((part, i) => (i ? [el("wbr"), `+${part}`] : [part]));
}

/**
 * @param {Object} mutation
 * @returns {boolean} whether it is several at once.
 */
function isCoupled({ mutation, coupling }) {
  return mutation.includes("+") && Number.isFinite(coupling);
}

/**
 * @param {number} value
 * @returns {string} with a sign.
 */
function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
