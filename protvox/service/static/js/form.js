/**
 * The form: a dropped or chosen file, an id, or the example, with options.
 * @module form
 */

import { ask, knownKey, rememberKey } from "./api.js";
import { byId } from "./dom.js";
import { absolve } from "./fields.js";
import { listenToOptions, readOptions } from "./options.js";

/**
 * Listen to the form.
 * @param {(question: import("./jobs.js").Question) => void} send
 * @param {(error: Error) => void} fail
 */
export function listen(send, fail) {
  const file = byId("file");
  const identifier = byId("identifier");
  const key = byId("key");
  const again = byId("again");
  let last = null;

  /** Send a structure if the options can be meant; keep it for when they can. */
  const submit = (chosen, id) => {
    last = { file: chosen, id };
    again.textContent = `Predict ${chosen?.name ?? id} with these options`;
    again.hidden = false;
    absolve();
    const options = readOptions();
    if (options) send({ ...last, options });
  };
  key.value = knownKey();
  key.addEventListener("change", () => rememberKey(key.value.trim()));
  listenToOptions();

  file.addEventListener("change", () => {
    if (file.files.length) submit(file.files[0], "");
    // The same file can be chosen again after a change of the options.
    file.value = "";
  });
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = identifier.value.trim();
    if (id) submit(null, id);
    else identifier.focus();
  });
  byId("example").addEventListener("click", async () => {
    try {
      const blob = await (await ask("1pwc.pdb.gz")).blob();
      submit(new File([blob], "1pwc.pdb.gz"), "");
    } catch (error) {
      fail(error);
    }
  });
  again.addEventListener("click", () => submit(last.file, last.id));
  listenToDrops(byId("drop"), (dropped) => submit(dropped, ""));
}

/**
 * A file may be dropped anywhere on the page.
 * @param {HTMLElement} drop lights up meanwhile.
 * @param {(file: File) => void} take
 */
function listenToDrops(drop, take) {
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
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}
