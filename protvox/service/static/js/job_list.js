/**
 * The list of jobs for several structures.
 * @module job_list
 */

import { asProblem } from "./api.js";
import { el, table } from "./dom.js";
import { createJob, sleep, waitFor } from "./jobs.js";
import { count } from "./numbers.js";
import { sentence } from "./states.js";

const STATES = Object.freeze({ queued: "waiting", running: "computing", done: "done",
  failed: "failed", cancelled: "cancelled" });
/** Answers of a service that accepts the structure later. */
const BUSY = Object.freeze([429, 503]);
/** Least pause before a structure is sent again, s, and the longest that is waited. */
const PAUSE_S = 2;
const LONGEST_S = 120;

/**
 * @param {AbortSignal} signal
 * @returns {{element: HTMLElement,
 *   submit: (requests: import("./jobs.js").PredictionRequest[],
 *     accepted: (ids: string[]) => void) => Promise<void>,
 *   watch: (ids: string[]) => void}} `accepted` is called with the ids of all jobs so far.
 */
export function jobList(signal) {
  const rows = el("tbody", {});
  const shown = table("Jobs", ["Structure", "Residues", "State"], []);
  shown.querySelector("tbody").replaceWith(rows);
  const summary = el("p", { role: "status" });
  const element = el("section", { class: "card jobs", "data-testid": "jobs" },
    el("h1", {}, "Jobs"), summary, shown,
    el("p", { class: "quiet" }, "The address of this page leads back to the list."));
  const all = [];
  const summarise = () => {
    const ended = (...states) => all.filter(({ state }) => states.includes(state)).length;
    const failed = ended("failed", "cancelled");
    summary.textContent = `${count(ended("done"))} of ${count(all.length)} done` +
      `${failed ? `, ${count(failed)} failed` : ""}`;
  };

  /** Add a row, and return functions that update it. */
  const add = (name) => {
    const entry = { state: "sending" };
    const first = el("td", {}, name);
    const size = el("td", { class: "number" });
    const state = el("td", {});
    const set = (kind, words) => {
      entry.state = kind;
      state.replaceChildren(el("span", { class: `mark ${kind}` }, words));
      summarise();
    };
    all.push(entry);
    rows.append(el("tr", {}, first, size, state));
    set("sending", "sending …");
    return {
      update: (job) => {
        first.replaceChildren(el("a", { href: `#job=${encodeURIComponent(job.id)}` }, job.name));
        size.textContent = count(job.n_residues);
        set(job.state, STATES[job.state] ?? job.state);
      },
      delay: (why) => set("sending", `will be sent again soon: ${why}`),
      fail: (error) => {
        const { what, remedy } = asProblem(error);
        if (entry.state !== "cancelled") set("failed", "failed");
        const words = [what, remedy].filter(Boolean).map((text) => `${sentence(text)}.`);
        first.append(el("span", { class: "under fault" }, words.join(" ")));
      },
    };
  };
  const follow = (id, row) => waitFor(id, signal, row.update).catch((error) => {
    if (!signal.aborted) row.fail(error);
  });
  /** Send one structure, again while the service is busy. */
  const send = async (request, row) => {
    for (;;) {
      try {
        return await createJob(request, signal);
      } catch (error) {
        const later = BUSY.includes(error.status) && error.retryAfter <= LONGEST_S;
        if (!later) throw error;
        row.delay(error.what);
        await sleep(1000 * Math.max(PAUSE_S, error.retryAfter), signal);
      }
    }
  };
  const submit = async (requests, accepted) => {
    const waiting = requests.map((request) => ({ request,
      row: add(request.file?.name ?? request.id) }));
    const ids = [];
    for (const { request, row } of waiting) {
      if (signal.aborted) break;
      try {
        const job = await send(request, row);
        ids.push(job.id);
        accepted(ids);
        row.update(job);
        follow(job.id, row);
      } catch (error) {
        if (!signal.aborted) row.fail(error);
      }
    }
  };
  return { element, submit, watch: (ids) => ids.forEach((id) => follow(id, add(id))) };
}
