/**
 * The page: submits a structure, follows its job and shows the result.
 * @module main
 */

import { asProblem, servicePaths } from "./api.js";
import { listen } from "./form.js";
import { cancelJob, createJob, results, waitFor } from "./jobs.js";
import { byId } from "./dom.js";
import { readPrediction } from "./prediction.js";
import { showFieldProblem } from "./fields.js";
import { resultView } from "./result.js";
import { emptyState, errorState, loadingState } from "./states.js";

const output = byId("result", HTMLElement);
let running = new AbortController();

/**
 * Replace the content below the form.
 * @param {HTMLElement} element
 */
function show(element) {
  output.replaceChildren(element);
}

/**
 * Follow a job until it ends, and show its state, then its result or error.
 * @param {string} name shown while the job runs.
 * @param {import("./jobs.js").PredictionRequest|null} request to submit first, if any.
 * @param {string} [id] of an existing job.
 */
async function follow(name, request, id = "") {
  running.abort();
  const control = running = new AbortController();
  const { signal } = control;
  byId("status", HTMLElement).textContent = "";
  const firstId = id;
  const loading = loadingState(name, () => {
    control.abort();
    if (id) cancelJob(id).catch(() => {});
    history.replaceState(null, "", location.pathname);
    show(emptyState());
  });
  show(loading.element);
  try {
    if (request) {
      id = (await createJob(request, signal)).id;
      history.pushState(null, "", `#job=${encodeURIComponent(id)}`);
    }
    const job = await waitFor(id, signal, loading.update);
    const json = await (await results(id, "json", signal)).json();
    const mutations = (await servicePaths()).has("/predict/mutations");
    if (signal.aborted) return;
    show(resultView({ prediction: readPrediction(json), job: id, request, mutations,
      fail: showError }));
    document.title = `${job.name} – protvox`;
    byId("status", HTMLElement).textContent = `The result for ${job.name} is ready.`;
    output.focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    const problem = asProblem(error);
    show(errorState(problem, problem.canRetry ? () => follow(name, request, firstId) : null));
    showFieldProblem(problem, request?.options ?? {});
  }
}

/**
 * Show an error above the result.
 * @param {Error} error
 */
function showError(error) {
  output.querySelector(".state.error")?.remove();
  const element = errorState(asProblem(error), null);
  output.prepend(element);
  element.scrollIntoView({ block: "nearest" });
}

/** Show the job in the address, if any. */
function open() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  if (id) {
    follow("Job", null, id);
  } else {
    running.abort();
    show(emptyState());
  }
}

listen((request) => follow(request.file?.name ?? request.id, request), showError);
window.addEventListener("popstate", open);
open();
