/**
 * The page: takes a structure, follows its job and shows the answer.
 * @module main
 */

import { answer } from "./answer.js";
import { asProblem, knownPaths } from "./api.js";
import { listen } from "./form.js";
import { cancelJob, createJob, results, waitFor } from "./jobs.js";
import { byId } from "./dom.js";
import { readPrediction } from "./prediction.js";
import { blameFor } from "./fields.js";
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
 * Follow a job to its answer, and show how far it is or what went wrong.
 * @param {string} name shown while it runs.
 * @param {import("./jobs.js").Question|null} question to send first, if any.
 * @param {string} [id] of a job that is there already.
 */
async function follow(name, question, id = "") {
  running.abort();
  const control = running = new AbortController();
  const { signal } = control;
  byId("news").textContent = "";
  const begun = id;
  const loading = loadingState(name, () => {
    control.abort();
    if (id) cancelJob(id).catch(() => {});
    history.replaceState(null, "", location.pathname);
    show(emptyState());
  });
  show(loading.element);
  try {
    if (question) {
      id = (await createJob(question, signal)).id;
      history.pushState(null, "", `#job=${encodeURIComponent(id)}`);
    }
    const job = await waitFor(id, signal, loading.update);
    const json = await (await results(id, "json", signal)).json();
    const mutations = (await knownPaths()).has("/predict/mutations");
    if (signal.aborted) return;
    show(answer({ prediction: readPrediction(json), job: id, question, mutations,
      fail: complain }));
    document.title = `${job.name} – protvox`;
    byId("news").textContent = `The answer for ${job.name} is there.`;
    place.focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted) return;
    const problem = asProblem(error);
    show(errorState(problem, problem.mayPass ? () => follow(name, question, begun) : null));
    blameFor(problem, question?.options ?? {});
  }
}

/**
 * Show an error above the answer, which stays.
 * @param {Error} error
 */
function complain(error) {
  place.querySelector(".state.error")?.remove();
  const element = errorState(asProblem(error), null);
  place.prepend(element);
  element.scrollIntoView({ block: "nearest" });
}

/** Show what the address names. */
function open() {
  const id = new URLSearchParams(location.hash.slice(1)).get("job");
  if (id) {
    follow("Job", null, id);
  } else {
    running.abort();
    show(emptyState());
  }
}

listen((question) => follow(question.file?.name ?? question.id, question), complain);
window.addEventListener("popstate", open);
open();
