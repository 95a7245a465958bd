/**
 * The residue pointed at and the residue picked, shared by all parts of the answer.
 * @module selection
 */

/** Sends `change` whenever what is pointed at or picked changes. */
export class Selection extends EventTarget {
  #hovered = -1;
  #amino = -1;
  #pinned = -1;

  /** @returns {number} index of the residue pointed at, -1 for none. */
  get hovered() {
    return this.#hovered;
  }

  /** @returns {number} row of the heat map pointed at, -1 for none. */
  get amino() {
    return this.#amino;
  }

  /** @returns {number} index of the residue picked, -1 for none. */
  get pinned() {
    return this.#pinned;
  }

  /** @returns {number} what to tell about: the residue pointed at, else the one picked. */
  get current() {
    return this.#hovered >= 0 ? this.#hovered : this.#pinned;
  }

  /**
   * Point at a residue.
   * @param {number} index -1 for none.
   * @param {number} [amino] row of the heat map.
   */
  hover(index, amino = -1) {
    if (index === this.#hovered && amino === this.#amino) return;
    this.#hovered = index;
    this.#amino = amino;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Pick a residue; picking it again lets it go.
   * @param {number} index
   */
  pin(index) {
    this.#pinned = index === this.#pinned ? -1 : index;
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("pin"));
  }
}
