/**
 * Requests to the service this page came from; no other address is ever asked.
 * @module api
 */

/** What went wrong, for people: what, where, what to do. */
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

  /** @returns {boolean} whether the same may work later, or with a key. */
  get mayPass() {
    return this.code === "page.connection" || [401, 408, 429].includes(this.status) ||
      this.status >= 500;
  }
}

/**
 * @param {Error} error
 * @returns {Problem} itself, or what people can be told of a bug.
 */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem({ what: "this page failed", where: error.message,
    remedy: "Reload it; if that does not help, report it", code: "page.bug" });
}

const KEY = "protvox.key";

/**
 * Keep the API key for this tab.
 * @param {string} key empty to forget it.
 */
export function rememberKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** @returns {string} the API key, "" if there is none. */
export function knownKey() {
  return sessionStorage.getItem(KEY) ?? "";
}

/**
 * Ask the service.
 * @param {string} path from where the page lies.
 * @param {RequestInit} [init]
 * @returns {Promise<Response>} with a status below 400.
 * @throws {Problem} for any other.
 */
export async function ask(path, init = {}) {
  const headers = new Headers(init.headers);
  const key = knownKey();
  if (key) headers.set("Authorization", `Bearer ${key}`);
  let response;
  try {
    response = await fetch(path, { ...init, headers, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      what: "the service does not answer", where: location.host,
      remedy: "Check the connection, or whether the service still runs", code: "page.connection",
    });
  }
  if (response.ok) return response;
  throw await readProblem(response);
}

/**
 * @param {Response} response of an error.
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
    } catch { /* not what it says it is; told below */ }
  }
  return new Problem({
    ...common, what: `the service answered ${response.status}`, where: response.url,
    remedy: "Try again later", code: "page.answer",
  });
}

/**
 * Which addresses this service has.
 * @returns {Promise<Set<string>>}
 */
export async function knownPaths() {
  const schema = await (await ask("openapi.json")).json();
  return new Set(Object.keys(schema.paths ?? {}));
}
