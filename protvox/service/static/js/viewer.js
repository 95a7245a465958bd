/**
 * The structure viewer: Mol* in a sandboxed frame, which exchanges messages with the page.
 * @module viewer
 */

import { Problem } from "./api.js";
import { residuesOf } from "./cif.js";
import { card, el } from "./dom.js";
import { colourNumber, domainColour, legend, plddtColour, wildTypeColour } from "./colours.js";
import { membership } from "./domains.js";
import { results } from "./jobs.js";

/**
 * The structure viewer. Without predictions for residues, e.g. for CA atoms alone, residues are
 * coloured by domain.
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {string} job
 * @returns {{element: HTMLElement, picture: () => Promise<Blob>}}
 */
export function viewerCard(prediction, selection, job) {
  const { residues, domains } = prediction;
  let drawn = residues;
  const frame = el("iframe", { class: "viewer", title: "Structure in three dimensions",
    sandbox: "allow-scripts", src: "viewer/index.html", referrerpolicy: "no-referrer" });
  const note = el("p", { class: "note quiet" }, "Loading the viewer …");
  const key = el("div", {});
  const schemes = {
    ...(residues.length && prediction.input.plddt && { pLDDT: (r) => plddtColour(r.plddt) }),
    ...(residues.length && { "wild-type probability": (r) => wildTypeColour(r.p) }),
    domain: (r) => domainColour(r.domain),
  };
  const colours = (name) => drawn.map((r) => colourNumber(schemes[name](r)));
  const choice = el("select", { "aria-label": "Colour by" },
    ...Object.keys(schemes).map((name) => el("option", { value: name }, `by ${name}`)));
  const showLegend = () => key.replaceChildren(legend(choice.value, domains));
  showLegend();

  const element = card("Structure", { class: "structure", dataset: { viewer: "loading" } },
    el("div", { class: "row" }, choice, key), el("div", { class: "stage" }, frame, note));
  const post = (kind, words = {}) => frame.contentWindow?.postMessage({ kind, ...words }, "*");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const setBackground = () => {
    const colour = getComputedStyle(document.body).getPropertyValue("--card").trim();
    post("background", { colour: colourNumber(colour) });
  };
  const fail = (why) => {
    if (element.dataset.viewer === "shown") return;
    element.dataset.viewer = "failed";
    note.hidden = false;
    note.textContent = `The structure cannot be displayed: ${why}. Everything else works.`;
  };
  let resolvePicture = null;
  const receive = {
    ready: async () => {
      try {
        setBackground();
        const data = await (await results(job, "cif")).text();
        if (!residues.length) drawn = withDomains(data, domains);
        const addresses = { chain: drawn.map((r) => r.chain),
          number: drawn.map((r) => r.number), code: drawn.map((r) => r.insertionCode) };
        post("show", { data, addresses, colours: colours(choice.value) });
      } catch (error) {
        fail(error.message);
      }
    },
    shown: () => {
      element.dataset.viewer = "shown";
      note.hidden = true;
      if (selection.pinned >= 0) post("focus", { index: selection.pinned });
    },
    failed: ({ why }) => fail(String(why)),
    hover: ({ index }) => selection.hover(validIndex(index)),
    pick: ({ index }) => selection.pin(validIndex(index)),
    picture: ({ uri }) => resolvePicture?.(String(uri)),
  };
  const validIndex = (index) => (Number.isInteger(index) && index < residues.length ? index : -1);

  const listener = ({ source, data }) => {
    if (!element.isConnected) return stop();
    if (source === frame.contentWindow && Object.hasOwn(receive, data?.kind)) {
      receive[data.kind](data);
    }
  };
  const stop = () => {
    window.removeEventListener("message", listener);
    dark.removeEventListener("change", setBackground);
  };
  window.addEventListener("message", listener);
  dark.addEventListener("change", setBackground);
  choice.addEventListener("change", () => {
    showLegend();
    post("colour", { colours: colours(choice.value) });
  });
  follow(selection, post);
  const picture = async () => {
    if (element.dataset.viewer !== "shown") {
      throw new Problem({ what: "there is no image yet", where: "Structure",
        remedy: "Wait until the structure is displayed", code: "page.picture" });
    }
    const uri = await new Promise((resolve) => { resolvePicture = resolve; post("picture"); });
    return imageOf(uri);
  };
  return { element, picture };
}

/**
 * @param {string} cif
 * @param {Object[]} domains
 * @returns {Object[]} residues of a file, with their domains.
 */
function withDomains(cif, domains) {
  const domainOf = membership(domains);
  return residuesOf(cif).map((r) => ({ ...r, insertionCode: r.insertion_code,
    domain: domainOf(r) }));
}

/**
 * Highlight in the viewer the residue hovered elsewhere, at most once per animation frame.
 * @param {import("./selection.js").Selection} selection
 * @param {(kind: string, words: Object) => void} post
 */
function follow(selection, post) {
  let sent = -1;
  let waiting = false;
  selection.addEventListener("change", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (selection.hovered === sent) return;
      sent = selection.hovered;
      post("hover", { index: sent });
    });
  });
  selection.addEventListener("pin", () => post("focus", { index: selection.pinned }));
}

/**
 * @param {string} uri "data:image/png;base64,...".
 * @returns {Blob}
 */
function imageOf(uri) {
  const text = atob(uri.slice(uri.indexOf(",") + 1));
  return new Blob([Uint8Array.from(text, (c) => c.charCodeAt(0))], { type: "image/png" });
}
