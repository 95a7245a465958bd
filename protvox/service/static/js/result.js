/**
 * A result: one structure and sequence, and three views of them.
 * @module result
 */

import { cathCard } from "./cath.js";
import { ChainView } from "./chains.js";
import { checkView } from "./check.js";
import { Colouring } from "./colouring.js";
import { card, el } from "./dom.js";
import { downloadCard } from "./downloads.js";
import { heading } from "./heading.js";
import { mutationView } from "./mutations.js";
import { readout } from "./readout.js";
import { Selection } from "./selection.js";
import { sequenceStrip } from "./strip.js";
import { superposer } from "./superposition.js";
import { tabList } from "./tabs.js";
import { viewerCard } from "./viewer.js";

/**
 * @typedef {Object} Shown
 * @property {import("./prediction.js").Prediction} prediction
 * @property {string} job
 * @property {Object<string, *>} options that were given for the result.
 * @property {import("./jobs.js").PredictionRequest|null} request null if the result was opened by
 *   its address.
 * @property {Set<string>} offers addresses of the service.
 * @property {string} view name of the tab to open, "" for the first.
 * @property {(view: string) => void} entered called when a tab is opened.
 * @property {(error: Error) => void} fail shows an error above the result.
 */

/**
 * @param {Shown} shown
 * @returns {HTMLElement}
 */
export function resultView(shown) {
  const { prediction, job } = shown;
  const selection = new Selection();
  const colouring = new Colouring(prediction);
  const view = el("div", { class: "result", "data-testid": "result" },
    heading(prediction, shown.options));
  const some = prediction.residues.length > 0;
  // The service has an annotated structure only if environments were predicted.
  const viewer = prediction.models.environment || some
    ? viewerCard(prediction, selection, colouring, job) : null;
  const known = viewer && superposer(shown, viewer.superpose);
  const superpose = known && failing(known.show, shown.fail);
  const downloads = downloadCard(shown, viewer?.picture ?? null);
  if (!some) {
    view.append(viewer ? el("div", { class: "side" }, viewer.element) : "",
      cathCard(prediction, selection, superpose),
      card("Amino-acid environments", { class: "full" }, el("p", { class: "quiet" },
        "No residue has the backbone atoms N, CA and C, so nothing can be checked or mutated.")),
      downloads);
    return view;
  }
  const chain = new ChainView(prediction.residues);
  selection.addEventListener("pin", () => chain.reveal(selection.pinned));
  const check = checkView(shown, selection, chain, colouring);
  const openCheck = () => {
    bar.select("check");
    document.getElementById("tab-check")?.focus();
  };
  const mutations = mutationView(shown, selection, chain, colouring,
    { found: check.found, open: openCheck });
  const tabs = [
    { name: "domains", label: "Domains", badge: String(prediction.domains.length || ""),
      panels: [cathCard(prediction, selection, superpose)] },
    { name: "check", label: "Check", panels: [check.panel, check.map] },
    ...(shown.offers.has("/predict/mutations") ? [{ name: "mutations", label: "Mutations",
      panels: [mutations.panel, mutations.map] }] : []),
  ];
  const bar = tabList(tabs, (name) => {
    colouring.enter(name);
    known.enter(name);
    shown.entered(name);
    if (name === "check") check.enter();
    if (name === "mutations") mutations.enter();
  });
  view.append(bar.element, el("div", { class: "side" }, viewer.element),
    ...tabs.map((tab) => tab.panels[0]),
    sequenceCard(prediction, selection, chain, colouring),
    ...tabs.flatMap((tab) => tab.panels.slice(1)), downloads);
  bar.select(tabs.some(({ name }) => name === shown.view) ? shown.view : "domains");
  return view;
}

/**
 * @param {import("./superposition.js").Superpose} superpose
 * @param {(error: Error) => void} fail
 * @returns {(...words: Parameters<import("./superposition.js").Superpose>) => Promise<boolean>}
 *   whether it succeeded; if not, the error is shown.
 */
function failing(superpose, fail) {
  return (...words) => superpose(...words).then(() => true, (error) => {
    fail(error);
    return false;
  });
}

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {Selection} selection
 * @param {ChainView} chain
 * @param {Colouring} colouring
 * @returns {HTMLElement}
 */
function sequenceCard(prediction, selection, chain, colouring) {
  return card("Sequence", { class: "full sequence" },
    chain.chains.length > 1 ? chainChoice(chain) : null,
    readout(prediction, selection),
    sequenceStrip(prediction, selection, chain, colouring));
}

/**
 * @param {ChainView} chain
 * @returns {HTMLElement} the choice of a chain; identical ones follow the first of them.
 */
function chainChoice(chain) {
  const { chains } = chain;
  const name = (i) => chains[i].name || "(blank)";
  const choice = el("select", { "aria-label": "Chain shown",
    on: { change: () => chain.show(Number(choice.value)) } },
  ...chains.flatMap(({ first }, i) => {
    if (first !== i) return [];
    const same = chains.map((other, j) => (other.first === i ? j : -1)).filter((j) => j >= 0);
    return same.map((j) => el("option", { value: j }, j === i
      ? `chain ${name(i)}${same.length > 1 ? ` × ${same.length}` : ""}`
      : `chain ${name(j)}, identical to ${name(i)}`));
  }));
  choice.value = String(chain.shown);
  chain.addEventListener("change", () => { choice.value = String(chain.shown); });
  return choice;
}
