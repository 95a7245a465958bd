/**
 * The structure viewer: Mol* in a sandboxed frame, which exchanges messages with the page.
 * @module viewer
 */

import { Problem } from "./api.js";
import { residuesOf } from "./cif.js";
import { colourNumber } from "./colours.js";
import { card, el } from "./dom.js";
import { membership } from "./domains.js";
import { results } from "./jobs.js";

/**
 * The structure viewer. Without predictions for residues, e.g. for CA atoms alone, residues are
 * coloured by domain.
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {import("./colouring.js").Colouring} colouring
 * @param {string} job
 * @returns {{element: HTMLElement, picture: () => Promise<Blob>,
 *   superpose: (ca: number[][]|null) => void}}
 */
export function viewerCard(prediction, selection, colouring, job) {
  const { residues, domains } = prediction;
  let drawn = residues;
  const frame = el("iframe", { class: "viewer", title: "Structure in three dimensions",
    sandbox: "allow-scripts", src: "viewer/index.html", referrerpolicy: "no-referrer" });
  const note = el("p", { class: "note quiet" }, "Loading the viewer …");
  const colours = () => drawn.map((r) => colourNumber(colouring.colourOf(r)));
  const stage = el("div", { class: "stage" }, frame, note);
  const element = card("Structure", { class: "structure", dataset: { viewer: "loading" } },
    el("div", { class: "row tools" }, schemeChoice(colouring),
      ...tools(stage, (kind, words) => post(kind, words))),
    stage, schemeLegend(colouring));
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
        if (!residues.length) {
          drawn = withDomains(data, domains);
          colouring.draw(drawn);
        }
        const addresses = { chain: drawn.map((r) => r.chain),
          number: drawn.map((r) => r.number), code: drawn.map((r) => r.insertionCode) };
        post("show", { data, addresses, colours: colours() });
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
  colouring.addEventListener("change", () => post("colour", { colours: colours() }));
  follow(selection, post);
  const picture = async () => {
    if (element.dataset.viewer !== "shown") {
      throw new Problem({ what: "there is no image yet", where: "Structure",
        remedy: "Wait until the structure is displayed", code: "page.picture" });
    }
    const uri = await new Promise((resolve) => { resolvePicture = resolve; post("picture"); });
    return imageOf(uri);
  };
  return { element, picture, superpose: (ca) => post("superpose", { ca }) };
}

/**
 * @param {import("./colouring.js").Colouring} colouring
 * @returns {HTMLElement} the choice of a colour scheme.
 */
function schemeChoice(colouring) {
  const choice = el("select", { "aria-label": "Colour by",
    on: { change: () => colouring.choose(choice.value) } });
  const fill = () => {
    choice.replaceChildren(...colouring.names.map((name) =>
      el("option", { value: name }, `by ${name}`)));
    choice.value = colouring.name;
  };
  colouring.addEventListener("schemes", fill);
  colouring.addEventListener("change", () => { choice.value = colouring.name; });
  fill();
  return choice;
}

/**
 * @param {import("./colouring.js").Colouring} colouring
 * @returns {HTMLElement}
 */
function schemeLegend(colouring) {
  const key = el("div", { class: "key" });
  const show = () => key.replaceChildren(colouring.legend());
  colouring.addEventListener("change", show);
  colouring.addEventListener("schemes", show);
  show();
  return key;
}

/**
 * Buttons for the view of the structure.
 * @param {HTMLElement} stage
 * @param {(kind: string, words?: Object) => void} post
 * @returns {HTMLElement[]}
 */
function tools(stage, post) {
  const button = (label, click) => el("button", { type: "button", class: "plain small",
    on: { click } }, label);
  const spin = button("Spin", () => {
    const on = spin.getAttribute("aria-pressed") !== "true";
    spin.setAttribute("aria-pressed", String(on));
    post("spin", { on });
  });
  spin.setAttribute("aria-pressed", "false");
  const full = button("Full screen", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else stage.requestFullscreen().catch(() => {});
  });
  full.hidden = !document.fullscreenEnabled;
  return [button("Reset view", () => post("reset")), spin, full];
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
