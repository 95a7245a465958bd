/**
 * Files to take away.
 * @module downloads
 */

import { card, el } from "./dom.js";
import { results } from "./jobs.js";

/**
 * Hand a file to the browser.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * The name of a structure as the beginning of a file name.
 * @param {string} name
 * @returns {string}
 */
export function stem(name) {
  const plain = name.replace(/\.(gz|bz2|xz)$/i, "").replace(/\.(pdb|ent|cif|mmcif|bcif)$/i, "");
  return plain.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._]+/, "").slice(0, 80) || "protvox";
}

/**
 * A button that makes a file, and says so while it does.
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
 * @param {{job: string, name: string, fail: (error: Error) => void}} shown
 * @param {...HTMLElement} others
 * @returns {HTMLElement}
 */
export function downloadCard({ job, name, fail }, ...others) {
  const begin = stem(name);
  const fetched = (format) => async () => (await results(job, format)).blob();
  return card("Take away", { class: "downloads", "data-testid": "downloads" },
    el("div", { class: "row wrap" },
      saveButton("CSV", `${begin}.csv`, fetched("csv"), fail),
      saveButton("JSON", `${begin}.json`, fetched("json"), fail),
      saveButton("Parquet", `${begin}.parquet`, fetched("parquet"), fail),
      ...others));
}
