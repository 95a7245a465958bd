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
 * @param {(request: import("./jobs.js").PredictionRequest) => void} send
 * @param {(error: Error) => void} fail
 */
export function listen(send, fail) {
  const file = byId("file", HTMLInputElement);
  const identifier = byId("identifier", HTMLInputElement);
  const key = byId("key", HTMLInputElement);
  const again = byId("repeat", HTMLButtonElement);
  let last = null;

  /** Send a structure if the options are valid, and remember it for another attempt. */
  const submit = (chosen, id) => {
    last = { file: chosen, id };
    again.textContent = `Predict ${chosen?.name ?? id} with these options`;
    again.hidden = false;
    clearFieldErrors();
    const options = readOptions();
    if (options) send({ ...last, options });
  };
  key.value = storedKey();
  key.addEventListener("change", () => storeKey(key.value.trim()));
  listenToOptions();

  file.addEventListener("change", () => {
    if (file.files.length) submit(file.files[0], "");
    // Allows the same file to be chosen again after the options have changed.
    file.value = "";
  });
  byId("request", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const id = identifier.value.trim();
    if (id) submit(null, id);
    else identifier.focus();
  });
  byId("example", HTMLButtonElement).addEventListener("click", async () => {
    try {
      const blob = await (await callService("1pwc.pdb.gz")).blob();
      submit(new File([blob], "1pwc.pdb.gz"), "");
    } catch (error) {
      fail(error);
    }
  });
  again.addEventListener("click", () => submit(last.file, last.id));
  listenToDrops(byId("drop", HTMLElement), (dropped) => submit(dropped, ""));
}

/**
 * Accept files dropped anywhere on the page.
 * @param {HTMLElement} drop element to highlight meanwhile.
 * @param {(file: File) => void} take
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
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
