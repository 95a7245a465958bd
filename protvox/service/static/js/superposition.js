/**
 * Known domains superposed on the structure, one at a time.
 * @module superposition
 */

import { predictFurther } from "./further.js";

/**
 * @typedef {(domain: number, hit: string, on: boolean) => Promise<void>} Superpose shows or hides
 *   the known domain `hit` on a domain of the result.
 */

/**
 * @param {import("./result.js").Shown} shown
 * @param {(ca: number[][]|null) => void} draw draws a trace of CA atoms, null for none.
 * @returns {{show: Superpose, enter: (view: string) => void}} `enter` is called when a view is
 *   opened; what is superposed is drawn with the domains only.
 */
export function superposer(shown, draw) {
  /** @type {Promise<Map<string, number[][]>>|null} */
  let traces = null;
  /** @type {number[][]|null} */
  let current = null;
  const show = async (domain, hit, on) => {
    if (on) traces ??= readTraces(shown);
    try {
      current = (on && (await traces).get(`${domain} ${hit}`)) || null;
    } catch (error) {
      traces = null;
      throw error;
    }
    draw(current);
  };
  return { show, enter: (view) => current && draw(view === "domains" ? current : null) };
}

/**
 * The CA atoms of all aligned known domains, moved onto the structure; only now, since few look.
 * @param {import("./result.js").Shown} shown
 * @returns {Promise<Map<string, number[][]>>}
 */
async function readTraces(shown) {
  const { document } = await predictFurther(shown, { task: "cath", traces: "true" });
  return new Map(document.domains.flatMap(({ hits, nearest }, i) =>
    [...(nearest ?? []), ...(hits ?? [])].filter(({ alignment }) => alignment?.ca)
      .map(({ domain, alignment }) => [`${i} ${domain}`, alignment.ca])));
}
