/**
 * The frame of the viewer: shows a structure, in the colours the page asks for, and tells the
 * page what is pointed at. It knows the page only by messages.
 *
 * In: show, colour, hover, focus, ground, picture. Out: ready, shown, failed, hover, pick,
 * picture.
 */
"use strict";

/* global molstar, Residues */

const THEME = "protvox";
/** How long the camera takes to a residue, ms; no time for people whom motion troubles. */
const FLIGHT = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250;
let viewer = null;
let residues = null;
let version = 0;

/** Tell the page. */
function tell(kind, words = {}) {
  // The page is the only one who can have made this frame: see frame-ancestors.
  window.parent.postMessage({ kind, ...words }, "*");
}

/** The colours of the answer as a theme of the viewer. */
function themeProvider() {
  const factory = (_context, props) => ({
    factory, granularity: "group", props, description: "Colours of the prediction.",
    color: (location) => residues?.colourOf(location) ?? 0xb4bac4,
  });
  return {
    name: THEME, label: "Prediction", category: "Misc", factory,
    // Another version makes the viewer ask for all colours again.
    getParams: () => ({ version: { type: "number", defaultValue: 0, isHidden: true } }),
    defaultValues: { version: 0 }, isApplicable: () => true,
  };
}

/** The structure shown, null before there is one. */
function shownStructure() {
  const [structure] = viewer.plugin.managers.structure.hierarchy.current.structures;
  return structure?.cell.obj?.data ?? null;
}

/** The atoms of a residue of the answer. */
function lociOf(index) {
  const structure = shownStructure();
  const { Loci } = molstar.lib.structure.StructureElement;
  if (!structure || index < 0) return null;
  const loci = Loci.fromSchema(structure, residues.schemaOf(index));
  return Loci.isEmpty(loci) ? null : loci;
}

/** The residue of the answer that some atoms belong to first, -1 if none. */
function indexOf(loci) {
  const { Loci } = molstar.lib.structure.StructureElement;
  if (!residues || !Loci.is(loci) || Loci.isEmpty(loci)) return -1;
  const location = Loci.getFirstLocation(loci);
  return location ? residues.indexOf(location) : -1;
}

const receive = {
  async show({ data, places, colours }) {
    const { plugin } = viewer;
    residues = new Residues(places, colours);
    await plugin.clear();
    const raw = await plugin.builders.data.rawData({ data, label: "structure" });
    const trajectory = await plugin.builders.structure.parseTrajectory(raw, "mmcif");
    await plugin.builders.structure.hierarchy.applyPreset(trajectory, "default", {
      structure: { name: "model", params: {} }, showUnitcell: false,
      representationPreset: "polymer-and-ligand",
      representationPresetParams: { theme: { globalName: THEME } },
    });
    if (!shownStructure()) throw new Error("the viewer found no structure in the file");
    await drawn();
    tell("shown");
  },
  async colour({ colours }) {
    if (!residues) return;
    residues.colours = colours;
    version += 1;
    const { hierarchy, component } = viewer.plugin.managers.structure;
    await component.updateRepresentationsTheme(
      hierarchy.currentComponentGroups.flat(), { color: THEME, colorParams: { version } });
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
  ground({ colour }) {
    viewer.plugin.canvas3d?.setProps({ renderer: { backgroundColor: colour } });
  },
  async picture() {
    const helper = viewer.plugin.helpers.viewportScreenshot;
    tell("picture", { uri: await helper.getImageDataUri() });
  },
};

/** Wait until something is on the screen: a preset is done before its shapes are. */
async function drawn() {
  const { canvas3d } = viewer.plugin;
  const until = (observable, holds) => new Promise((resolve) => {
    const subscription = observable.subscribe((value) => {
      if (!holds(value)) return;
      // The first value may come before there is a subscription to end.
      queueMicrotask(() => subscription.unsubscribe());
      resolve();
    });
  });
  await until(canvas3d.reprCount, (count) => count > 0);
  await until(canvas3d.didDraw, () => true);
}

/** Draw plainly: without axes, and cheaply where no graphics processor helps. */
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

/** Make the viewer and listen. */
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
  if (!plugin.canvas3d) throw new Error("the browser offers no WebGL");
  simplify(plugin.canvas3d);
  plugin.representation.structure.themes.colorThemeRegistry.add(themeProvider());
  const { interaction } = plugin.behaviors;
  interaction.hover.subscribe(({ current }) => tell("hover", { index: indexOf(current.loci) }));
  interaction.click.subscribe(({ current }) => {
    const index = indexOf(current.loci);
    if (index >= 0) tell("pick", { index });
  });
  let turn = Promise.resolve();
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || !Object.hasOwn(receive, data?.kind)) return;
    turn = turn.then(() => receive[data.kind](data)).catch(fail);
  });
  tell("ready");
}

/** Tell the page what went wrong. */
function fail(error) {
  console.error(error);
  tell("failed", { why: String(error?.message ?? error) });
}

window.addEventListener("DOMContentLoaded", () => begin().catch(fail));
