/**
 * Work for the service: sent as a job, so that every answer has an address of its own.
 * @module jobs
 */

import { ask, Problem } from "./api.js";

const FIRST_MS = 300;
const LONGEST_MS = 3000;
const GROWTH = 1.4;
const MOST_RETRIES = 5;

/**
 * @typedef {Object} Question
 * @property {File|null} file
 * @property {string} id of a database entry, when there is no file.
 * @property {Object<string, string>} options fields beside the file.
 */

/**
 * @typedef {Object} Job as the service describes it.
 * @property {string} id
 * @property {"queued"|"running"|"done"|"failed"|"cancelled"} state
 * @property {string} task
 * @property {string} name
 * @property {number} n_residues
 * @property {string|null} expires
 * @property {{code: string, what: string, where: ?string, remedy: ?string}|null} error
 */

/**
 * Send a question.
 * @param {Question} question
 * @param {AbortSignal} signal
 * @returns {Promise<Job>}
 */
export async function createJob(question, signal) {
  return (await ask("jobs", { method: "POST", signal, ...body(question) })).json();
}

/**
 * The body of a question: a form with the file, or JSON with the id.
 * @param {Question} question
 * @returns {RequestInit}
 */
function body({ file, id, options }) {
  if (file) {
    const form = new FormData();
    for (const [name, value] of Object.entries(options)) form.append(name, value);
    form.append("file", file, file.name);
    return { body: form };
  }
  const words = { id };
  for (const [name, value] of Object.entries(options)) {
    if (name === "domains" || name === "mutations") words[name] = value.split("\n");
    else words[name] = name === "model_number" ? Number(value) : value;
  }
  return { body: JSON.stringify(words), headers: { "Content-Type": "application/json" } };
}

/**
 * Wait until a job is over.
 * @param {string} id
 * @param {AbortSignal} signal
 * @param {(job: Job) => void} watch called with every state seen.
 * @returns {Promise<Job>} done.
 * @throws {Problem} if it failed or was cancelled.
 */
export async function waitFor(id, signal, watch) {
  let pause = FIRST_MS;
  let failures = 0;
  for (;;) {
    let job;
    try {
      job = await (await ask(`jobs/${encodeURIComponent(id)}`, { signal })).json();
      failures = 0;
    } catch (error) {
      const passing = [0, 429, 503].includes(error.status);
      if (!(error instanceof Problem) || !passing || ++failures > MOST_RETRIES) throw error;
      await sleep(Math.max(pause, 1000 * error.retryAfter), signal);
      continue;
    }
    watch(job);
    if (job.state === "done") return job;
    if (job.state === "failed") throw new Problem({ what: "the job failed", ...job.error });
    if (job.state === "cancelled") {
      throw new Problem({ what: "the job was cancelled", where: job.name,
        remedy: "Send the structure again", code: "job.cancelled" });
    }
    await sleep(pause, signal);
    pause = Math.min(LONGEST_MS, pause * GROWTH);
  }
}

/**
 * Cancel a job that is not over.
 * @param {string} id
 */
export async function cancelJob(id) {
  await ask(`jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/**
 * The results of a job.
 * @param {string} id
 * @param {string} format
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
export function results(id, format, signal) {
  return ask(`jobs/${encodeURIComponent(id)}/results?format=${format}`, { signal });
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
