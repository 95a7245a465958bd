/**
 * The heading of a result: the protein, and what to know about the file.
 * @module heading
 */

import { el } from "./dom.js";
import { count } from "./numbers.js";

const FORMATS = Object.freeze({ pdb: "PDB", pqr: "PQR", mmcif: "mmCIF", bcif: "BinaryCIF" });
const MAX_WARNINGS = 3;
/** Warnings that nearly every file has, and that leave the result as it is. */
const EVERYDAY = [
  /^Residues of the full sequence without coordinates: /,
  /^Corrected from the atom name: /,
  /given more than once; scored once\.$/,
];
/** Warnings of a number of residues, which matter if these are many. */
const COUNTED = [
  /^Without a wild type, .*: ([\d,]+) residues?\.$/,
  /^([\d,]+) of [\d,]+ residues have no environment prediction, /,
  /^Used as surroundings only, because they have no CA atom: ([\d,]+) amino acids?\.$/,
];
/** Share of the residues that leaves the result as it is. */
const FEW = 0.05;
/** Warnings that the card of their domain has. */
const OF_DOMAINS = Object.freeze([
  / residues, the domains the model was trained on have /,
  / is unlike the domains the model was trained on: /,
]);
/** Longest list of disordered residues that is shown. */
const MAX_RANGES = 4;
/** Places that are named of what was ignored for one reason. */
const MAX_PLACES = 6;

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {Object<string, *>} options that were given for the result.
 * @returns {HTMLElement}
 */
export function heading({ input, warnings, residues }, options) {
  // A result without residues says so below.
  const isOfFew = (text) => COUNTED.some((pattern) => pattern.test(text) && (!residues.length ||
    Number(pattern.exec(text)[1].replaceAll(",", "")) < FEW * residues.length));
  const everyday = warnings.filter((text) => EVERYDAY.some((pattern) => pattern.test(text)) ||
    isOfFew(text));
  const elsewhere = warnings.filter((text) => OF_DOMAINS.some((pattern) => pattern.test(text)));
  const important = warnings.filter((text) => !everyday.includes(text) &&
    !elsewhere.includes(text));
  // The notes list what the JSON has in `input.dropped`.
  const notes = [...everyday.map((text) => text.replace("; see input.dropped", "")), ...elsewhere,
    ...droppedWords(input.dropped)];
  const format = FORMATS[input.format] ?? input.format;
  return el("div", { class: "heading" },
    el("h1", input.title ? { class: "title", title: input.title } : {}, input.title || input.name),
    el("div", { class: "facts quiet" },
      input.title ? el("span", { class: "file" }, input.name) : null,
      el("span", {}, `${count(input.n_residues)} residues`),
      el("span", {}, `${count(input.n_atoms)} atoms`),
      el("span", {}, `${format} file${input.model === 1 ? "" : `, model ${input.model}`}`),
      input.plddt ? el("span", {}, confidence(input.plddt)) : null,
      ...describeOptions(options).map((text) => el("span", { class: "option" }, text)),
      notes.length ? el("details", {}, el("summary", {},
        `${count(notes.length)} ${notes.length === 1 ? "note" : "notes"} on the file`),
      el("ul", {}, ...notes.map((text) => el("li", {}, text)))) : null),
    ...warningLists(important.map((text) => text.replace("see input.dropped", "see the notes"))));
}

/**
 * @param {{what: string, where: string, why: string}[]} dropped what was ignored.
 * @returns {string[]} a sentence for each kind and reason.
 */
function droppedWords(dropped) {
  const groups = new Map();
  for (const { what, where, why } of dropped) {
    const key = JSON.stringify([what, why]);
    if (!groups.has(key)) groups.set(key, { what, why, places: [] });
    groups.get(key).places.push(where);
  }
  return [...groups.values()].map(({ what, why, places }) => {
    const rest = places.length - MAX_PLACES;
    return `Ignored: ${what}, ${places.slice(0, MAX_PLACES).join("; ")}` +
      `${rest > 0 ? ` and ${count(rest)} more` : ""} (${why}).`;
  });
}

/**
 * @param {Object<string, *>} options by their name in the service.
 * @returns {string[]} those that change the result, in words.
 */
function describeOptions(options) {
  const { chain, model_number: number, domains, assembly } = options;
  const list = typeof domains === "string" ? domains.split("\n") : domains ?? [];
  return [
    chain ? `chain ${chain} only` : "",
    number ? `model ${number} of the file` : "",
    assembly ? `assembly ${assembly}` : "",
    list.length && list[0] !== "auto"
      ? list[0] === "chain" ? "whole chains as domains" : `domains ${list.join("; ")}` : "",
  ].filter(Boolean);
}

/**
 * @param {{mean: number, limit: number, n_disordered: number, disordered: string[]}} plddt
 * @returns {string}
 */
function confidence({ mean, limit, n_disordered: number, disordered }) {
  const mostly = `predicted model, mean pLDDT ${mean.toFixed(1)}`;
  if (!number) return mostly;
  const ranges = disordered.slice(0, MAX_RANGES).join(", ");
  const more = disordered.length > MAX_RANGES ? ", …" : "";
  return `${mostly}; ${count(number)} ${number === 1 ? "residue" : "residues"} disordered, ` +
    `below ${limit}: ${ranges}${more}`;
}

/**
 * @param {string[]} warnings
 * @returns {HTMLElement[]} the first few, and the others collapsed.
 */
function warningLists(warnings) {
  const list = (some) => el("ul", { class: "warnings" },
    ...some.map((text) => el("li", { class: "warning" }, text)));
  const collapsed = warnings.length > MAX_WARNINGS + 1 ? warnings.slice(MAX_WARNINGS) : [];
  const visible = warnings.slice(0, warnings.length - collapsed.length);
  return [
    visible.length ? list(visible) : null,
    collapsed.length ? el("details", {},
      el("summary", {}, `${count(collapsed.length)} more warnings`), list(collapsed)) : null,
  ].filter(Boolean);
}
