/**
 * The view of domains: for each its superfamily and architecture, how certain they are, and the
 * nearest known domains.
 * @module cath
 */

import { groupDomains } from "./chains.js";
import { domainColour } from "./colours.js";
import { card, el, table } from "./dom.js";
import { domainName } from "./domains.js";
import { domainLink, entryLink, nodeLink } from "./links.js";
import { count, probability } from "./numbers.js";
import { numberCell } from "./rows.js";

/** Number of domains from which they are collapsed. */
const MANY = 3;
/** Probability below which the alternatives are shown at once. */
const SURE = 0.8;
/** TM-score from which two domains have the same topology as a rule. */
const SIMILAR = 0.5;
/** Number of nearest domains that are shown at once. */
const FIRST = 3;

/**
 * @typedef {(domain: number, hit: string, on: boolean) => Promise<boolean>} Switch shows or hides a
 *   known domain in the viewer; false if that failed.
 */

/** Names of superfamilies and topologies that are those of a domain of an example. */
const EXAMPLE = /[;,.:] ?(chain|domain)\b/i;

/** Short descriptions of the flags; the warnings above give details. */
const FLAGS = Object.freeze({
  too_long: "longer, so it probably contains several domains",
  too_short: "shorter",
  broken: "with consecutive residues not at bonding distance",
  loose: "loosely packed, perhaps a fragment or a peptide",
  extended: "elongated",
  several: "probably several domains",
});

/** Flags of chains for which ranges of several domains may be given. */
const DIVISIBLE = Object.freeze(["too_long", "several"]);

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {Switch|null} superpose null without a viewer.
 * @returns {HTMLElement}
 */
export function cathCard(prediction, selection, superpose) {
  const groups = groupDomains(prediction);
  const { models, input } = prediction;
  const entry = /^(?:pdb)?(\d[a-z0-9]{3})\b/i.exec(input.name)?.[1].toLowerCase() ?? "";
  const parts = groups.map((group, i) => (groups.length < MANY
    ? openDomain(group, i, entry, superpose) : collapsedDomain(group, i, entry, superpose)));
  // The domain of the selected residue opens.
  selection.addEventListener("pin", () => {
    const residue = prediction.residues[selection.pinned];
    const at = residue ? groups.findIndex((g) => g.indices.includes(residue.domain)) : -1;
    parts.forEach((part, i) => {
      part.classList.toggle("current", i === at);
      if (i === at && part instanceof HTMLDetailsElement) part.open = true;
    });
  });
  return card("Domains", { class: "cath", "data-testid": "cath" },
    ...parts,
    groups.length ? null : el("p", { class: "quiet" },
      "No domain is large enough to have an architecture."),
    models.cath ? el("p", { class: "quiet model" }, `Model ${models.cath}`) : null);
}

/**
 * @param {import("./chains.js").DomainGroup} group
 * @param {number} i
 * @param {string} entry PDB code of the file, "" if it has none.
 * @param {Switch|null} superpose
 * @returns {HTMLElement}
 */
function openDomain(group, i, entry, superpose) {
  return el("article", { class: "domain" }, el("h3", {}, ...title(group, i)),
    body(group, entry, superpose));
}

/**
 * @param {import("./chains.js").DomainGroup} group
 * @param {number} i
 * @param {string} entry PDB code of the file, "" if it has none.
 * @param {Switch|null} superpose
 * @returns {HTMLElement}
 */
function collapsedDomain(group, i, entry, superpose) {
  const { domain } = group;
  const { name, p } = headline(domain);
  return el("details", { class: "domain", open: i === 0 },
    el("summary", {}, el("h3", {}, ...title(group, i)),
      el("span", { class: "first" }, `${name} `, el("strong", {}, probability(p)),
        domain.in_range ? "" : " · unreliable")),
    body(group, entry, superpose));
}

/**
 * @param {import("./chains.js").DomainGroup} group
 * @param {number} i
 * @returns {(Node|string)[]}
 */
function title({ domain, indices }, i) {
  const box = el("span", { class: "swatch", "aria-hidden": "true" });
  box.style.background = domainColour(i);
  const name = domainName(domain);
  return [box, `${name.charAt(0).toUpperCase()}${name.slice(1)} `,
    indices.length > 1 ? el("span", { class: "badge" }, `× ${indices.length}`) : "",
    el("span", { class: "quiet" }, ` ${count(domain.n_residues)} residues`)];
}

/**
 * The most specific answer that is more probable than not, otherwise the architecture. A
 * superfamily that CATH names after a domain of an example has the name of its topology.
 * @param {Object} domain
 * @returns {{name: string, label: string, p: number, kind: string, example?: string}}
 */
function headline(domain) {
  const levels = [["Superfamily", domain.superfamilies?.[0]], ["Topology", domain.topologies?.[0]]];
  for (const [kind, best] of levels) {
    if (best && best.probability >= 0.5) {
      const found = { name: best.name || best.label, label: best.label, p: best.probability, kind };
      const above = domain.topologies?.[0];
      const named = EXAMPLE.test(found.name) && above?.name && !EXAMPLE.test(above.name) &&
        found.label.startsWith(`${above.label}.`);
      return named ? { ...found, name: above.name, example: found.name } : found;
    }
  }
  const [first] = domain.architectures;
  return { name: first.name, label: first.label, p: first.probability, kind: "Architecture" };
}

/**
 * @param {import("./chains.js").DomainGroup} group
 * @param {string} entry PDB code of the file, "" if it has none.
 * @param {Switch|null} superpose
 * @returns {HTMLElement}
 */
