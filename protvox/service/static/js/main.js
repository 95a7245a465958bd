/**
 * The page: submits structures, follows their jobs and shows the results.
 * @module main
 */

import { asProblem, serviceDescription } from "./api.js";
import { byId } from "./dom.js";
import { showFieldProblem } from "./fields.js";
import { listen } from "./form.js";
import { jobList } from "./job_list.js";
import { cancelJob, createJob, results, waitFor } from "./jobs.js";
import { readPrediction } from "./prediction.js";
import { resultView } from "./result.js";
import { errorState, loadingState } from "./states.js";
import { emptyState } from "./welcome.js";

const output = byId("result", HTMLElement);
let running = new AbortController();

/**
 * Replace the content below the form.
 * @param {string} view "empty", "busy", "error", "list" or "result"; decides the size of the form.
 * @param {HTMLElement} element
 * @param {string} [title] of the page.
 */
function show(view, element, title = "") {
  document.body.dataset.view = view;
  document.title = title ? `${title} – protvox` : "protvox";
  output.replaceChildren(element);
}

/** @returns {URLSearchParams} the words behind # in the address. */
function address() {
  return new URLSearchParams(location.hash.slice(1));
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
    show("empty", emptyState());
  }, request?.file ?? null);
  show("busy", loading.element, name);
  try {
    if (request) {
      id = (await createJob(request, signal)).id;
      history.pushState(null, "", `#job=${encodeURIComponent(id)}`);
    }
    const job = await waitFor(id, signal, loading.update);
    const json = await (await results(id, "json", signal)).json();
    const { paths: offers } = await serviceDescription();
    if (signal.aborted) return;
    const view = resultView({ prediction: readPrediction(json), job: id, request, offers,
      options: job.options ?? request?.options ?? {}, view: address().get("view") ?? "",
      entered: remember, fail: showError });
    show("result", view, job.name);
    byId("status", HTMLElement).textContent = `The result for ${job.name} is ready.`;
    output.focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    const problem = asProblem(error);
    show("error", errorState(problem,
      problem.canRetry ? () => follow(name, request, firstId) : null), "Error");
    showFieldProblem(problem, request?.options ?? {});
  }
}

/**
 * Note the opened tab in the address, so that a link leads back to it.
 * @param {string} view
 */
function remember(view) {
  const words = address();
  if (!words.has("job") || words.get("view") === view) return;
  if (view === "domains") words.delete("view");
  else words.set("view", view);
  history.replaceState(null, "", `#${words}`);
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

/**
 * Predict one structure, or several as a list of jobs.
 * @param {import("./jobs.js").PredictionRequest[]} requests
 */
async function predict(requests) {
  if (requests.length === 1) {
    const [request] = requests;
    follow(request.file?.name ?? request.id, request);
    return;
  }
  running.abort();
  const { signal } = running = new AbortController();
  const list = jobList(signal);
  show("list", list.element, "Jobs");
  await list.submit(requests, (ids) => {
    const here = `#jobs=${ids.map(encodeURIComponent).join(",")}`;
    if (ids.length === 1) history.pushState(null, "", here);
    else history.replaceState(null, "", here);
  });
}

/** Show the job or the jobs in the address, if any. */
function open() {
  const words = address();
  const ids = (words.get("jobs") ?? "").split(",").filter(Boolean);
  if (words.get("job")) {
    follow("Job", null, words.get("job"));
  } else if (ids.length) {
    running.abort();
    const { signal } = running = new AbortController();
    const list = jobList(signal);
    show("list", list.element, "Jobs");
    list.watch(ids);
  } else {
    running.abort();
    show("empty", emptyState());
  }
}

listen(predict, showError);
window.addEventListener("popstate", open);
open();
