/**
 * What the page shows while there is no answer: how far it is, and what went wrong.
 * @module states
 */

import { el } from "./dom.js";
import { count } from "./numbers.js";

/**
 * @param {string} name of the structure.
 * @param {() => void} cancel
 * @returns {{element: HTMLElement, update: (job: import("./jobs.js").Job) => void}}
 */
export function loadingState(name, cancel) {
  const words = el("p", { class: "what" }, "Sending the structure …");
  const size = el("p", { class: "quiet" }, "");
  const began = performance.now();
  const clock = el("span", { class: "quiet", "aria-hidden": "true" });
  const timer = setInterval(() => {
    if (!clock.isConnected && performance.now() - began > 2000) clearInterval(timer);
    clock.textContent = `${Math.round((performance.now() - began) / 1000)} s`;
  }, 1000);
  const element = el("div", { class: "card state loading", role: "status" },
    el("span", { class: "spinner", "aria-hidden": "true" }),
    el("div", {}, el("h2", {}, name), words, size),
    clock, el("button", { class: "plain", type: "button", on: { click: cancel } }, "Cancel"));
  const update = (job) => {
    const state = {
      queued: "Waiting for its turn …", running: "Computing the prediction …",
      done: "Fetching the answer …",
    }[job.state];
    if (state && words.textContent !== state) words.textContent = state;
    size.textContent = `${count(job.n_residues)} residues. ` +
      (job.n_residues > 1500 ? "This is large and takes minutes; you can keep the address " +
        "of this page and come back." : "");
  };
  return { element, update };
}

/**
 * @param {import("./api.js").Problem} problem
 * @param {(() => void)|null} again
 * @returns {HTMLElement}
 */
export function errorState(problem, again) {
  const facts = [["Where", problem.where], ["What to do", problem.remedy]]
    .filter(([, text]) => text)
    .flatMap(([head, text]) => [el("dt", {}, head), el("dd", {}, text)]);
  return el("div", { class: "card state error", role: "alert", "data-testid": "error" },
    el("div", {},
      el("h2", {}, sentence(problem.what)),
      facts.length ? el("dl", {}, ...facts) : null,
      el("p", { class: "quiet" }, el("code", {}, problem.code),
        problem.requestId ? ` · request ${problem.requestId}` : "")),
    again ? el("button", { type: "button", on: { click: again } }, "Try again") : null);
}

/**
 * @returns {HTMLElement}
 */
export function emptyState() {
  const items = [
    ["What fold is it?", "The CATH architecture of every domain, with probabilities that hold."],
    ["Does anything look wrong?",
      "Residues whose surroundings favour another amino acid by 10 : 1 or more."],
    ["What would a site accept?", "The probability of each amino acid at every position."],
  ];
  return el("div", { class: "empty" }, ...items.map(([head, text]) =>
    el("div", {}, el("h2", {}, head), el("p", {}, text))));
}

/**
 * @param {string} text
 * @returns {string} beginning with a capital letter.
 */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
