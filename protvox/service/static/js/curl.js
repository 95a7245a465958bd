/**
 * The same questions for a shell.
 * @module curl
 */

import { knownKey } from "./api.js";

/**
 * @param {import("./jobs.js").Question|null} question null for an answer opened by address.
 * @param {string} job
 * @param {boolean} some whether there are residues with an answer; else the domains are asked for.
 * @returns {string} one command a line.
 */
export function curlCommands(question, job, some) {
  const base = new URL(".", location.href);
  const key = knownKey() ? ` -H "Authorization: Bearer $PROTVOX_KEY"` : "";
  const at = (path) => quote(new URL(path, base).href);
  const lines = [];
  if (question) {
    lines.push(`curl${key}${payload(question)} ${at("jobs")}`);
    const { domains, ...rest } = question.options;
    lines.push(some
      ? `curl${key}${payload({ ...question, options: rest })} ${at("predict/environment")}`
      : `curl${key}${payload(question)} ${at("predict/cath")}`);
  }
  lines.push(`curl${key} -o protvox.csv ${at(`jobs/${job}/results?format=csv`)}`);
  return lines.join("\n");
}

/**
 * @param {import("./jobs.js").Question} question
 * @returns {string} arguments with what is sent.
 */
function payload({ file, id, options }) {
  if (file) {
    const name = file.name.replace(/["\\]/g, "\\$&");
    const fields = Object.entries(options).map(([key, value]) => ` -F ${quote(`${key}=${value}`)}`);
    return `${fields.join("")} -F ${quote(/^[\w.-]+$/.test(name) ? `file=@${name}`
      : `file=@"${name}"`)}`;
  }
  const { domains, model_number: number, ...plain } = options;
  const words = { id, ...plain };
  if (domains) words.domains = domains.split("\n");
  if (number) words.model_number = Number(number);
  // curl has --json since 7.82 only.
  return ` -H ${quote("Content-Type: application/json")} -d ${quote(JSON.stringify(words))}`;
}

/**
 * @param {string} text
 * @returns {string} as one word of a POSIX shell.
 */
function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
