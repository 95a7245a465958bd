/**
 * Every component of the page in the states that are seldom seen together, made by the scripts of
 * the page itself from invented answers with long words. `test_looks.py` serves this beside them.
 */

import { Problem } from "./js/api.js";
import { cathCard } from "./js/cath.js";
import { ChainView } from "./js/chains.js";
import { checkView } from "./js/check.js";
import { Colouring } from "./js/colouring.js";
import { el } from "./js/dom.js";
import { heading } from "./js/heading.js";
import { jobList } from "./js/job_list.js";
import { mutationView } from "./js/mutations.js";
import { CODES, ORDER, readPrediction } from "./js/prediction.js";
import { Selection } from "./js/selection.js";
import { errorState, loadingState } from "./js/states.js";

const N = 24;
const LONG = "a_long_name_of_a_design_of_the_third_campaign_";
const NODE = { label: "3.40.710.10", name: "DD-peptidase/beta-lactamase superfamily",
  probability: 0.62 };
const HIT = { domain: "1pwcA00", cath: "3.40.710.10", name: NODE.name,
  alignment: { tm_query: 0.91, rmsd: 1.2, ca: [] } };
const STATES = ["done", "running", "queued", "failed", "cancelled"];

/** The invented result. */
function classification() {
  const row = Object.fromEntries(CODES.map((code) => [code, 0.001]));
  const residues = Array.from({ length: N }, (_, i) => ({ chain: "AAA", number: 1000 + i,
    insertion_code: "", wild_type: "SER", predicted: "GLY", p_wild_type: 0.001, entropy: 0.1,
    probabilities: { ...row, GLY: 0.981 } }));
  const domain = (id, novel, flags) => ({ id, chain: "AAA", chopping: id.slice(4), n_residues: 12,
    in_range: !flags.length, flags, novel, class: NODE, architectures: [NODE, NODE],
    topologies: [NODE], superfamilies: [NODE, NODE], hits: [HIT, HIT, HIT, HIT], nearest: [] });
  return { schema: "protvox.classify/1", models: { cath: "cath@1", environment: "environment@1" },
    input: { name: `${LONG}1pwc.pdb`, title: `TITLE OF ${LONG.toUpperCase()}`, format: "pdb",
      model: 2, n_atoms: 24000, n_residues: N, dropped: [{ what: "a residue", where: "A:1 ALA",
        why: "it has no backbone" }],
      plddt: { mean: 80.1, limit: 50, n_disordered: 9, disordered: ["AAA:1000-1008"] } },
    domains: [domain("AAA:1000-1011", "", ["too_long", "several"]),
      domain("AAA:1012-1023", "topology", [])],
    residues, warnings: ["The file has 3 models; model 1 was read.", "CA atoms only: chain B."] };
}

const MUTATIONS = Array.from({ length: N }, (_, i) => [...ORDER].map((letter, j) => ({
  chain: "AAA", number: 1000 + i, insertion_code: "", wild_type: "SER", mutant: CODES[j],
  mutation: `S${1000 + i}${letter}`, score: j - 9, percentile: 5 * j, ddg: (j - 9) / 4,
  ddg_low: j - 12, ddg_high: j - 4, coupling: 0, flags: [], reason: "" })))
  .flat().filter(({ mutant }) => mutant !== "SER");
const DOCUMENTS = {
  check: { overall: { percentile: 0, reference: "40 X-ray structures of 1.7 to 1.9 Å" },
    segments: [{ kind: "register", chain: "AAA", first: "1002", last: "1014", shift: 2,
      suggestion: "Move the sequence by +2: these residues are then TIENVKAKIQDKEGIPP",
      p_value: 2e-7 }, { kind: "mistraced", chain: "AAA", first: "1016", last: "1022", shift: null,
      suggestion: "Trace it again, or remove it", p_value: 0.046 }],
    residues: [{ chain: "AAA", number: 1003, insertion_code: "",
      reasons: ["left-handed backbone (phi 84, psi 6 degrees)", "incomplete side chain"] }] },
  mutations: { mutations: MUTATIONS, failures: [] },
  list: { failures: [{ mutation: `${LONG}X`, why: "'X' is not one of the 20 amino acids" }],
    mutations: [MUTATIONS[0], { ...MUTATIONS[1], number: null, mutation: "S1000G+S1001W",
      coupling: 0.4, flags: ["near a ligand"] }] },
};
const SUGGESTIONS = { warnings: ["The sequence fits this model worse than in 100 % of 40 " +
  "structures, so the model may be wrong; check it first."],
suggestions: [{ ...MUTATIONS[0], reason: "buried polar group without a partner",
  flags: ["catalytic", "interface"], alternatives: ["S1000A", "S1000V"], copies: ["BBB"] }] };

