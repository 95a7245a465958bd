/**
 * The frame of the viewer. It shows a structure in the colours of the page, and reports the residue
 * under the pointer. It communicates with the page by messages only.
 *
 * Received: show, superpose, colour, hover, focus, reset, spin, background, picture. Sent: ready,
 * shown, failed, hover, pick, picture.
 */
"use strict";

/* global molstar, Residues */

const THEME = "protvox";
/** Duration of camera movements, ms; 0 if the user prefers reduced motion. */
const FLIGHT = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250;
/** Residues within this distance of the selected one are drawn with their side chains, Å. */
const NEAR = 4;
let viewer = null;
let residues = null;
let version = 0;
/** The superposed trace, null if there is none. */
let trace = null;
const TRACE_COLOUR = 0xb3306f;

/** Send a message to the page. */
function send(kind, words = {}) {
  // Only the page can embed this frame, because of frame-ancestors.
  window.parent.postMessage({ kind, ...words }, "*");
}

/** The colours of the prediction as a theme of the viewer. */
function themeProvider() {
  const factory = (_context, props) => ({
    factory, granularity: "group", props, description: "Colours of the prediction.",
    color: (location) => residues?.colourOf(location) ?? 0xb4bac4,
  });
  return {
    name: THEME, label: "Prediction", category: "Misc", factory,
    // A new version makes the viewer update all colours.
    getParams: () => ({ version: { type: "number", defaultValue: 0, isHidden: true } }),
    defaultValues: { version: 0 }, isApplicable: () => true,
  };
}

/** The displayed structure, null if there is none. */
function shownStructure() {
  const [structure] = viewer.plugin.managers.structure.hierarchy.current.structures;
  return structure?.cell.obj?.data ?? null;
}

/** A file with a trace of CA atoms, in a chain that no structure of the page has. */
function traceFile(ca) {
  const names = ["group_PDB", "id", "type_symbol", "label_atom_id", "label_comp_id",
    "label_asym_id", "label_entity_id", "label_seq_id", "auth_asym_id", "auth_seq_id", "Cartn_x",
    "Cartn_y", "Cartn_z"];
  const rows = ca.map(([x, y, z], i) =>
    `ATOM ${i + 1} C CA ALA A 1 ${i + 1} superposed_trace ${i + 1} ${x} ${y} ${z}`);
  return ["data_trace", "loop_", ...names.map((name) => `_atom_site.${name}`), ...rows, ""]
    .join("\n");
}

/** The atoms of a residue, by its index. */
function lociOf(index) {
  const structure = shownStructure();
  const { Loci } = molstar.lib.structure.StructureElement;
  if (!structure || index < 0) return null;
  const loci = Loci.fromSchema(structure, residues.schemaOf(index));
  return Loci.isEmpty(loci) ? null : loci;
}

/** The index of the residue of the first of some atoms, -1 for none. */
function indexOf(loci) {
  const { Loci } = molstar.lib.structure.StructureElement;
  if (!residues || !Loci.is(loci) || Loci.isEmpty(loci)) return -1;
  const location = Loci.getFirstLocation(loci);
  return location ? residues.indexOf(location) : -1;
}

const receive = {
  async show({ data, format, addresses, colours }) {
    const { plugin } = viewer;
    residues = new Residues(addresses, colours);
    await plugin.clear();
    trace = null;
    const raw = await plugin.builders.data.rawData({ data, label: "structure" });
    const trajectory = await plugin.builders.structure.parseTrajectory(raw, format ?? "mmcif");
    await plugin.builders.structure.hierarchy.applyPreset(trajectory, "default", {
      structure: { name: "model", params: {} }, showUnitcell: false,
      representationPreset: "polymer-and-ligand",
      representationPresetParams: { theme: { globalName: THEME } },
    });
    if (!shownStructure()) throw new Error("the file has no structure");
    await hideWaters(plugin);
    await drawn();
    // The longest axis lies across the view, where most of it is seen.
    plugin.managers.camera.orientAxes(undefined, 0);
    send("shown");
  },
  async superpose({ ca }) {
    const { plugin } = viewer;
    if (trace) await plugin.build().delete(trace).commit();
    trace = null;
    if (!ca) return;
    const { data, structure } = plugin.builders;
    const raw = await data.rawData({ data: traceFile(ca), label: "known domain" });
    trace = raw.ref;
    const trajectory = await structure.parseTrajectory(raw, "mmcif");
    const shown = await structure.createStructure(await structure.createModel(trajectory));
    await structure.representation.addRepresentation(shown, { type: "backbone",
      typeParams: { sizeFactor: 0.25 }, color: "uniform", colorParams: { value: TRACE_COLOUR } });
  },
  async colour({ colours }) {
    if (!residues) return;
    residues.colours = colours;
    version += 1;
    const { hierarchy, component } = viewer.plugin.managers.structure;
    await component.updateRepresentationsTheme(
      hierarchy.current.structures[0]?.components ?? [],
      { color: THEME, colorParams: { version } });
  },
  hover({ index }) {
    const highlights = viewer.plugin.managers.interactivity.lociHighlights;
    const loci = lociOf(index);
    if (loci) highlights.highlightOnly({ loci }, false);
    else highlights.clearHighlights();
  },
  focus({ index }) {
    const { camera, structure } = viewer.plugin.managers;
    const loci = lociOf(index);
    if (loci) {
      structure.focus.setFromLoci(loci);
      camera.focusLoci(loci, { durationMs: FLIGHT });
    } else {
      structure.focus.clear();
      camera.reset(undefined, FLIGHT);
    }
  },
  reset() {
    viewer.plugin.managers.camera.reset(undefined, FLIGHT);
  },
  spin({ on }) {
    viewer.plugin.canvas3d?.setProps({ trackball: {
      animate: on ? { name: "spin", params: { speed: 0.12 } } : { name: "off", params: {} },
    } });
  },
  background({ colour }) {
    viewer.plugin.canvas3d?.setProps({ renderer: { backgroundColor: colour } });
  },
  async picture() {
    const helper = viewer.plugin.helpers.viewportScreenshot;
    send("picture", { uri: await helper.getImageDataUri() });
  },
};

