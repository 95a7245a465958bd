/**
 * Pointer and keyboard controls of a canvas.
 * @module controls
 */

/**
 * @param {import("./window.js").CanvasWindow} view
 * @param {import("./selection.js").Selection} selection
 * @param {Object} layout
 * @param {import("./chains.js").ChainView} layout.chain the residues, in order.
 * @param {(point: {x: number, y: number}) => {index: number, amino: number}} layout.find returns
 *   the residue and the amino acid at a point.
 * @param {() => number} layout.down number of residues per step down; 0 to move among the
 *   amino acids.
 * @param {number} layout.rows number of amino acids.
 */
export function addControls(view, selection, { chain, find, down, rows }) {
  const { element } = view;
  element.addEventListener("pointermove", (event) => {
    const { index, amino } = find(view.locate(event));
    selection.hover(index, amino);
  });
  element.addEventListener("pointerleave", () => selection.hover(-1));
  element.addEventListener("blur", () => selection.hover(-1));
  element.addEventListener("click", (event) => {
    const { index } = find(view.locate(event));
    if (index >= 0) selection.pin(index);
  });
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
    const count = chain.indices.length;
    const current = chain.positionOf(selection.current);
    const from = Math.max(0, current);
    let index = from;
    let { amino } = selection;
    if (event.key in steps) index += current < 0 ? 0 : steps[event.key];
    else if (event.key === "Home") index = 0;
    else if (event.key === "End") index = count - 1;
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const step = event.key === "ArrowUp" ? -1 : 1;
      if (down()) index += step * down();
      else amino = Math.min(rows - 1, Math.max(0, amino + step));
    } else if (event.key === "Enter" || event.key === " ") {
      selection.pin(chain.indices[from]);
      event.preventDefault();
      return;
    } else if (event.key === "Escape") {
      selection.hover(-1);
      return;
    } else return;
    event.preventDefault();
    selection.hover(chain.indices[Math.min(count - 1, Math.max(0, index))], amino);
  });
}
