/**
 * The CATH answer: for each domain its class, the architectures and the nearest known domains.
 * @module cath
 */

import { card, el, table } from "./dom.js";
import { count, probability } from "./numbers.js";

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @returns {HTMLElement}
 */
export function cathCard(prediction) {
  const model = prediction.models.cath;
  return card("CATH architecture", { class: "cath", "data-testid": "cath" },
    ...prediction.domains.map((domain) => domainPart(domain)),
    prediction.domains.length ? null : el("p", { class: "quiet" }, "There is no domain."),
    model ? el("p", { class: "quiet" }, `Model ${model}`) : null);
}

/**
 * @param {Object} domain
 * @returns {HTMLElement}
 */
function domainPart(domain) {
  const title = domain.chopping ? `${domain.chain}:${domain.chopping}` : `Chain ${domain.chain}`;
  return el("article", { class: "domain" },
    el("h3", {}, title, el("span", { class: "quiet" }, ` ${count(domain.n_residues)} residues`)),
    domain.in_range ? null : el("p", { class: "warning" },
      "Outside the sizes the model was trained on: the answer is worth little."),
    el("p", {}, "Class ", el("strong", {}, `${domain.class.label} ${domain.class.name}`),
      ` ${probability(domain.class.probability)}`),
    el("ol", { class: "bars" }, ...domain.architectures.map(bar)),
    domain.nearest?.length ? nearest(domain.nearest) : null);
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
    el("td", { class: "number" }, n.similarity.toFixed(3))));
  return el("div", {}, el("h4", {}, "Nearest known domains"),
    table("Nearest known domains", ["Domain", "CATH", "Similarity"], rows));
}