/** Remove the waters, which would hide the rest; results are without, other files are not. */
async function hideWaters({ managers: { structure: { hierarchy } } }) {
  const waters = hierarchy.current.structures.flatMap(({ components }) =>
    components.filter(({ key }) => key?.endsWith("-water")));
  if (waters.length) await hierarchy.remove(waters);
}

/** Wait until something is drawn; a preset is applied before its shapes are computed. */
async function drawn() {
  const { canvas3d } = viewer.plugin;
  const until = (observable, holds) => new Promise((resolve) => {
    const subscription = observable.subscribe((value) => {
      if (!holds(value)) return;
      // The first value may arrive before `subscription` is assigned.
      queueMicrotask(() => subscription.unsubscribe());
      resolve();
    });
  });
  await until(canvas3d.reprCount, (count) => count > 0);
  await until(canvas3d.didDraw, () => true);
}

/** Hide the axes, and draw cheaply without a GPU. */
function simplify(canvas3d) {
  const { gl } = canvas3d.webgl;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  const off = { name: "off", params: {} };
  canvas3d.setProps({ camera: { helper: { axes: off } } });
  if (/swiftshader|llvmpipe|software/i.test(name)) {
    canvas3d.setProps({ multiSample: { mode: "off" }, postprocessing: { occlusion: off,
      antialiasing: off } });
  }
}

/** Draw only the close neighbours of the selected residue with their side chains. */
async function narrowFocus(plugin) {
  const behaviors = plugin.state.behaviors;
  const found = [...behaviors.cells.values()].find(({ transform }) =>
    transform.transformer.id.endsWith("focus-representation"));
  if (!found) return;
  await behaviors.build().to(found.transform.ref)
    .update((old) => ({ ...old, expandRadius: NEAR })).commit();
}

/** Create the viewer and listen for messages. */
async function begin() {
  const { Viewport } = molstar.lib.plugin.PluginConfig;
  viewer = await molstar.Viewer.create("app", {
    extensions: [], layoutShowControls: false, layoutShowRemoteState: false,
    layoutShowSequence: false, layoutShowLog: false, layoutShowLeftPanel: false,
    viewportShowExpand: false, viewportShowControls: false, viewportShowSettings: false,
    viewportShowSelectionMode: false, viewportShowAnimation: false,
    viewportShowToggleFullscreen: false, viewportShowTrajectoryControls: false,
    viewportShowScreenshotControls: false, viewportShowReset: false,
    volumeStreamingDisabled: true, allowMajorPerformanceCaveat: true,
    config: [[Viewport.ShowXR, "never"], [Viewport.ShowIllumination, false]],
  });
  const { plugin } = viewer;
  if (!plugin.canvas3d) throw new Error("the browser does not support WebGL");
  simplify(plugin.canvas3d);
  await narrowFocus(plugin);
  plugin.representation.structure.themes.colorThemeRegistry.add(themeProvider());
  const { interaction } = plugin.behaviors;
  interaction.hover.subscribe(({ current }) => send("hover", { index: indexOf(current.loci) }));
  interaction.click.subscribe(({ current }) => {
    const index = indexOf(current.loci);
    if (index >= 0) send("pick", { index });
  });
  let queue = Promise.resolve();
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || !Object.hasOwn(receive, data?.kind)) return;
    queue = queue.then(() => receive[data.kind](data)).catch(fail);
  });
  send("ready");
}

/** Report an error to the page. */
function fail(error) {
  console.error(error);
  send("failed", { why: String(error?.message ?? error) });
}

window.addEventListener("DOMContentLoaded", () => {
  // A page of `Prediction.view` in Python brings its structure along and begins by itself.
  if (!("protvoxView" in window)) begin().catch(fail);
});
