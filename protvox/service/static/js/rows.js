/**
 * Tables whose rows are added on demand, so that long lists stay fast.
 * @module rows
 */

import { el, table } from "./dom.js";
import { count } from "./numbers.js";

const FIRST = 12;
const STEP = 100;

/**
 * @template T
 * @param {string} caption
 * @param {string[]} heads
 * @param {T[]} items
 * @param {(item: T) => HTMLElement} row a `tr` element.
 * @returns {HTMLElement}
 */
export function growingTable(caption, heads, items, row) {
  const shown = table(caption, heads, items.slice(0, FIRST).map(row));
  const body = shown.querySelector("tbody");
  const more = el("button", { type: "button", class: "plain more" });
  const label = () => {
    const left = items.length - body.rows.length;
    more.hidden = left <= 0;
    more.textContent = left > STEP ? `Show ${STEP} of ${count(left)} more` : `Show ${left} more`;
  };
  more.addEventListener("click", () => {
    const from = body.rows.length;
    body.append(...items.slice(from, from + STEP).map(row));
    label();
  });
  label();
  return el("div", {}, shown, more);
}

/**
 * A row for a residue. Pointing at it highlights the residue everywhere.
 * @param {string} name
 * @param {number} index of the residue, -1 if it is not in the result.
 * @param {import("./selection.js").Selection} selection
 * @param {...HTMLElement} cells
 * @returns {HTMLElement}
 */
export function residueRow(name, index, selection, ...cells) {
  const on = { mouseenter: () => selection.hover(index), mouseleave: () => selection.hover(-1) };
  const pick = index < 0 ? name : el("button", { type: "button", class: "link", on: {
    click: () => selection.pin(index),
    focus: () => selection.hover(index),
    blur: () => selection.hover(-1),
  } }, name);
  return el("tr", { dataset: { index }, on }, el("td", {}, pick), ...cells);
}

/**
 * @param {string} text
 * @param {string} [extra] class.
 * @returns {HTMLElement}
 */
export function numberCell(text, extra = "") {
  return el("td", { class: `number ${extra}`.trim() }, text);
}
