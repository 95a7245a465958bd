/**
 * The form: a dropped or chosen file, an identifier or the example, with options.
 * @module form
 */

import { callService, storedKey, storeKey } from "./api.js";
import { byId } from "./dom.js";
import { clearFieldErrors } from "./fields.js";
import { listenToOptions, readOptions } from "./options.js";

/**
 * Connect the form.
 * @param {(requests: import("./jobs.js").PredictionRequest[]) => void} send
 * @param {(error: Error) => void} fail
 */
export function listen(send, fail) {
  const file = byId("file", HTMLInputElement);
  const identifier = byId("identifier", HTMLInputElement);
  const key = byId("key", HTMLInputElement);
  const again = byId("repeat", HTMLButtonElement);
  /** @type {{file: File|null, id: string}[]} */
  let last = [];

  /** Send structures if the options are valid, and remember them for another attempt. */
  const submit = (chosen) => {
    last = chosen;
    const [{ file: first, id }] = chosen;
    const what = chosen.length > 1 ? `${chosen.length} structures` : first?.name ?? id;
    again.textContent = `Predict ${what} with these options`;
    again.hidden = false;
    clearFieldErrors();
    const options = readOptions();
    if (options) send(last.map((one) => ({ ...one, options })));
  };
  const submitFiles = (files) => submit([...files].map((one) => ({ file: one, id: "" })));
  key.value = storedKey();
  key.addEventListener("change", () => storeKey(key.value.trim()));
  listenToOptions();

  file.addEventListener("change", () => {
    if (file.files.length) submitFiles(file.files);
    // Allows the same file to be chosen again after the options have changed.
    file.value = "";
  });
  byId("request", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const id = identifier.value.trim();
    const ids = id.split(/[\s,;]+/).filter(Boolean);
    if (ids.length) submit(ids.map((one) => ({ file: null, id: one })));
    else identifier.focus();
  });
  byId("example", HTMLButtonElement).addEventListener("click", async () => {
    try {
      const blob = await (await callService("1pwc.pdb.gz")).blob();
      submitFiles([new File([blob], "1pwc.pdb.gz")]);
    } catch (error) {
      fail(error);
    }
  });
  again.addEventListener("click", () => submit(last));
  listenToDrops(byId("drop", HTMLElement), submitFiles);
}

/**
 * Accept files dropped anywhere on the page.
 * @param {HTMLElement} drop element to highlight meanwhile.
 * @param {(files: FileList) => void} take
 */
function listenToDrops(drop, take) {
  const highlight = (on) => drop.classList.toggle("over", on);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    highlight(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) highlight(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    highlight(false);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
}
