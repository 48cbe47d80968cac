/*
Copyright: hyperv.avma contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/
"use strict";
(() => {
  const PAGE = 100;
  const RANK = { error: 0, warning: 1, info: 2, none: 3 };
  const SOURCES = { guest: "guest itself (proof)", host_event: "host's event log (strong)", kvp: "Data Exchange (hint)" };
  const byId = (id) => document.getElementById(id);
  const table = byId("vm-table");
  const body = table.tBodies[0];
  // Rows stay as they came; only those of the page that is looked at are in the document.
  let rows = Array.from(body.rows);
  const texts = new Map();
  let matching = rows;
  let page = 0;
  let printing = false;
  let known = null;

  const details = () => {
    known = known || JSON.parse(byId("details").textContent);
    return known;
  };
  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const cell = (row, number) => row.cells[number].textContent.trim();
  const element = (name, text) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const moment = (time) => (time ? time.replace("T", " ").replace("Z", "").slice(0, 16) + " UTC" : "not known");

  const show = () => {
    const pages = Math.max(1, Math.ceil(matching.length / PAGE));
    page = Math.min(page, pages - 1);
    const shown = printing ? matching : matching.slice(page * PAGE, (page + 1) * PAGE);
    body.replaceChildren(...shown);
    for (const button of body.querySelectorAll("button[aria-expanded=true]")) button.setAttribute("aria-expanded", "false");
    byId("shown").textContent = matching.length === rows.length
      ? `${rows.length} virtual machines` : `${matching.length} of ${rows.length} virtual machines`;
    byId("page").textContent = `page ${page + 1} of ${pages}`;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page >= pages - 1;
  };

  const filter = () => {
    const words = byId("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const standing = byId("f-standing").value;
    const severity = byId("f-severity").value;
    const host = byId("f-host").value;
    const tenant = byId("f-tenant").value;
    const finding = byId("f-finding").value;
    matching = rows.filter((row) =>
      (!standing || row.dataset.s === standing) &&
      (!severity || (severity === "act" ? RANK[row.dataset.v] < 2 : severity === "none" ? RANK[row.dataset.v] > 1 : row.dataset.v === severity)) &&
      (!host || cell(row, 1) === host) &&
      (!tenant || cell(row, 2) === tenant) &&
      (!finding || details().vms[row.dataset.i][2].some((one) => details().texts[one[1]] === finding)) &&
      words.every((word) => textOf(row).includes(word)));
    page = 0;
    show();
  };

  const set = (field, value) => {
    byId("f-text").form.reset();
    byId(field).value = value;
    filter();
    byId("vms").scrollIntoView();
    byId(field).focus();
  };

  const sort = (head, number) => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;
    const key = head.dataset.sort === "rank" ? (row) => RANK[row.dataset.v] + cell(row, number) : (row) => cell(row, number);
    const keys = new Map(rows.map((row) => [row, key(row)]));
    // What has no value comes last, whichever way.
    const compare = (one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
      return descending ? order(b, a) : order(a, b);
    };
    rows = rows.slice().sort(compare);
    filter();
  };

  const list = (title, items) => {
    const block = document.createDocumentFragment();
    block.append(element("strong", title));
    const made = element("ul");
    for (const item of items) made.append(element("li", item));
    block.append(made);
    return block;
  };

  const open = (button, row) => {
    const opened = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!opened));
    if (opened) {
      if (row.nextElementSibling && row.nextElementSibling.classList.contains("detail")) row.nextElementSibling.remove();
      return;
    }
    const { texts: text, vms } = details();
    const [statements, lease, findings, id] = vms[row.dataset.i];
    const detail = element("tr");
    detail.className = "detail";
    const inside = element("td");
    inside.colSpan = row.cells.length;
    inside.append(list("Statements", statements.length ? statements.map(([source, said, time, joined, inferred]) =>
      `${SOURCES[text[source]] || text[source]}: ${text[said]} (${moment(text[time])}${text[joined] === "name" ? ", joined by name, weaker" : ""}${inferred ? ", concluded" : ""})`)
      : ["nobody has said anything"]));
    const [last, expected, lapses, basis] = lease.map((one) => text[one]);
    if (lapses) {
      inside.append(list("Lease", [`last activation ${moment(last)}`, `renewal expected ${moment(expected)}`,
        `lapses ${moment(lapses)} (${basis === "guest" ? "as the guest counts" : "assumed from what is set"})`]));
    }
    if (findings.length) {
      inside.append(list("Findings", findings.map(([severity, code, cause, remedy]) =>
        `${text[severity]} ${text[code]}: ${text[cause]}. ${text[remedy]}`)));
    }
    inside.append(element("small", `ID ${text[id] || "not known"}`));
    detail.append(inside);
    row.after(detail);
  };

  for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
  Array.from(table.tHead.rows[0].cells).forEach((head, number) => {
    const button = element("button", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => sort(head, number));
    head.replaceChildren(button);
  });
  // A name becomes a button when its row is first shown, not 8,000 times at the start.
  const dress = () => {
    for (const row of body.rows) {
      const name = row.cells[0];
      if (row.dataset.i === undefined || name.querySelector("button")) continue;
      const button = element("button");
      button.type = "button";
      button.setAttribute("aria-expanded", "false");
      button.append(...name.childNodes);
      button.addEventListener("click", () => open(button, row));
      name.append(button);
    }
  };
  new MutationObserver(dress).observe(body, { childList: true });

  const form = byId("f-text").form;
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  form.addEventListener("reset", () => setTimeout(filter));
  byId("previous").addEventListener("click", () => { page -= 1; show(); });
  byId("next").addEventListener("click", () => { page += 1; show(); });
  document.addEventListener("click", (event) => {
    const data = event.target instanceof HTMLElement ? event.target.dataset : {};
    if (data.finding) set("f-finding", data.finding);
    if (data.host) set("f-host", data.host);
    if (data.tenant) set("f-tenant", data.tenant);
  });
  // What is printed is all that the filter lets through.
  window.addEventListener("beforeprint", () => { printing = true; show(); });
  window.addEventListener("afterprint", () => { printing = false; show(); });
  show();
})();
