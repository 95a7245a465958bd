/**
 * The hovered and the selected residue, shared by all cards.
 * @module selection
 */

/** Dispatches `change` when the hovered or the selected residue changes. */
export class Selection extends EventTarget {
  #hovered = -1;
  #amino = -1;
  #pinned = -1;
  /**
   * More about a residue and, unless -1, a row of a map, for the line of details.
   * @type {(index: number, amino: number) => string}
   */
  describe = () => "";

  /** @returns {number} index of the hovered residue, -1 for none. */
  get hovered() {
    return this.#hovered;
  }

  /** @returns {number} hovered row of the heat map, -1 for none. */
  get amino() {
    return this.#amino;
  }

  /** @returns {number} index of the selected residue, -1 for none. */
  get pinned() {
    return this.#pinned;
  }

  /** @returns {number} index of the hovered residue, otherwise of the selected one. */
  get current() {
    return this.#hovered >= 0 ? this.#hovered : this.#pinned;
  }

  /**
   * Hover a residue.
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
   * Select a residue, or deselect it if it is selected.
   * @param {number} index
   */
  pin(index) {
    this.#pinned = index === this.#pinned ? -1 : index;
    this.dispatchEvent(new Event("change"));
    this.dispatchEvent(new Event("pin"));
  }
}