function body({ domain, indices }, entry, superpose) {
  const { name, label, p, kind, example } = headline(domain);
  const below = ["Class", "Architecture", "Topology", "Superfamily"].indexOf(kind);
  const lines = [["Class", domain.class], ["Architecture", domain.architectures[0]],
    ["Topology", domain.topologies?.[0]]].slice(0, below).filter(([, node]) => node).reverse();
  const known = domain.hits?.length ? domain.hits : domain.nearest ?? [];
  const answer = el("div", {},
    domain.in_range ? null : flagWarning(domain.flags ?? []),
    el("div", { class: "answer" },
      el("p", { class: "what" }, name),
      el("p", { class: "sure" }, el("strong", {}, probability(p)), ` ${sureness(p)}`),
      el("p", { class: "quiet" }, `${kind} `, nodeLink(label),
        example ? `, which CATH calls “${example}”` : "")),
    domain.novel ? el("p", { class: "note" },
      `Probably in no known ${domain.novel}. Known domains are those in the index of protvox, ` +
      "which does not contain all of CATH.") : null,
    el("dl", { class: "levels" }, ...lines.flatMap(([head, node]) => [el("dt", {}, head),
      el("dd", {}, el("span", {}, el("code", {}, node.label ?? ""), ` ${node.name ?? ""} `),
        el("span", { class: "number" }, probability(node.probability ?? null)))])),
    alternatives("Architectures", domain.architectures,
      domain.architectures[0].probability < SURE),
    (domain.superfamilies ?? []).length > 1
      ? alternatives("Superfamilies", domain.superfamilies, kind === "Superfamily" && p < SURE)
      : null);
  return el("div", { class: "halves" }, answer, known.length
    ? nearest(known, titleOf(known), entry,
      superpose && ((hit, on) => superpose(indices[0], hit, on))) : null);
}

/**
 * @param {Object[]} known domains, the nearest first.
 * @returns {string}
 */
function titleOf([{ alignment }]) {
  if (!alignment) return "Nearest known domains";
  return alignment.tm_query >= SIMILAR ? "Similar known domains"
    : "Nearest known domains, none of them similar";
}

/**
 * @param {string} title
 * @param {{label: string, name: string, probability: number}[]} ranked
 * @param {boolean} open
 * @returns {HTMLElement}
 */
function alternatives(title, ranked, open) {
  return el("details", { class: "others", open }, el("summary", {}, title),
    el("ol", { class: "bars" }, ...ranked.map(bar)));
}

/**
 * @param {number} p
 * @returns {string} how certain a prediction of this probability is.
 */
function sureness(p) {
  if (p >= 0.95) return "almost certain";
  if (p >= SURE) return "probable";
  if (p >= 0.5) return "more likely than not";
  return "uncertain; see the alternatives";
}

/**
 * @param {string[]} flags
 * @returns {HTMLElement}
 */
function flagWarning(flags) {
  const reasons = flags.map((flag) => FLAGS[flag] ?? flag).join("; ");
  return el("p", { class: "warning", "data-testid": "flags" },
    "Unreliable prediction: this domain is unlike those the model was trained on" +
    `${reasons ? ` (${reasons})` : ""}.` +
    `${DIVISIBLE.some((flag) => flags.includes(flag)) ? " Enter ranges under Options." : ""}`);
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
 * @param {Object[]} neighbours
 * @param {string} title
 * @param {string} entry PDB code of the file.
 * @param {((hit: string, on: boolean) => Promise<boolean>)|null} superpose
 * @returns {HTMLElement}
 */
function nearest(neighbours, title, entry, superpose) {
  const named = neighbours.some((n) => n.name);
  const aligned = neighbours.some((n) => n.alignment);
  const row = (n) => el("tr", {},
    el("td", {}, domainLink(n.domain), " ", el("small", {}, entryLink(n.domain) ?? ""),
      entry && n.domain.startsWith(entry) ? el("span", { class: "under" }, "same entry") : null,
      superpose && n.alignment ? superposeButton((on) => superpose(n.domain, on)) : null),
    el("td", {}, nodeLink(n.cath), named ? el("span", { class: "under" }, n.name ?? "") : null),
    aligned ? numberCell(n.alignment ? tmScore(n.alignment) : "–") : null,
    numberCell((aligned ? n.alignment?.rmsd?.toFixed(1) : n.similarity?.toFixed(2)) ?? "–"));
  const heads = ["Domain", "Superfamily",
    ...(aligned ? ["TM-score", "RMSD, Å"] : ["Similarity"])];
  const rest = neighbours.slice(FIRST);
  return el("div", { class: "nearest" }, el("h4", {}, title),
    table(title, heads, neighbours.slice(0, FIRST).map(row)),
    rest.length ? el("details", {}, el("summary", {}, `${rest.length} more`),
      table(`More: ${title}`, heads, rest.map(row))) : null);
}

/**
 * @param {(on: boolean) => Promise<boolean>} superpose
 * @returns {HTMLElement} a button that shows a known domain, and hides any other.
 */
function superposeButton(superpose) {
  const button = el("button", { type: "button", class: "plain small superpose",
    "aria-pressed": "false" }, "Superpose");
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    document.querySelectorAll(".superpose").forEach((other) =>
      other.setAttribute("aria-pressed", "false"));
    button.disabled = true;
    if (await superpose(on)) button.setAttribute("aria-pressed", String(on));
    button.disabled = false;
  });
  return button;
}

/**
 * @param {{tm_query: ?number, tm_hit: ?number}} alignment
 * @returns {string} TM-score by the residues of the query.
 */
function tmScore({ tm_query: score }) {
  return score === null ? "–" : score.toFixed(2);
}
