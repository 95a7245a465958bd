/**
 * The states of the page while there is no result: loading and error.
 * @module states
 */

import { el } from "./dom.js";
import { count } from "./numbers.js";
import { preview } from "./preview.js";

/** Number of residues from which an estimate of the time and the structure are shown. */
const NOTICEABLE = 300;
/** Residues per second on two CPU cores, rounded down (benchmarks/results). */
const RESIDUES_PER_S = 100;
/** Time from which it is worth leaving the page, s. */
const BOOKMARKED_S = 60;

/**
 * @param {string} name of the structure.
 * @param {() => void} cancel
 * @param {File|null} file the structure, if it is on this computer.
 * @returns {{element: HTMLElement, update: (job: import("./jobs.js").Job) => void}}
 */
export function loadingState(name, cancel, file) {
  const message = el("p", { class: "what" }, "Uploading the structure …");
  const size = el("p", { class: "quiet" }, "");
  const start = performance.now();
  const clock = el("span", { class: "quiet", "aria-hidden": "true" });
  const timer = setInterval(() => {
    if (!clock.isConnected && performance.now() - start > 2000) clearInterval(timer);
    clock.textContent = `${Math.round((performance.now() - start) / 1000)} s`;
  }, 1000);
  const element = el("div", { class: "waiting" },
    el("div", { class: "card state loading", role: "status" },
      el("span", { class: "spinner", "aria-hidden": "true" }),
      el("div", {}, el("h2", {}, name), message, size),
      clock, el("button", { class: "plain", type: "button", on: { click: cancel } }, "Cancel")));
  let shown = false;
  const update = (job) => {
    const state = {
      queued: "Waiting in the queue …", running: "Computing the prediction …",
      done: "Fetching the result …",
    }[job.state];
    if (state && message.textContent !== state) message.textContent = state;
    size.textContent = `${count(job.n_residues)} residues. ${estimate(job.n_residues)}`;
    if (file && !shown && job.n_residues > NOTICEABLE && job.state !== "done") {
      shown = true;
      element.append(preview(file));
    }
  };
  return { element, update };
}

/**
 * @param {number} n number of residues.
 * @returns {string} how long a prediction takes, where it is noticeable.
 */
function estimate(n) {
  if (n <= NOTICEABLE) return "";
  const seconds = n / RESIDUES_PER_S;
  const time = seconds < 50 ? `${Math.max(5, 5 * Math.round(seconds / 5))} seconds`
    : `${Math.ceil(seconds / 60)} ${seconds <= 60 ? "minute" : "minutes"}`;
  return `This takes about ${time} on two CPU cores.` +
    `${seconds < BOOKMARKED_S ? "" : " You can bookmark this page and return later."}`;
}

/**
 * @param {import("./api.js").Problem} problem
 * @param {(() => void)|null} again
 * @returns {HTMLElement}
 */
export function errorState(problem, again) {
  const details = [["Where", problem.where], ["What to do", problem.remedy]]
    .filter(([, text]) => text)
    .flatMap(([head, text]) => [el("dt", {}, head), el("dd", {}, text)]);
  return el("div", { class: "card state error", role: "alert", "data-testid": "error" },
    el("div", {},
      el("h2", {}, sentence(problem.what)),
      details.length ? el("dl", {}, ...details) : null,
      el("p", { class: "quiet" }, el("code", {}, problem.code),
        problem.requestId ? ` · request ${problem.requestId}` : "")),
    again ? el("button", { type: "button", on: { click: again } }, "Try again") : null);
}

/**
 * @param {string} text
 * @returns {string} starting with a capital letter.
 */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
