/**
 * A canvas that shows the visible part of a larger drawing.
 * @module window
 */

import { el } from "./dom.js";

/**
 * @typedef {Object} Area
 * @property {number} x left edge, CSS pixels.
 * @property {number} y top edge.
 * @property {number} width
 * @property {number} height
 */

export class CanvasWindow {
  #canvas = el("canvas", {});
  #spacer = el("div", { class: "spacer" });
  #waiting = false;

  /**
   * @param {Object<string, *>} attributes of the scrolling element.
   * @param {(width: number) => {width: number, height: number}} measure returns the size of the
   *   drawing for a width of the element.
   * @param {(pen: CanvasRenderingContext2D, area: Area) => void} draw draws an area, with the
   *   origin at the top left of the drawing.
   */
  constructor(attributes, measure, draw) {
    this.measure = measure;
    this.draw = draw;
    this.#spacer.append(this.#canvas);
    this.element = el("div", { tabindex: 0, ...attributes }, this.#spacer);
    this.element.addEventListener("scroll", () => this.refresh(), { passive: true });
    new ResizeObserver(() => this.resize()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh());
  }

  /** Measure, then draw at once: a canvas of the former size would be seen for one frame. */
  resize() {
    const { width, height } = this.measure(this.element.clientWidth);
    this.#spacer.style.width = `${Math.max(width, 1)}px`;
    this.#spacer.style.height = `${height}px`;
    this.#paint();
  }

  /** Draw in the next animation frame. */
  refresh() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#paint();
    });
  }

  #paint() {
    const { scrollLeft: x, scrollTop: y, clientWidth, clientHeight } = this.element;
    const width = Math.min(clientWidth, this.#spacer.offsetWidth);
    const height = Math.min(clientHeight, this.#spacer.offsetHeight);
    const ratio = window.devicePixelRatio || 1;
    const canvas = this.#canvas;
    const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== tall) {
      canvas.width = wide;
      canvas.height = tall;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.translate(-x, -y);
    this.draw(pen, { x, y, width, height });
  }

  /**
   * The position of an event in the drawing.
   * @param {PointerEvent} event
   * @returns {{x: number, y: number}}
   */
  locate(event) {
    const box = this.#spacer.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /**
   * Scroll until a box is visible.
   * @param {Area} box
   */
  reveal({ x, y, width, height }) {
    const { element } = this;
    const margin = 24;
    if (x < element.scrollLeft) element.scrollLeft = x - margin;
    if (x + width > element.scrollLeft + element.clientWidth) {
      element.scrollLeft = x + width - element.clientWidth + margin;
    }
    if (y < element.scrollTop) element.scrollTop = y;
    if (y + height > element.scrollTop + element.clientHeight) {
      element.scrollTop = y + height - element.clientHeight;
    }
  }
}

/**
 * @param {string} name of a colour in the style sheet.
 * @returns {string}
 */
export function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
