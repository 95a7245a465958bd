/**
 * CATH predictions: class, architectures and nearest known domains of each domain.
 * @module cath
 */

import { domainColour } from "./colours.js";
import { card, el, table } from "./dom.js";
import { domainName } from "./domains.js";
import { count, probability } from "./numbers.js";

/** Number of domains from which they are collapsed. */
const MANY = 3;

/** Short descriptions of the flags; the warnings above give details. */
const FLAGS = Object.freeze({
  too_long: "longer, so it probably contains several domains",
  too_short: "shorter",
  broken: "with consecutive residues not at bonding distance",
  loose: "loosely packed, perhaps a fragment or a peptide",
  extended: "elongated",
  several: "probably several domains",
});

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {HTMLElement}
 */
export function cathCard({ domains, models }) {
  const parts = domains.length < MANY ? domains.map(openDomain) : domains.map(collapsedDomain);
  return card("CATH architecture", { class: "cath", "data-testid": "cath" },
    ...parts,
    domains.length ? null : el("p", { class: "quiet" },
      "No domain is large enough to have an architecture."),
    models.cath ? el("p", { class: "quiet" }, `Model ${models.cath}`) : null);
}

/**
 * @param {Object} domain
 * @param {number} index
 * @returns {HTMLElement}
 */
function openDomain(domain, index) {
  return el("article", { class: "domain" }, el("h3", {}, ...title(domain, index)), ...body(domain));
}

/**
 * @param {Object} domain
 * @param {number} index
 * @returns {HTMLElement}
 */
function collapsedDomain(domain, index) {
  const [first] = domain.architectures;
  return el("details", { class: "domain", open: index === 0 },
    el("summary", {}, el("h3", {}, ...title(domain, index)),
      el("span", { class: "first" }, `${first.label} ${first.name} `,
        el("strong", {}, probability(first.probability)), domain.in_range ? "" : " · unreliable")),
    ...body(domain));
}

/**
 * @param {Object} domain
 * @param {number} index
 * @returns {(Node|string)[]}
 */
function title(domain, index) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  box.style.background = domainColour(index);
  const name = domainName(domain);
  return [box, `${name.charAt(0).toUpperCase()}${name.slice(1)} `,
    el("span", { class: "quiet" }, `${count(domain.n_residues)} residues`)];
}

/**
 * @param {Object} domain
 * @returns {(HTMLElement|null)[]}
 */
function body(domain) {
  return [
    domain.in_range ? null : flagWarning(domain.flags ?? []),
    el("p", {}, "Class ", el("strong", {}, `${domain.class.label} ${domain.class.name}`),
      ` ${probability(domain.class.probability)}`),
    el("ol", { class: "bars" }, ...domain.architectures.map(bar)),
    domain.nearest?.length ? nearest(domain.nearest) : null,
  ];
}

/**
 * @param {string[]} flags
 * @returns {HTMLElement}
 */
function flagWarning(flags) {
  const reasons = flags.map((flag) => FLAGS[flag] ?? flag).join("; ");
  return el("p", { class: "warning", "data-testid": "flags" },
    "Unreliable prediction: this domain is unlike those the model was trained on" +
    `${reasons ? ` (${reasons})` : ""}.`);
}

/**
 * @param {{label: string, name: string, probability: number}} ranked
 * @returns {HTMLElement}
 */
function bar(ranked) {
  const fill = el("span", { class: "fill" });
  fill.style.width = `${100 * ranked.probability}%`;
  return el("li", {},
    el("span", { class: "name" }, el("code", {}, ranked.label), ` ${ranked.name}`),
    el("span", { class: "value" }, probability(ranked.probability)),
    el("span", { class: "track", "aria-hidden": "true" }, fill));
}

/**
 * @param {{domain: string, cath: string, similarity: number}[]} neighbours
 * @returns {HTMLElement}
 */
function nearest(neighbours) {
  const rows = neighbours.map((n) => el("tr", {},
    el("td", {}, n.domain), el("td", {}, n.cath),
    el("td", { class: "number" }, n.similarity.toFixed(2))));
  return el("div", { class: "nearest" }, el("h4", {}, "Nearest known domains"),
    table("Nearest known domains", ["Domain", "CATH", "Similarity"], rows));
}
