"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const seals = new Map();
  const rows = [];
  for (const text of byId("evidence").textContent.split("\n")) {
    if (!text) continue;
    const said = JSON.parse(text);
    if (said.seal) seals.set(said.seal.day, said.seal);
    else if (said.line) rows.push({ text: text.toLowerCase(), said });
  }
  if (!rows.length) return;
  rows.sort((one, other) => one.said.line.settled_at < other.said.line.settled_at ? -1 : one.said.line.settled_at > other.said.line.settled_at ? 1 : 0);

  const SIZE = 50;
  const told = (line) => line.receipt || line.history || {};
  const what = (line) => line.receipt ? String(line.receipt.outcome) : String(told(line).kind || "unreadable");
  const element = (name, text, style) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (style) made.className = style;
    return made;
  };
  const span = (seconds) => {
    if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) if (seconds >= 2 * size || size === 60) return Math.round(seconds / size) + " " + unit;
  };
  const after = (line) => {
    const receipt = line.receipt;
    if (!receipt || receipt.outcome !== "deleted" || !receipt.due_at) return "";
    return span(Math.max(0, receipt.executed_at - Date.parse(receipt.due_at) / 1000));
  };
  const why = (line) => {
    const said = told(line);
    if (line.receipt) return [said.reason, line.late && "late, of " + line.late].filter(Boolean).join(", ");
    return [said.action || said.order || said.outcome, said.case, (said.ordered_by || said.by) && "by " + (said.ordered_by || said.by), said.of && "on " + said.of].filter(Boolean).join(", ");
  };

  const proof = ({ said }) => {
    const seal = seals.get(said.day), shard = seal && seal.shards[said.shard];
    const cell = element("td", undefined, "proof");
    cell.colSpan = 6;
    cell.append(element("div", "The line, as it was sealed:"), element("pre", JSON.stringify(said.line, null, 1)));
    cell.append(element("div", "It is line " + said.index + " of " + (shard ? shard.count : "?") + " in shard " + said.shard + " of " + said.day + ". The hashes that lead from it to the root, from the bottom up:"));
    cell.append(element("pre", said.path.length ? said.path.join("\n") : "(none: it is the only line of its shard)"));
    if (shard) cell.append(element("div", "The shard's root, and the root over all shards of the day:"), element("pre", shard.root + "\n" + seal.root));
    const row = element("tr");
    row.append(cell);
    return row;
  };

  const line = (row) => {
    const said = row.said.line, made = element("tr");
    const button = element("button", "Show");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!open));
      button.textContent = open ? "Show" : "Hide";
      if (open) made.nextSibling.remove(); else made.after(proof(row));
    });
    const last = element("td");
    last.append(button);
    made.append(element("td", said.settled_at.replace("T", " ").replace(/\.\d+Z$/, "")), element("td", what(said).replaceAll("_", " ")), element("td", said.key, "mono"), element("td", why(said)), element("td", after(said)), last);
    return made;
  };

  let found = rows, page = 0;
  const pages = () => Math.max(1, Math.ceil(found.length / SIZE));
  const show = () => {
    const from = page * SIZE, part = found.slice(from, from + SIZE);
    byId("rows").replaceChildren(...part.map(line));
    const number = (value) => value.toLocaleString("en");
    byId("count").textContent = found.length ? number(from + 1) + " to " + number(from + part.length) + " of " + number(found.length) : "Nothing matches.";
    byId("first").disabled = byId("back").disabled = page === 0;
    byId("next").disabled = byId("last").disabled = page >= pages() - 1;
  };
  const turn = (to) => { page = Math.min(Math.max(0, to), pages() - 1); show(); };
  const select = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean), kind = byId("kind").value;
    found = rows.filter((row) => (!kind || what(row.said.line) === kind) && words.every((word) => row.text.includes(word)));
    turn(0);
  };
  byId("search").addEventListener("input", select);
  byId("kind").addEventListener("change", select);
  byId("first").addEventListener("click", () => turn(0));
  byId("back").addEventListener("click", () => turn(page - 1));
  byId("next").addEventListener("click", () => turn(page + 1));
  byId("last").addEventListener("click", () => turn(pages() - 1));
  byId("tools").hidden = byId("table").hidden = false;
  byId("static").hidden = true;
  show();
})();
