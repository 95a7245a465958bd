/**
 * Predictions are jobs of the service, so that every result has its own address.
 * @module jobs
 */

import { callService, Problem } from "./api.js";

const FIRST_MS = 300;
const MAX_PAUSE_MS = 3000;
const GROWTH = 1.4;
const MAX_RETRIES = 5;
const LISTS = new Set(["domains", "mutations", "fix", "keep_away"]);

/**
 * @typedef {Object} PredictionRequest
 * @property {File|null} file
 * @property {string} id of a database entry, if there is no file.
 * @property {Object<string, string>} options other fields of the form.
 */

/**
 * @typedef {Object} Job as described by the service.
 * @property {string} id
 * @property {"queued"|"running"|"done"|"failed"|"cancelled"} state
 * @property {string} task
 * @property {string} name
 * @property {number} n_residues
 * @property {string|null} expires
 * @property {Object<string, *>} options that differ from the defaults.
 * @property {{code: string, what: string, where: ?string, remedy: ?string}|null} error
 */

/**
 * Submit a job.
 * @param {PredictionRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<Job>}
 */
export async function createJob(request, signal) {
  return (await callService("jobs", { method: "POST", signal, ...requestBody(request) })).json();
}

/**
 * The body of a request: a form with the file, or JSON with the identifier.
 * @param {PredictionRequest} request
 * @returns {RequestInit}
 */
export function requestBody({ file, id, options }) {
  if (file) {
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, value);
    form.append("file", file, file.name);
    return { body: form };
  }
  const words = { id };
  for (const [name, value] of Object.entries(options)) {
    if (LISTS.has(name)) words[name] = value.split("\n");
    else words[name] = name === "model_number" ? Number(value) : name === "traces" || value;
  }
  return { body: JSON.stringify(words), headers: { "Content-Type": "application/json" } };
}

/**
 * Wait until a job has ended.
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {(job: Job) => void} watch called with every state.
 * @returns {Promise<Job>} finished job.
 * @throws {Problem} if it failed or was cancelled.
 */
export async function waitFor(id, signal, watch) {
  let pause = FIRST_MS;
  let failures = 0;
  for (;;) {
    let job;
    try {
      job = await (await callService(`jobs/${encodeURIComponent(id)}`, { signal })).json();
      failures = 0;
    } catch (error) {
      const isTransient = [0, 429, 503].includes(error.status);
      if (!(error instanceof Problem) || !isTransient || ++failures > MAX_RETRIES) throw error;
      await sleep(Math.max(pause, 1000 * error.retryAfter), signal);
      continue;
    }
    watch(job);
    if (job.state === "done") return job;
    if (job.state === "failed") throw new Problem({ what: "the job failed", ...job.error });
    if (job.state === "cancelled") {
      throw new Problem({ what: "the job was cancelled", where: job.name,
        remedy: "Submit the structure again", code: "job.cancelled" });
    }
    await sleep(pause, signal);
    pause = Math.min(MAX_PAUSE_MS, pause * GROWTH);
  }
}

/**
 * Cancel a job.
 * @param {string} id
 */
export async function cancelJob(id) {
  await callService(`jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/**
 * The results of a job.
 * @param {string} id
 * @param {string} format
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export function results(id, format, signal) {
  return callService(`jobs/${encodeURIComponent(id)}/results?format=${format}`, { signal });
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
