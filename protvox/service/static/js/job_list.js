/**
 * The list of jobs for several structures.
 * @module job_list
 */

import { asProblem } from "./api.js";
import { el, table } from "./dom.js";
import { createJob, waitFor } from "./jobs.js";
import { count } from "./numbers.js";

const STATES = Object.freeze({ queued: "waiting", running: "computing", done: "done",
  failed: "failed", cancelled: "cancelled" });

/**
 * @param {AbortSignal} signal
 * @returns {{element: HTMLElement,
 *   submit: (requests: import("./jobs.js").PredictionRequest[]) => Promise<string[]>,
 *   watch: (ids: string[]) => void}} `submit` returns the ids of the jobs that were accepted.
 */
export function jobList(signal) {
  const rows = el("tbody", {});
  const shown = table("Jobs", ["Structure", "Residues", "State"], []);
  shown.querySelector("tbody").replaceWith(rows);
  const element = el("section", { class: "card jobs", "data-testid": "jobs" },
    el("h1", {}, "Jobs"), shown,
    el("p", { class: "quiet" }, "The address of this page leads back to the list."));

  /** Add a row, and return functions that update it. */
  const add = (name) => {
    const [first, size, state] = [el("td", {}, name), el("td", { class: "number" }), el("td", {},
      "sending …")];
    rows.append(el("tr", {}, first, size, state));
    return {
      update: (job) => {
        first.replaceChildren(el("a", { href: `#job=${encodeURIComponent(job.id)}` }, job.name));
        size.textContent = count(job.n_residues);
        state.textContent = STATES[job.state] ?? job.state;
      },
      fail: (error) => {
        const { what, remedy } = asProblem(error);
        state.replaceChildren(el("span", { class: "fault" },
          [what, remedy].filter(Boolean).join(". ")));
      },
    };
  };
  const follow = (id, row) => waitFor(id, signal, row.update).catch((error) => {
    if (!signal.aborted) row.fail(error);
  });
  const submit = async (requests) => {
    const waiting = requests.map((request) => ({ request,
      row: add(request.file?.name ?? request.id) }));
    const ids = [];
    for (const { request, row } of waiting) {
      if (signal.aborted) break;
      try {
        const job = await createJob(request, signal);
        ids.push(job.id);
        row.update(job);
        follow(job.id, row);
      } catch (error) {
        if (!signal.aborted) row.fail(error);
      }
    }
    return ids;
  };
  return { element, submit, watch: (ids) => ids.forEach((id) => follow(id, add(id))) };
}
