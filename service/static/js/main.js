/**
 * The page: takes a structure, follows its job and shows the answer.
 * @module main
 */

import { answer } from "./answer.js";
import { Problem } from "./api.js";
import { listen } from "./form.js";
import { cancelJob, createJob, results, waitFor } from "./jobs.js";
import { byId } from "./dom.js";
import { readPrediction } from "./prediction.js";
import { emptyState, errorState, loadingState } from "./states.js";

const place = byId("answer");
let running = new AbortController();

/**
 * Replace what is shown below the form.
 * @param {HTMLElement} element
 */
function show(element) {
  place.replaceChildren(element);
}

/**
 * Run something to its answer, and show how far it is or what went wrong.
 * @param {string} name shown while it runs.
 * @param {(signal: AbortSignal) => Promise<string>} begin gives the id of the job.
 */
async function follow(name, begin) {
  running.abort();
  const control = running = new AbortController();
  const { signal } = control;
  let id = "";
  const loading = loadingState(name, () => {
    control.abort();
    if (id) cancelJob(id).catch(() => {});
    location.hash = "";
    show(emptyState());
  });
  show(loading.element);
  try {
    id = await begin(signal);
    history.replaceState(null, "", `#job=${encodeURIComponent(id)}`);
    const job = await waitFor(id, signal, loading.update);
    const json = await (await results(id, "json", signal)).json();
    if (signal.aborted) return;
    show(answer(readPrediction(json), job, complain));
    document.title = `${job.name} – protvox`;
    place.focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    show(errorState(asProblem(error), () => follow(name, begin)));
  }
}

/**
 * Show an error above the answer, which stays.
 * @param {Error} error
 */
function complain(error) {
  place.querySelector(".state.error")?.remove();
  place.prepend(errorState(asProblem(error), null));
}

/**
 * @param {Error} error
 * @returns {Problem}
 */
function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem({ what: "this page failed", where: error.message,
    remedy: "Reload it; if that does not help, report it", code: "page.bug" });
}

/** Show what the address names. */
function open() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  if (id) follow("Job", async () => id);
  else show(emptyState());
}

listen((question) => follow(question.file?.name ?? question.id,
  async (signal) => (await createJob(question, signal)).id), complain);
window.addEventListener("hashchange", open);
open();
