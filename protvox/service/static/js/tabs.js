/**
 * Tabs, as in the ARIA Authoring Practices: arrow keys move between them.
 * @module tabs
 */

import { el } from "./dom.js";

/**
 * @typedef {Object} Tab
 * @property {string} name
 * @property {string} label
 * @property {string} [badge] a number shown behind the label.
 * @property {HTMLElement[]} panels shown while the tab is selected; the first is its tab panel.
 */

/**
 * @param {Tab[]} tabs
 * @param {(name: string) => void} entered called when a tab is selected.
 * @returns {{element: HTMLElement, select: (name: string) => void}}
 */
export function tabList(tabs, entered) {
  const buttons = tabs.map(({ name, label, badge }) => el("button", { type: "button", role: "tab",
    id: `tab-${name}`, class: "tab", "aria-controls": `panel-${name}`, on: {
      click: () => select(name),
      keydown: (event) => move(event),
    } }, label, badge ? el("span", { class: "badge" }, badge) : null));
  const select = (name) => {
    tabs.forEach((tab, i) => {
      const chosen = tab.name === name;
      buttons[i].setAttribute("aria-selected", String(chosen));
      buttons[i].tabIndex = chosen ? 0 : -1;
      for (const panel of tab.panels) panel.hidden = !chosen;
    });
    entered(name);
  };
  const move = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(event.currentTarget);
    const next = (at + step + tabs.length) % tabs.length;
    buttons[next].focus();
    select(tabs[next].name);
  };
  tabs.forEach(({ name, panels: [panel] }) => {
    panel.id = `panel-${name}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
  });
  return { element: el("div", { class: "tabs", role: "tablist", "aria-label": "Views" },
    ...buttons), select };
}
