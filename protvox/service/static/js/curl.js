/**
 * The same requests as shell commands.
 * @module curl
 */

import { storedKey } from "./api.js";

/**
 * @param {import("./jobs.js").PredictionRequest|null} request null if the result was opened by its
 *   address.
 * @param {string} job
 * @param {boolean} some whether residues were predicted; otherwise domains are requested.
 * @returns {string} one command per line.
 */
export function curlCommands(request, job, some) {
  const base = new URL(".", location.href);
  const key = storedKey() ? ` -H "Authorization: Bearer $PROTVOX_KEY"` : "";
  const at = (path) => quote(new URL(path, base).href);
  const lines = [];
  if (request) {
    lines.push(`curl${key}${payload(request)} ${at("jobs")}`);
    const { domains, ...rest } = request.options;
    lines.push(some
      ? `curl${key}${payload({ ...request, options: rest })} ${at("predict/environment")}`
      : `curl${key}${payload(request)} ${at("predict/cath")}`);
  }
  lines.push(`curl${key} -o protvox.csv ${at(`jobs/${job}/results?format=csv`)}`);
  return lines.join("\n");
}

/**
 * @param {import("./jobs.js").PredictionRequest} request
 * @returns {string} arguments with the request body.
 */
function payload({ file, id, options }) {
  if (file) {
    const name = file.name.replace(/["\\]/g, "\\$&");
    const fields = Object.entries(options).map(([key, value]) => ` -F ${quote(`${key}=${value}`)}`);
    return `${fields.join("")} -F ${quote(/^[\w.-]+$/.test(name) ? `file=@${name}`
      : `file=@"${name}"`)}`;
  }
  const { domains, model_number: number, ...plain } = options;
  /** @type {Object<string, *>} */
  const content = { id, ...plain };
  if (domains) content.domains = domains.split("\n");
  if (number) content.model_number = Number(number);
  // Older versions of curl (before 7.82) do not support --json.
  return ` -H ${quote("Content-Type: application/json")} -d ${quote(JSON.stringify(content))}`;
}

/**
 * @param {string} text
 * @returns {string} quoted for a POSIX shell.
 */
function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
