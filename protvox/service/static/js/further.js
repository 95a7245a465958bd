/**
 * Further predictions for the structure of a result: its mutations, its check.
 * @module further
 */

import { stem } from "./downloads.js";
import { createJob, results, waitFor } from "./jobs.js";

/**
 * Predict something else for the same structure.
 * @param {import("./result.js").Shown} shown
 * @param {Object<string, string>} options with the task.
 * @returns {Promise<{document: *, job: string}>} the result and its job.
 */
export async function predictFurther(shown, options) {
  const { signal } = new AbortController();
  const { id } = await createJob(await furtherRequest(shown, options), signal);
  await waitFor(id, signal, () => {});
  return { document: await (await results(id, "json")).json(), job: id };
}

/**
 * The request: with the same file or identifier, or with the structure stored by the service.
 * @param {import("./result.js").Shown} shown
 * @param {Object<string, string>} options
 * @returns {Promise<import("./jobs.js").PredictionRequest>}
 */
export async function furtherRequest({ request, job, options: given, prediction }, options) {
  const { chain, domains, model_number: number } = request?.options ?? given;
  const all = { ...options };
  if (chain) all.chain = chain;
  if (domains?.length && options.task === "cath") all.domains = [domains].flat().join("\n");
  if (request) {
    if (number) all.model_number = number;
    return { ...request, options: all };
  }
  const stored = await (await results(job, "cif")).blob();
  const name = `${stem(prediction.input.name)}.cif`;
  return { file: new File([stored], name), id: "", options: all };
}
