/**
 * The structure in space: Mol* in a sandboxed frame, reached by messages only.
 * @module viewer
 */

import { Problem } from "./api.js";
import { card, el } from "./dom.js";
import { colourNumber, domainColour, legend, wildTypeColour } from "./colours.js";
import { results } from "./jobs.js";

/**
 * @param {import("./prediction.js").Prediction} prediction
 * @param {import("./selection.js").Selection} selection
 * @param {string} job
 * @returns {{element: HTMLElement, picture: () => Promise<Blob>}}
 */
export function viewerCard(prediction, selection, job) {
  const { residues, domains } = prediction;
  const frame = el("iframe", { class: "viewer", title: "Structure in three dimensions",
    sandbox: "allow-scripts", src: "viewer/index.html", referrerpolicy: "no-referrer" });
  const note = el("p", { class: "note quiet" }, "Loading the viewer …");
  const key = el("div", {});
  const paints = {
    "wild-type probability": () => residues.map((r) => wildTypeColour(r.p)),
    domain: () => residues.map((r) => domainColour(r.domain)),
  };
  const colours = (name) => paints[name]().map(colourNumber);
  const choice = el("select", { "aria-label": "Colour by" },
    ...Object.keys(paints).map((name) => el("option", { value: name }, `by ${name}`)));
  const explain = () => key.replaceChildren(legend(choice.value, domains));
  explain();

  const element = card("Structure", { class: "structure", dataset: { viewer: "loading" } },
    el("div", { class: "row" }, choice, key), el("div", { class: "stage" }, frame, note));
  const post = (kind, words = {}) => frame.contentWindow?.postMessage({ kind, ...words }, "*");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const ground = () => {
    const colour = getComputedStyle(document.body).getPropertyValue("--card").trim();
    post("ground", { colour: colourNumber(colour) });
  };
  const fail = (why) => {
    if (element.dataset.viewer === "shown") return;
    element.dataset.viewer = "failed";
    note.hidden = false;
    note.textContent = `The structure cannot be shown here: ${why}. Everything else works.`;
  };
  let pictured = null;
  const receive = {
    ready: async () => {
      try {
        ground();
        const places = { chain: residues.map((r) => r.chain),
          number: residues.map((r) => r.number), code: residues.map((r) => r.insertionCode) };
        const data = await (await results(job, "cif")).text();
        post("show", { data, places, colours: colours(choice.value) });
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
    hover: ({ index }) => selection.hover(place(index)),
    pick: ({ index }) => selection.pin(place(index)),
    picture: ({ uri }) => pictured?.(String(uri)),
  };
  const place = (index) => (Number.isInteger(index) && index < residues.length ? index : -1);

  const listener = ({ source, data }) => {
    if (!element.isConnected) return stop();
    if (source === frame.contentWindow && Object.hasOwn(receive, data?.kind)) {
      receive[data.kind](data);
    }
  };
  const stop = () => {
    window.removeEventListener("message", listener);
    dark.removeEventListener("change", ground);
  };
  window.addEventListener("message", listener);
  dark.addEventListener("change", ground);
  choice.addEventListener("change", () => {
    explain();
    post("colour", { colours: colours(choice.value) });
  });
  follow(selection, post);
  const picture = async () => {
    if (element.dataset.viewer !== "shown") {
      throw new Problem({ what: "there is no picture to take", where: "Structure",
        remedy: "Wait until the structure is shown", code: "page.picture" });
    }
    const uri = await new Promise((resolve) => { pictured = resolve; post("picture"); });
    return pictureOf(uri);
  };
  return { element, picture };
}

/**
 * Point in the viewer at what is pointed at elsewhere, at most once a frame.
 * @param {import("./selection.js").Selection} selection
 * @param {(kind: string, words: Object) => void} post
 */
function follow(selection, post) {
  let told = -1;
  let waiting = false;
  selection.addEventListener("change", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (selection.hovered === told) return;
      told = selection.hovered;
      post("hover", { index: told });
    });
  });
  selection.addEventListener("pin", () => post("focus", { index: selection.pinned }));
}

/**
 * @param {string} uri "data:image/png;base64,...".
 * @returns {Blob}
 */
function pictureOf(uri) {
  const text = atob(uri.slice(uri.indexOf(",") + 1));
  return new Blob([Uint8Array.from(text, (c) => c.charCodeAt(0))], { type: "image/png" });
}