let submitted = 0;
let task = "";

/** Answer as the service does. */
async function answer(path, { method = "GET", body } = {}) {
  const json = (value, status = 200) => new Response(JSON.stringify(value), { status,
    headers: { "Content-Type": status < 400 ? "application/json" : "application/problem+json" } });
  const name = String(path);
  if (name === "suggest") return json(SUGGESTIONS);
  if (name.includes("/results")) return json(DOCUMENTS[task]);
  if (method === "POST") {
    const words = body instanceof FormData ? Object.fromEntries(body) : JSON.parse(body);
    if (words.task) {
      task = words.mutations ? "list" : words.task;
      return json({ id: "further", state: "done", name: "x", n_residues: N });
    }
    if (submitted === STATES.length) {
      return json({ what: "the file is text, but not a structure",
        remedy: "Give a PDB, mmCIF or BinaryCIF file" }, 422);
    }
    return json({ id: `j${submitted}`, state: "queued", n_residues: 349,
      name: LONG + submitted++ });
  }
  const number = Number(name.slice("jobs/j".length));
  return json({ id: name.slice("jobs/".length), state: STATES[number] ?? "done", n_residues: 349,
    name: LONG + number, error: { what: "the prediction took longer than 600 s", code: "x" } });
}
// Only what the scripts use of it.
window.fetch = /** @type {*} */ (answer);

/** Fill the page. */
async function begin() {
  const place = document.getElementById("states");
  const prediction = readPrediction(classification());
  const selection = new Selection();
  const chain = new ChainView(prediction.residues);
  const colouring = new Colouring(prediction);
  const request = { file: null, id: "1pwc", options: {} };
  const shown = { prediction, job: "x", request, options: {}, view: "", entered: () => {},
    offers: new Set(["/check", "/suggest", "/predict/mutations"]),
    fail: (error) => { throw error; } };
  const problem = new Problem({ what: "the service does not respond", where: LONG.repeat(2),
    remedy: "Check the connection and whether the service is running", code: "page.connection" });
  const loading = loadingState(LONG, () => {}, null);
  loading.update(/** @type {*} */ ({ state: "running", n_residues: 12345 }));
  const list = jobList(new AbortController().signal);
  const check = checkView(shown, selection, chain, colouring);
  const open = { found: check.found, open: () => {} };
  const mutations = mutationView(shown, selection, chain, colouring, open);
  place.append(el("div", { class: "result" },
    heading(prediction, { chain: "AAA", domains: [`AAA:1000-1011`, "AAA:1012-1023"] }),
    loading.element, errorState(problem, () => {}), list.element,
    cathCard(prediction, selection, async () => true), check.panel, mutations.panel,
    mutations.map));
  const one = { file: null, id: "1pwc", options: {} };
  await list.submit([...STATES, "refused"].map(() => one), () => {});
  check.enter();
  await until(".segments");
  mutations.enter();
  await until("[data-testid=scan]");
  mutations.panel.querySelector("textarea").value = "AAA:1000W";
  click("Score these");
  await until(".scores .warnings");
  click("Suggest what to order");
  await until(".suggest table");
  document.body.dataset.ready = "true";
}

/** @param {string} text of the button. */
function click(text) {
  [...document.querySelectorAll("button")].find((b) => b.textContent === text).click();
}

/** @param {string} selector of an element to wait for. */
async function until(selector) {
  while (!document.querySelector(selector)) await new Promise(requestAnimationFrame);
}

begin();
