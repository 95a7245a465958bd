/**
 * Requests to the service that served this page. No other address is contacted.
 * @module api
 */

/** An error to show: what is wrong, where, and what to do. */
export class Problem extends Error {
  /**
   * @param {{what: string, where?: string|null, remedy?: string|null, code?: string,
   *   request_id?: string, status?: number, retryAfter?: number}} words
   */
  constructor(words) {
    super(words.what);
    this.what = words.what;
    this.where = words.where ?? null;
    this.remedy = words.remedy ?? null;
    this.code = words.code ?? "page";
    this.requestId = words.request_id ?? null;
    this.status = words.status ?? 0;
    this.retryAfter = words.retryAfter ?? 0;
  }

  /** @returns {boolean} whether the request may succeed later, or with a key. */
  get canRetry() {
    return this.code === "page.connection" || [401, 408, 429].includes(this.status) ||
      this.status >= 500;
  }
}

/**
 * @param {Error} error
 * @returns {Problem} the error itself, or a general one for a bug.
 */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem({ what: "an error occurred on this page", where: error.message,
    remedy: "Reload the page; if the error persists, report it", code: "page.bug" });
}

const KEY = "protvox.key";

/**
 * Store the API key for this tab.
 * @param {string} key empty to remove it.
 */
export function storeKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** @returns {string} the stored API key, "" if there is none. */
export function storedKey() {
  return sessionStorage.getItem(KEY) ?? "";
}

/**
 * Send a request to the service.
 * @param {string} path relative to the page.
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} successful response.
 * @throws {Problem} for any other response.
 */
export async function callService(path, init = {}) {
  const headers = new Headers(init.headers);
  const key = storedKey();
  if (key) headers.set("Authorization", `Bearer ${key}`);
  let response;
  try {
    response = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      what: "the service does not respond", where: location.host,
      remedy: "Check the connection and whether the service is running", code: "page.connection",
    });
  }
  if (response.ok) return response;
  throw await readProblem(response);
}

/**
 * @param {Response} response response with an error.
 * @returns {Promise<Problem>}
 */
async function readProblem(response) {
  const common = {
    status: response.status,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
    request_id: response.headers.get("X-Request-ID") ?? undefined,
  };
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    try {
      const words = await response.json();
      return new Problem({ ...common, ...words, what: words.what ?? words.title });
    } catch { /* not JSON after all */ }
  }
  return new Problem({
    ...common, what: `the service returned status ${response.status}`, where: response.url,
    remedy: "Try again later", code: "page.response",
  });
}

/** @type {Promise<{paths: Set<string>, version: string}>|null} */
let described = null;

/**
 * What this service offers.
 * @returns {Promise<{paths: Set<string>, version: string}>}
 */
export async function serviceDescription() {
  described ??= describe();
  try {
    return await described;
  } catch (error) {
    described = null;
    throw error;
  }
}

/** @returns {Promise<{paths: Set<string>, version: string}>} */
async function describe() {
  const schema = await (await callService("openapi.json")).json();
  return { paths: new Set(Object.keys(schema.paths ?? {})), version: schema.info?.version ?? "" };
}
