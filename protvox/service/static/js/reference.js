/**
 * The REST reference: `openapi.json` of this service as a readable page.
 * @module reference
 */

import { byId, el, table } from "./dom.js";

const ROOT = new URL("..", location.href);
const METHODS = ["get", "post", "delete"];
const FILE = "1pwc.pdb.gz";
/** Groups of addresses in the order in which they are needed, by the first part of the path. */
const GROUPS = Object.freeze({ Predictions: ["predict", "check", "suggest", "search", "embed"],
  "Long predictions": ["jobs"], Models: ["models"], Operation: ["health", "metrics"],
  "KServe protocol": ["v2"] });

/**
 * @typedef {Object} Operation
 * @property {string} id
 * @property {string} method
 * @property {string} path
 * @property {Object} about its description in OpenAPI.
 */

/** Fill the page. */
async function begin() {
  // On a narrow screen the list of contents is longer than the screen.
  byId("outline", HTMLDetailsElement).open = matchMedia("(min-width: 901px)").matches;
  const reference = byId("reference", HTMLElement);
  try {
    const description = await (await fetch(new URL("openapi.json", ROOT))).json();
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      METHODS.filter((method) => methods[method]).map((method) => ({
        id: methods[method].operationId, method: method.toUpperCase(), path,
        about: methods[method] })));
    const used = usedSchemas(description.components.schemas, operations);
    const groups = grouped(operations);
    reference.replaceChildren(
      ...groups.flatMap(([, members]) => members.map(section)),
      el("section", { id: "records" }, el("h2", {}, "Objects in the responses")),
      ...used.map((name) => record(name, description.components.schemas[name])));
    byId("contents", HTMLElement).replaceChildren(
      ...groups.flatMap(([name, members]) => [el("strong", {}, name),
        ...members.map(({ id, method, path }) => el("a", { href: `#${id}` },
          `${method} ${path}`))]),
      el("strong", {}, "Objects"), ...used.map((name) => el("a", { href: `#${name}` }, name)),
      el("strong", {}, "Quality"), el("a", { href: "#results" }, "How good are the predictions?"));
    // The target of the address exists only now.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    console.error(error);
    reference.replaceChildren(el("p", { class: "fault" },
      "The description of the service could not be read. Reload the page."));
  }
}

/**
 * @param {Operation[]} operations
 * @returns {Array<*>} pairs: name of each group, and its operations; others come last.
 */
function grouped(operations) {
  const nameOf = ({ path }) => Object.keys(GROUPS).find((name) =>
    GROUPS[name].includes(path.split("/")[1])) ?? "Others";
  return [...Object.keys(GROUPS), "Others"].flatMap((name) => {
    const members = operations.filter((operation) => nameOf(operation) === name);
    return members.length ? [[name, members]] : [];
  });
}

/**
 * @param {Operation} operation
 * @returns {HTMLElement}
 */
function section({ id, method, path, about }) {
  const fields = requestFields(about);
  const ok = Object.entries(about.responses ?? {}).find(([status]) => status.startsWith("2"));
  const content = Object.values(ok?.[1].content ?? {})[0];
  const example = Object.values(content?.examples ?? {})[0]?.value;
  const errors = Object.entries(about.responses ?? {}).filter(([status]) => status >= "400");
  return el("section", { id },
    el("h2", {}, el("span", { class: "method" }, method), el("code", {}, path)),
    el("p", {}, el("strong", {}, `${about.summary}. `), plain(about.description ?? "")),
    method === "DELETE" ? null : code(command(method, path, about)),
    fields.length ? table(`Fields of ${method} ${path}`, ["Field", "Type", "Default", "Meaning"],
      fields) : null,
    content?.schema ? el("p", {}, "Returns ", typeOf(content.schema), ".") : null,
    example ? el("details", {}, el("summary", {}, "Example of a response, with invented numbers"),
      code(JSON.stringify(example, null, 1))) : null,
    errors.length ? el("details", {}, el("summary", {}, "Errors"), el("ul", {},
      ...errors.map(([status, { description: text }]) =>
        el("li", {}, `${status} `, text)))) : null);
}

