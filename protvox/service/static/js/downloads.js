/**
 * Downloads.
 * @module downloads
 */

import { toPdb } from "./annotated.js";
import { curlCommands } from "./curl.js";
import { card, el } from "./dom.js";
import { heatMapPng, heatMapSvg } from "./figures.js";
import { results } from "./jobs.js";

/**
 * Save a file through the browser.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * The name of a structure, as a stem for file names.
 * @param {string} name
 * @returns {string}
 */
export function stem(name) {
  const plain = name.replace(/\.(gz|bz2|xz)$/i, "").replace(/\.(pdb|ent|cif|mmcif|bcif)$/i, "");
  return plain.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._]+/, "").slice(0, 80) || "protvox";
}

/**
 * A button that creates and saves a file, disabled meanwhile.
 * @param {string} label
 * @param {string} name of the file.
 * @param {() => Promise<Blob>} make
 * @param {(error: Error) => void} fail
 * @returns {HTMLElement}
 */
export function saveButton(label, name, make, fail) {
  const button = el("button", { type: "button", class: "plain" }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      save(await make(), name);
    } catch (error) {
      fail(error);
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

/**
 * @param {Object} shown
 * @param {import("./prediction.js").Prediction} shown.prediction
 * @param {string} shown.job
 * @param {import("./jobs.js").PredictionRequest|null} shown.request
 * @param {(error: Error) => void} shown.fail
 * @param {(() => Promise<Blob>)|null} picture image of the viewer, null without a
 *   viewer.
 * @returns {HTMLElement}
 */
export function downloadCard({ prediction, job, request, fail }, picture) {
  const base = stem(prediction.input.name);
  const fetched = (format) => async () => (await results(job, format)).blob();
  const button = (label, ending, make) => saveButton(label, `${base}${ending}`, make, fail);
  const some = prediction.residues.length > 0;
  const commands = curlCommands(request, job, some);
  return card("Downloads", { class: "downloads", "data-testid": "downloads" },
    group("Tables", button("CSV", ".csv", fetched("csv")),
      button("JSON", ".json", fetched("json")), button("Parquet", ".parquet", fetched("parquet"))),
    some ? group("Structure with 100 × p(wild type) as B-factors",
      button("PDB", "-annotated.pdb", async () => toPdb(await (await results(job, "cif")).text())),
      button("mmCIF", "-annotated.cif", fetched("cif"))) : null,
    some || picture ? group("Figures",
      some ? button("Heat map SVG", "-heatmap.svg", async () => heatMapSvg(prediction)) : null,
      some ? button("Heat map PNG", "-heatmap.png", () => heatMapPng(prediction)) : null,
      picture ? button("Structure PNG", "-structure.png", picture) : null) : null,
    group("This result", copyButton("Copy link", () => location.href),
      copyButton("Copy as curl", () => commands)),
    el("pre", { class: "commands", tabindex: 0, "aria-label": "Commands" }, commands));
}

/**
 * @param {string} title
 * @param {...HTMLElement} buttons
 * @returns {HTMLElement}
 */
function group(title, ...buttons) {
  return el("div", {}, el("h3", { class: "quiet" }, title),
    el("div", { class: "row wrap" }, ...buttons));
}

/**
 * A button that copies a text and confirms it.
 * @param {string} label
 * @param {() => string} text
 * @returns {HTMLElement}
 */
function copyButton(label, text) {
  const button = el("button", { type: "button", class: "plain", "aria-live": "polite" }, label);
  button.addEventListener("click", async () => {
    button.textContent = await copy(text()) ? "Copied" : "The browser blocked copying";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether the text was copied.
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS the clipboard API works on localhost only; the old API needs a field.
    const field = el("textarea", { class: "hidden" });
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
