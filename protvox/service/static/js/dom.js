/**
 * Creates elements. Content from the service or a file is inserted as text, never as HTML.
 * @module dom
 */

/**
 * Create an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Object<string, *>} [attributes] `class`, `dataset`, `on` (event to listener), and any
 *   other; `undefined`, `null` and `false` are ignored.
 * @param {...(Node|string|number|null|undefined)} children strings become text nodes.
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/**
 * Find an element of the static page.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type class of the element.
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`no ${type.name} ${id}`);
  return element;
}

/**
 * A card with a heading.
 * @param {string} title
 * @param {Object<string, *>} attributes
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function card(title, attributes, ...children) {
  const { class: extra = "", ...rest } = attributes;
  return el("section", { class: `card ${extra}`.trim(), ...rest },
    el("h2", {}, title), ...children);
}

/**
 * A table with a header row.
 * @param {string} caption for screen readers, not visible.
 * @param {string[]} heads
 * @param {HTMLElement[]} rows `tr` elements.
 * @returns {HTMLElement}
 */
export function table(caption, heads, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {},
      el("caption", { class: "hidden" }, caption),
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows)));
}