/**
 * @param {Object} about
 * @returns {HTMLElement[]} rows for the parameters and the fields of the body.
 */
function requestFields(about) {
  const body = Object.values(about.requestBody?.content ?? {}).map((type) => type.schema);
  const properties = Object.assign({}, ...body.map((schema) => schema.properties));
  const required = new Set(body[0]?.required ?? []);
  return [
    ...(about.parameters ?? []).map((p) => row(p.name, p.schema, p.description, p.required)),
    ...Object.entries(properties).map(([name, schema]) =>
      row(name, schema, schema.description, required.has(name) && name !== "file")),
  ];
}

/**
 * @param {string} name
 * @param {Object} schema
 * @param {string} [meaning]
 * @param {boolean} [required]
 * @returns {HTMLElement}
 */
function row(name, schema, meaning = "", required = false) {
  const value = schema.default ?? null;
  const standard = required ? "required" : value === null || Array.isArray(value) ? ""
    : String(value);
  return el("tr", {}, el("td", {}, el("code", {}, name)), el("td", {}, typeOf(schema)),
    el("td", {}, standard), el("td", {}, plain(meaning)));
}

/**
 * @param {string} name
 * @param {Object} schema
 * @returns {HTMLElement}
 */
function record(name, schema) {
  const rows = Object.entries(schema.properties ?? {}).map(([field, part]) =>
    el("tr", {}, el("td", {}, el("code", {}, field)), el("td", {}, typeOf(part)),
      el("td", {}, plain(part.description ?? ""))));
  return el("section", { id: name }, el("h3", {}, name),
    el("p", {}, plain((schema.description ?? "").split("\n\n")[0])),
    rows.length ? table(name, ["Field", "Type", "Meaning"], rows) : null);
}

/**
 * @param {Object} schema
 * @returns {HTMLElement} its type in words, with a link to a record.
 */
function typeOf(schema) {
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return el("a", { href: `#${name}` }, name);
  }
  if (schema.const !== undefined) return el("span", {}, JSON.stringify(schema.const));
  if (schema.enum) return el("span", {}, schema.enum.join(", "));
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const parts = options.filter((part) => part.type !== "null").map(typeOf);
    return el("span", {}, ...parts.flatMap((part, i) => (i ? [" or ", part] : [part])));
  }
  if (schema.type === "array") return el("span", {}, "list of ", typeOf(schema.items ?? {}));
  const types = [schema.type ?? "any"].flat().filter((type) => type !== "null");
  return el("span", {}, schema.format === "binary" ? "file" : types.join(" or "));
}

/**
 * @param {Object<string, Object>} schemas
 * @param {Operation[]} operations
 * @returns {string[]} names of the schemas that responses refer to, in alphabetical order.
 */
function usedSchemas(schemas, operations) {
  const used = new Set();
  const visit = (part) => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (part && typeof part === "object") {
      for (const [key, value] of Object.entries(part)) {
        if (key !== "$ref" || typeof value !== "string") {
          visit(value);
          continue;
        }
        const name = value.split("/").pop();
        if (used.has(name) || !schemas[name]) continue;
        used.add(name);
        visit(schemas[name]);
      }
    }
  };
  operations.forEach(({ about }) => visit(about.responses));
  return [...used].sort();
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Object} about
 * @returns {string} a command that sends the example.
 */
function command(method, path, about) {
  const there = new URL(path.slice(1), ROOT).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
  const query = (about.parameters ?? []).filter((p) => p.in === "query")
    .map((p) => `${p.name}=${p.schema.default ?? "..."}`).join("&");
  const quoted = query ? `'${there}?${query}'` : there;
  return method === "POST" ? `curl -F file=@${FILE} ${quoted}` : `curl ${quoted}`;
}

/**
 * @param {string} text
 * @returns {HTMLElement}
 */
function code(text) {
  return el("pre", { class: "commands", tabindex: 0, "aria-label": "Example" }, text);
}

/**
 * @param {string} text with words between backticks.
 * @returns {HTMLElement}
 */
function plain(text) {
  const parts = text.replaceAll("``", "`").split("`");
  return el("span", {}, ...parts.map((part, i) => (i % 2 ? el("code", {}, part) : part)));
}

begin();
