/**
 * The structure of a file of this computer, shown while its prediction is computed.
 * @module preview
 */

import { colourNumber } from "./colours.js";
import { el } from "./dom.js";

/** Larger files are not shown before the result, bytes. */
const MAX_BYTES = 20e6;
/** Characters in which the first atom of a file in PDB format is looked for. */
const HEAD = 200_000;

/**
 * The viewer with a structure in grey; empty if the file is in a format that the viewer is not
 * given, or cannot be displayed.
 * @param {File} file
 * @returns {HTMLElement}
 */
export function preview(file) {
  const element = el("div", { class: "preview",
    dataset: { testid: "preview", viewer: "loading" } });
  const fill = async () => {
    const text = await textOf(file);
    const format = formatOf(text);
    if (!format) return;
    const frame = el("iframe", { class: "viewer", title: "Structure, shown during the computation",
      sandbox: "allow-scripts", src: "viewer/index.html", referrerpolicy: "no-referrer" });
    const post = (kind, words) => frame.contentWindow?.postMessage({ kind, ...words }, "*");
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const setBackground = () => {
      const ground = getComputedStyle(document.body).getPropertyValue("--card").trim();
      post("background", { colour: colourNumber(ground) });
    };
    const listener = ({ source, data }) => {
      if (!element.isConnected) {
        dark.removeEventListener("change", setBackground);
        return window.removeEventListener("message", listener);
      }
      if (source !== frame.contentWindow) return;
      if (data?.kind === "ready") {
        setBackground();
        post("show", { data: text, format, addresses: { chain: [], number: [], code: [] },
          colours: [] });
      } else if (data?.kind === "shown") {
        element.dataset.viewer = "shown";
      } else if (data?.kind === "failed") {
        element.replaceChildren();
      }
    };
    window.addEventListener("message", listener);
    dark.addEventListener("change", setBackground);
    element.replaceChildren(el("div", { class: "stage" }, frame));
  };
  // Without a preview, the page only waits.
  fill().catch(() => element.replaceChildren());
  return element;
}

/**
 * @param {File} file
 * @returns {Promise<string>} its text, decompressed if it is in gzip format; "" if it is too large.
 */
async function textOf(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const stream = first === 0x1f && second === 0x8b
    ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader();;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts).text();
    size += value.length;
    if (size > MAX_BYTES) return reader.cancel().then(() => "");
    parts.push(value);
  }
}

/**
 * @param {string} text
 * @returns {"mmcif"|"pdb"|""} the format of a structure, "" for others.
 */
function formatOf(text) {
  const head = text.slice(0, HEAD);
  if (/^(\s|#.*\n)*data_/i.test(head)) return "mmcif";
  return /^(ATOM {2}|HETATM)/m.test(head) ? "pdb" : "";
}
