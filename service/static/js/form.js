/**
 * The form: a dropped or chosen file, an id, or the example, with options.
 * @module form
 */

import { ask, knownKey, rememberKey } from "./api.js";
import { byId } from "./dom.js";

/**
 * Listen to the form.
 * @param {(question: import("./jobs.js").Question) => void} send
 * @param {(error: Error) => void} fail
 */
export function listen(send, fail) {
  const drop = byId("drop");
  const file = byId("file");
  const identifier = byId("identifier");
  const key = byId("key");

  const sendFile = (chosen) => send({ file: chosen, id: "", options: options() });
  key.value = knownKey();
  key.addEventListener("change", () => rememberKey(key.value.trim()));

  file.addEventListener("change", () => {
    if (file.files.length) sendFile(file.files[0]);
    // The same file can be chosen again after a change of the options.
    file.value = "";
  });
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = identifier.value.trim();
    if (id) send({ file: null, id, options: options() });
    else identifier.focus();
  });
  byId("example").addEventListener("click", async () => {
    try {
      const blob = await (await ask("1pwc.pdb.gz")).blob();
      sendFile(new File([blob], "1pwc.pdb.gz"));
    } catch (error) {
      fail(error);
    }
  });
  listenToDrops(drop, sendFile);
}

/**
 * A file may be dropped anywhere on the page.
 * @param {HTMLElement} drop lights up meanwhile.
 * @param {(file: File) => void} sendFile
 */
function listenToDrops(drop, sendFile) {
  const light = (on) => drop.classList.toggle("over", on);
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    light(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) light(false);
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    light(false);
    if (event.dataTransfer.files.length) sendFile(event.dataTransfer.files[0]);
  });
}

/**
 * @returns {Object<string, string>} the options that are set.
 */
function options() {
  const values = { chain: byId("chain").value.trim(),
    model_number: byId("model-number").value.trim(),
    domains: byId("domains").value.split("\n").map((line) => line.trim()).filter(Boolean)
      .join("\n") };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}
