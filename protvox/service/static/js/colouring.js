/**
 * The colour scheme shared by the structure and the sequence.
 * @module colouring
 */

import { groupDomains } from "./chains.js";
import { domainColour, plddtColour, wildTypeColour } from "./colours.js";
import { domainLegend, plddtLegend, probabilityLegend } from "./legends.js";

/**
 * @typedef {Object} Scheme
 * @property {(residue: {index?: number, domain: number, p?: number, plddt?: ?number}) => string}
 *   colour of a residue.
 * @property {() => HTMLElement} legend
 */

/** Dispatches `change` when the scheme changes, and `schemes` when one is added. */
export class Colouring extends EventTarget {
  /** @type {Map<string, Scheme>} */
  #schemes = new Map();
  #name = "";
  /** Schemes by view, as the user chose them. */
  #chosen = new Map();
  #view = "";
  /** Whether residues belong to no domain. */
  #rest;

  /** @param {import("./prediction.js").Prediction} prediction */
  constructor(prediction) {
    super();
    const { residues, input } = prediction;
    const groups = groupDomains(prediction);
    const colours = [];
    groups.forEach((group, i) => group.indices.forEach((index, copy) => {
      colours[index] = domainColour(i, copy);
    }));
    this.#rest = residues.some((r) => r.domain < 0);
    if (residues.length && input.plddt) {
      this.#schemes.set("pLDDT", { colour: (r) => plddtColour(r.plddt), legend: plddtLegend });
    }
    if (residues.length) {
      this.#schemes.set("wild-type probability",
        { colour: (r) => wildTypeColour(r.p), legend: probabilityLegend });
    }
    this.#schemes.set("domain", { colour: (r) => colours[r.domain] ?? domainColour(-1),
      legend: () => domainLegend(groups, this.#rest) });
    this.#name = this.#first("domains");
  }

  /** @returns {string} name of the scheme. */
  get name() {
    return this.#name;
  }

  /** @returns {string[]} */
  get names() {
    return [...this.#schemes.keys()];
  }

  /**
   * @param {Object} residue
   * @returns {string} CSS colour.
   */
  colourOf(residue) {
    return this.#schemes.get(this.#name).colour(/** @type {*} */ (residue));
  }

  /** @returns {HTMLElement} */
  legend() {
    return this.#schemes.get(this.#name).legend();
  }

  /**
   * Take the residues drawn, where the prediction has none.
   * @param {{domain: number}[]} residues
   */
  draw(residues) {
    this.#rest = residues.some((r) => r.domain < 0);
    this.dispatchEvent(new Event("schemes"));
  }

  /**
   * Choose a scheme for the present view.
   * @param {string} name
   */
  choose(name) {
    this.#chosen.set(this.#view, name);
    this.#set(name);
  }

  /**
   * Use the scheme of a view: the one chosen there, or the most informative one.
   * @param {string} view "domains", "check" or "mutations".
   */
  enter(view) {
    this.#view = view;
    this.#set(this.#chosen.get(view) ?? this.#first(view));
  }

  /**
   * Add a scheme, or replace it.
   * @param {string} name
   * @param {Scheme} scheme
   */
  add(name, scheme) {
    this.#schemes.set(name, scheme);
    this.dispatchEvent(new Event("schemes"));
    if (this.#view) this.enter(this.#view);
  }

  /**
   * @param {string} view
   * @returns {string}
   */
  #first(view) {
    const wanted = { domains: ["pLDDT", "domain"],
      check: ["finding", "wild-type probability", "domain"],
      mutations: ["mean mutation score", "wild-type probability"] }[view];
    return wanted.find((name) => this.#schemes.has(name)) ?? "domain";
  }

  #set(name) {
    if (name === this.#name || !this.#schemes.has(name)) return;
    this.#name = name;
    this.dispatchEvent(new Event("change"));
  }
}
