/* The workspace page: address ↔ screen, signed calls, forms, keys. No rule of the programme stands here (U2):
   screens come from /ui/, and what a person does goes to the JSON interface, whose answers are shown. */
"use strict";
(() => {
  const config = JSON.parse(document.getElementById("config").textContent);
  const { root } = config;
  const APP = `${root}/app/`;
  const UI = `${root}/ui/`;
  const TOP_EVERY = 30_000;
  const BULK_MOST = 50;
  const TOGETHER = 4;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const panes = { list: $("#list"), lead: $("#lead"), other: $("#other") };
  const dialog = $("#dialog");
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /* What the header brings: counts, the page's own sentences, whose page it is. */
  let now = { counts: {}, texts: {}, partner: null, admin: false };
  const say = (name, values = {}) => (now.texts[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const P = () => `${root}/partners/${now.partner}`;

  /* -- small parts of the document ------------------------------------------------------------------------------ */

  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child != null));
    return made;
  }

  function toast(text, { bad = false, undo = null } = {}) {
    if (!text) return;
    const shown = make("p", { class: bad ? "toast bad" : "toast" }, text);
    if (undo) shown.append(make("button", { type: "button", click: () => { shown.remove(); undo(); } }, say("undo")));
    shown.append(make("button", { type: "button", class: "plain", "aria-label": say("close"), click: () => shown.remove() }, "×"));
    // Whatever is outside an open dialog cannot be reached.
    const open = $("dialog[open]");
    const home = open ? ($(".toasts", open) ?? open.appendChild(make("div", { class: "toasts", role: "status" }))) : $("#toasts");
    home.append(shown);
    setTimeout(() => shown.remove(), bad || undo ? 15_000 : 5_000);
  }

  function bar(text) {
    $("#bar").textContent = text;
    $("#bar").hidden = !text;
    document.body.classList.toggle("offline", Boolean(text));
  }

  const ago = (iso) => {
    const seconds = (new Date(iso) - Date.now()) / 1000;
    const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
    if (seconds > -45) return relative.format(Math.min(0, Math.round(seconds)), "second");
    if (seconds > -2700) return relative.format(Math.round(seconds / 60), "minute");
    if (seconds > -79_200) return relative.format(Math.round(seconds / 3600), "hour");
    return new Date(iso).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  };

  /* -- calls ---------------------------------------------------------------------------------------------------- */

  class Refused extends Error {
    constructor(answer, error) {
      super(error?.message ?? `${answer.status}`);
      this.status = answer.status;
      this.code = error?.code;
      this.details = error?.details ?? [];
      this.request = answer.headers.get("x-ms-request-id");
    }
    get said() {
      const more = this.status >= 500 && this.request ? ` ${say("number", { number: this.request })}` : "";
      return this.message + more;
    }
  }

  class NoAnswer extends Error {}

  let signingIn = null;
  /* One question for all calls that found their token dead; each goes on by itself afterwards. */
  function renewed(why) {
    signingIn ??= (async () => {
      try {
        await window.signIn.token(true);
      } catch {
        await asked(why);
      }
    })().finally(() => { signingIn = null; });
    return signingIn;
  }

  function asked(why) {
    const box = $("#sign-in");
    $("#sign-in-why").textContent = why;
    window.signIn.form?.($("#sign-in-form"));
    if (!box.open) box.showModal();
    return new Promise((done) => {
      const sent = async (event) => {
        event.preventDefault();
        try {
          await window.signIn.signIn(new FormData($("form", box) ?? undefined));
        } catch (problem) {
          $("#sign-in-why").textContent = problem.message;
          return;
        }
        box.removeEventListener("submit", sent);
        box.removeEventListener("click", clicked);
        box.close();
        done();
      };
      const clicked = (event) => { if (event.target.closest("[data-do='sign-in']")) sent(event); };
      box.addEventListener("submit", sent);
      box.addEventListener("click", clicked);
    });
  }
  $("#sign-in").addEventListener("cancel", (event) => event.preventDefault());

  let shownAt = new Date();
  async function signed(url, options = {}) {
    const reads = !options.method || options.method === "GET";
    for (let attempt = 0; ; attempt++) {
      let token;
      try { token = await window.signIn.token(false); } catch { await renewed(""); token = await window.signIn.token(false); }
      const headers = new Headers(options.headers);
      headers.set("Authorization", `Bearer ${token}`);
      let answer;
      try {
        answer = await fetch(url, { ...options, headers, cache: "no-store", credentials: "omit" });
      } catch (problem) {
        if (problem.name === "AbortError") throw problem;
        if (reads && attempt < 1) { await wait(300); continue; }
        bar(say("offline", { when: shownAt.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" }) }) || "…");
        throw new NoAnswer(problem.message);
      }
      // An answer that was under way when the connection went says nothing of now.
      if (!$("#bar").hidden && navigator.onLine) { bar(""); toast(say("online")); }
      if (answer.status === 401 && attempt < 2) { answer.body?.cancel(); await renewed(say("expired")); continue; }
      if (reads && (answer.status === 429 || answer.status === 503) && attempt < 2) {
        answer.body?.cancel();
        const seconds = Math.min(Number(answer.headers.get("retry-after")) || 1, 5);
        await wait(seconds * 1000 * (0.5 + Math.random() / 2));
        continue;
      }
      return answer;
    }
  }

  /* The JSON interface; raises Refused with its error, NoAnswer where nobody knows what came of it. */
  async function call(method, path, body, headers = {}) {
    const sent = body === undefined ? {} : { "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
    const answer = await signed(path, { method, headers: { ...sent, ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
    const is = (answer.headers.get("content-type") ?? "").includes("json");
    const told = is ? await answer.json() : null;
    if (!answer.ok) throw new Refused(answer, told?.error);
    return { view: told, etag: answer.headers.get("etag"), status: answer.status };
  }

  const why = (problem) => (problem instanceof Refused ? problem.said : problem instanceof NoAnswer ? say("noAnswer") : problem.message);

  /* -- htmx ------------------------------------------------------------------------------------------------------ */

  const rules = { createHTML: (html) => html, createScript: () => "", createScriptURL: (address) => (address === config.msal ? address : "") };
  const policy = window.trustedTypes?.createPolicy("leads", rules) ?? rules;
  htmx.registerExtension("leads", {
    // The server escapes everything (autoescape, no way round it), and CSP runs nothing that stands in a fragment.
    init: (api) => api.initSecurity(policy),
    htmx_config_request: (_, detail) => { detail.ctx.fetch = signed; detail.ctx.request.credentials = "omit"; },
    htmx_before_response: (_, detail) => {
      // What is no HTML is no screen: a proxy's JSON error must not be swapped in.
      const kind = detail.ctx.response.headers.get("content-type") ?? "";
      const { status } = detail.ctx.response;
      if (kind.includes("html") && status < 400) return true;
      // A body that nobody reads would keep its connection.
      detail.ctx.response.raw.body?.cancel();
      // A part that did not come leaves what there is; only whoever asked for it by hand is told.
      if (detail.ctx.sourceEvent?.type === "click") toast(say("failed", { why: String(status) }), { bad: true });
      return false;
    },
  });

  const loads = new Map();
  async function load(pane, path, { keep = false } = {}) {
    loads.get(pane)?.abort();
    const control = new AbortController();
    loads.set(pane, control);
    pane.setAttribute("aria-busy", "true");
    const skeleton = setTimeout(() => { if (!keep) { pane.replaceChildren(); $("#loading").hidden = false; } }, 150);
    try {
      const answer = await signed(UI + path, { signal: control.signal });
      if (!(answer.headers.get("content-type") ?? "").includes("html")) throw new Refused(answer, null);
      const text = await answer.text();
      if (control.signal.aborted) return false;
      await htmx.swap({ text, target: pane, swap: "innerHTML", sourceElement: pane });
      shownAt = new Date();
      return answer.ok;
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (!keep || !pane.childElementCount) {
        const again = make("button", { type: "button", class: "main", "data-do": "reload" }, "↻");
        pane.replaceChildren(make("div", { class: "message problem" }, make("p", {}, why(problem) || $("#bar").textContent), again));
      } else toast(say("failed", { why: why(problem) }), { bad: true });
      return false;
    } finally {
      clearTimeout(skeleton);
      $("#loading").hidden = true;
      if (loads.get(pane) === control) pane.removeAttribute("aria-busy");
    }
  }

  /* -- addresses ------------------------------------------------------------------------------------------------- */

  const DIALOGS = new Set(["accept", "decline", "win", "lose", "closeAsError", "edit", "activity"]);
  function read(href = location.href) {
    const url = new URL(href, location.href);
    const path = url.pathname.startsWith(APP) ? url.pathname.slice(APP.length).replace(/\/+$/, "") : "";
    const [screen, id, what] = (path || "leads").split("/");
    const query = url.search.replace(/^\?/, "");
    if (screen !== "leads") return { pane: "other", path: path + url.search, query, screen };
    if (id && DIALOGS.has(what)) return { pane: "lead", id, dialog: what, query, screen };
    return id ? { pane: "lead", id, query, screen } : { pane: "list", query, screen };
  }

  let listQuery = null;
  let newAtList = null;
  let scrolled = 0;
  const without = (query, ...names) => {
    const left = new URLSearchParams(query);
    names.forEach((name) => left.delete(name));
    return left.toString();
  };

  async function show({ focus = true } = {}) {
    const wanted = read();
    for (const [name, pane] of Object.entries(panes)) {
      if (name === "list" && !panes.list.hidden && wanted.pane !== "list") scrolled = scrollY;
      pane.hidden = name !== wanted.pane;
    }
    $$("[data-place]", $("#top")).forEach((link) => {
      if (link.dataset.place === wanted.screen) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    if (dialog.open && !wanted.dialog) dialog.close();
    if (wanted.pane === "list") {
      if (listQuery === wanted.query) { scrollTo(0, scrolled); mark(current); } else await loadList(wanted.query);
    } else if (wanted.pane === "lead") {
      if (panes.lead.dataset.id !== wanted.id) {
        panes.lead.dataset.id = wanted.id;
        await load(panes.lead, `leads/${wanted.id}?${without(wanted.query, "kind")}`);
        scrollTo(0, 0);
        opened(wanted.id);
      }
      current = wanted.id;
      neighbours(without(wanted.query, "kind"));
      if (wanted.dialog) await showDialog(wanted);
    } else {
      await load(panes.other, wanted.path, { keep: panes.other.dataset.screen === wanted.screen });
      panes.other.dataset.screen = wanted.screen;
      restoreDrafts(panes.other);
      applySettings();
    }
    title();
    if (focus && !dialog.open) $("h1", panes[wanted.pane])?.focus({ preventScroll: true });
  }

  function title() {
    const wanted = read();
    const heading = $("h1", panes[wanted.pane])?.textContent.trim();
    const fresh = (now.counts.newMarketplace ?? 0) + (now.counts.newQualified ?? 0);
    document.title = `${fresh ? `(${fresh}) ` : ""}${heading ? `${heading} – ` : ""}Partner Leads`;
  }

  async function loadList(query) {
    listQuery = query;
    // Filters that changed where they stand keep their form, with its open menu and the cursor in it.
    const own = $("#filters", panes.list);
    const inForm = own?.contains(document.activeElement) && own.dataset.query !== query ? document.activeElement : null;
    const open = inForm && $$("details[open]", own).map((menu) => $("summary", menu).textContent.trim().replace(/\s*\d+$/, ""));
    const at = inForm && { name: inForm.name, value: inForm.value, start: inForm.selectionStart, type: inForm.type };
    await load(panes.list, `leads?${query}`, { keep: true });
    if (at) {
      $$("#filters details", panes.list).forEach((menu) => {
        if (open.includes($("summary", menu).textContent.trim().replace(/\s*\d+$/, ""))) menu.open = true;
      });
      const again = $$("#filters [name]", panes.list).find((one) => one.name === at.name && (one.type !== "checkbox" || one.value === at.value));
      again?.focus();
      if (again && at.type === "search") { again.value = at.value; again.setSelectionRange(at.start, at.start); }
    } else scrollTo(0, 0);
    newAtList = null;
    scrolled = 0;
    paintCounts();
    applySettings();
    const first = $("tr[data-id]", panes.list);
    mark(first?.dataset.id ?? null);
  }

  function go(href, { replace = false, focus = true } = {}) {
    if (new URL(href, location.href).href !== location.href) history[replace ? "replaceState" : "pushState"]({}, "", href);
    return show({ focus });
  }

  addEventListener("popstate", () => show());

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(APP) || "leaves" in link.dataset || link.target) return;
    event.preventDefault();
    if (link.dataset.do === "back" && cameFromList) { history.back(); return; }
    cameFromList = read().pane === "list";
    go(url.href);
  });
  let cameFromList = false;

  /* -- the header, its counts, what is new ------------------------------------------------------------------------- */

  let topTag = null;
  async function refreshTop() {
    const answer = await signed(`${UI}top`, { headers: topTag ? { "If-None-Match": topTag } : {} });
    if (answer.status === 304) { answer.body?.cancel(); return; }
    const text = await answer.text();
    if (!answer.ok) { if (!now.partner) await htmx.swap({ text, target: panes.other, swap: "innerHTML", sourceElement: panes.other }); return; }
    topTag = answer.headers.get("etag");
    const open = $("details[open]", $("#top")) || $("#top").contains(document.activeElement);
    if (!open) await htmx.swap({ text, target: $("#top"), swap: "innerHTML", sourceElement: $("#top") });
    const told = open ? new DOMParser().parseFromString(policy.createHTML(text), "text/html").getElementById("now") : $("#now");
    now = JSON.parse(told.dataset.now);
    paintCounts();
    title();
    const wanted = read();
    $$("[data-place]", $("#top")).forEach((link) => link.dataset.place === wanted.screen && link.setAttribute("aria-current", "page"));
  }

  function paintCounts() {
    const { counts } = now;
    const number = new Intl.NumberFormat(document.documentElement.lang);
    $$("[data-count]").forEach((place) => { place.textContent = counts[place.dataset.count] != null ? number.format(counts[place.dataset.count]) : ""; });
    $$("[data-quick]").forEach((place) => { place.textContent = counts[place.dataset.quick] ? number.format(counts[place.dataset.quick]) : ""; });
    for (const [tab, count] of [["marketplace", counts.newMarketplace], ["qualified", counts.newQualified]]) {
      $$(`[data-new="${tab}"]`).forEach((place) => { place.hidden = !count; place.textContent = count ?? ""; });
    }
    const all = (counts.newMarketplace ?? 0) + (counts.newQualified ?? 0);
    if (now.partner && (newAtList === null || all < newAtList)) newAtList = all;
    const fresh = $("#fresh");
    if (fresh) {
      const more = all - (newAtList ?? all);
      fresh.hidden = more <= 0;
      fresh.textContent = say(more === 1 ? "freshOne" : "fresh", { count: number.format(more) });
    }
  }

  setInterval(() => { if (!document.hidden && now.partner) refreshTop().catch(() => {}); }, TOP_EVERY);
  addEventListener("online", () => refreshTop().catch(() => {}));
  addEventListener("offline", () => bar(say("offline", { when: shownAt.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" }) })));

  /* -- the list: the row that the keys mean, neighbours, rows that changed ------------------------------------------ */

  let current = null;
  const rows = () => $$("tr[data-id]", panes.list);
  function mark(id, { scroll = false } = {}) {
    current = id;
    rows().forEach((row) => row.classList.toggle("current", row.dataset.id === id));
    const row = id && document.getElementById(`row-${id}`);
    if (row && scroll) { row.scrollIntoView({ block: "nearest" }); $("th a", row).focus({ preventScroll: true }); }
  }
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("tr[data-id]");
    if (row && row.dataset.id !== current) mark(row.dataset.id);
  });

  function move(step) {
    const all = rows();
    const at = all.findIndex((row) => row.dataset.id === current);
    const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
    if (!next) return;
    if (at + step >= all.length - 3) $("tr.more button", panes.list)?.click();
    mark(next.dataset.id, { scroll: true });
  }

  async function neighbours(query) {
    const ids = rows().map((row) => row.dataset.id);
    if (!ids.length && listQuery === null && !loads.has(panes.list)) {
      // Somebody came by a link: the list is fetched behind, so that there is a next one.
      listQuery = query;
      await load(panes.list, `leads?${query}`, { keep: true });
      paintCounts();
      if (read().pane === "lead") neighbours(query);
      return;
    }
    const at = ids.indexOf(panes.lead.dataset.id);
    const more = $("tr.more", panes.list) ? "+" : "";
    if ($("#place")) $("#place").textContent = at < 0 ? "" : say("place", { number: at + 1, count: `${ids.length}${more}` });
    for (const [name, other] of [["#previous", ids[at - 1]], ["#next", at < 0 ? null : ids[at + 1]]]) {
      const link = $(name);
      if (!link) continue;
      link.hidden = !other;
      if (other) link.href = `${APP}leads/${other}${query ? `?${query}` : ""}`;
    }
  }

  function opened(id) {
    const row = document.getElementById(`row-${id}`);
    if (!row?.classList.contains("new")) return;
    row.classList.remove("new");
    $(".dot", row)?.remove();
    refreshTop().catch(() => {});
  }

  async function refreshLead(id) {
    const query = without(read().query, "kind");
    const row = document.getElementById(`row-${id}`);
    const jobs = [refreshTop()];
    if (panes.lead.dataset.id === id) jobs.push(load(panes.lead, `leads/${id}?${query}`, { keep: true }).then(() => neighbours(query)));
    if (row) {
      jobs.push(signed(`${UI}leads/${id}/row?${listQuery ?? ""}`).then(async (answer) => {
        if (!answer.ok) { answer.body?.cancel(); return; }
        const checked = $("[data-do='select']", row).checked;
        await htmx.swap({ text: await answer.text(), target: row, swap: "outerHTML", sourceElement: row });
        const fresh = document.getElementById(`row-${id}`);
        if (!fresh) return;
        $("[data-do='select']", fresh).checked = checked;
        // What was answered leaves a list of those that wait.
        const asked = new URLSearchParams(listQuery).get("status");
        if (asked && !asked.split(",").some((status) => fresh.classList.contains(status.trim()))) fresh.remove();
        mark(current);
      }));
    }
    await Promise.allSettled(jobs);
    if (read().pane === "lead" && panes.lead.dataset.id === id) $("h1", panes.lead)?.focus({ preventScroll: true });
  }

  /* -- hearts: shown at once; only the last wish is sent, one call at a time ----------------------------------------- */

  const hearts = new Map();
  function paintHeart(id, on) {
    $$(`.heart[data-id="${CSS.escape(id)}"]`).forEach((button) => button.setAttribute("aria-pressed", String(on)));
  }
  async function heart(id, wanted = null) {
    const button = $(`.heart[data-id="${CSS.escape(id)}"]`);
    const is = button?.getAttribute("aria-pressed") === "true";
    const state = hearts.get(id) ?? { stored: is, busy: false };
    hearts.set(id, state);
    state.wanted = wanted ?? !is;
    paintHeart(id, state.wanted);
    if (state.busy) return;
    state.busy = true;
    try {
      while (state.wanted !== state.stored) {
        const sent = state.wanted;
        await call(sent ? "PUT" : "DELETE", `${P()}/leads/${id}/favorite`);
        state.stored = sent;
      }
      refreshTop().catch(() => {});
    } catch (problem) {
      paintHeart(id, state.stored);
      toast(say("heartBack", { why: why(problem) }), { bad: true });
      throw problem;
    } finally {
      state.busy = false;
      hearts.delete(id);
    }
  }

  /* -- dialogs and forms --------------------------------------------------------------------------------------------- */

  async function showDialog(wanted) {
    const kind = new URLSearchParams(wanted.query).get("kind");
    const path = `leads/${wanted.id}/${wanted.dialog}${kind ? `?kind=${encodeURIComponent(kind)}` : ""}`;
    dialog.replaceChildren();
    if (!dialog.open) dialog.showModal();
    await load(dialog, path, { keep: true });
    const close = $(".problem", dialog);
    if (close) close.append(make("p", { class: "buttons" }, make("button", { type: "button", "data-do": "close" }, say("close"))));
    started(dialog);
  }

  function started(home) {
    for (const form of $$("form[data-form]", home)) form.start = JSON.stringify(values(form));
    restoreDrafts(home);
    (home.querySelector("[autofocus]") ?? $("input, textarea, button", home))?.focus();
  }

  function closeDialog() {
    const wanted = read();
    if (!wanted.dialog) { dialog.close(); return; }
    const back = `${APP}leads/${wanted.id}${without(wanted.query, "kind") ? `?${without(wanted.query, "kind")}` : ""}`;
    history.replaceState({}, "", back);
    dialog.close();
    show({ focus: true });
  }
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); closeDialog(); });

  /* A form as the JSON it means: dotted names nest, lists are fieldsets, what is empty is absent. */
  function values(form) {
    const found = {};
    for (const field of form.elements) {
      if (!field.name || field.disabled || field.closest("[data-list]")) continue;
      const value = valueOf(field);
      if (value === undefined) continue;
      const path = field.name.split(".");
      const last = path.pop();
      const place = path.reduce((at, part) => (at[part] ??= {}), found);
      if (field.dataset.as === "many") (place[last] ??= []).push(...value);
      else place[last] = value;
    }
    for (const list of $$("[data-list]", form)) {
      if (!list.parentElement.closest("[data-list]")) found[list.dataset.list] = items(list);
    }
    return found;
  }

  function valueOf(field) {
    const text = field.value.trim();
    switch (field.dataset.as) {
      case "many": return field.checked ? [field.value] : [];
      case "flag": return field.checked;
      case "number": return text === "" ? null : Number(text);
      case "null": return text || null;
      case "lines": return text.split("\n").map((line) => line.trim()).filter(Boolean);
      case "words": return text.split(",").map((word) => word.trim()).filter(Boolean);
      default:
        if (field.type === "radio" || field.type === "checkbox") return field.checked ? field.value : undefined;
        return text || undefined;
    }
  }

  function items(list) {
    return $$(".item", list).filter((item) => item.parentElement.closest("[data-list]") === list).map((item) => {
      const found = {};
      for (const field of $$("[data-name]", item)) {
        if (field.closest("[data-list]") === list && field.value.trim()) found[field.dataset.name] = field.value.trim();
      }
      for (const inner of $$("[data-list]", item)) found[inner.dataset.list] = items(inner);
      return found;
    }).filter((item) => Object.values(item).some((value) => !Array.isArray(value) || value.length));
  }

  function fieldOf(form, target) {
    const path = target.split(".");
    let place = form;
    while (path.length > 1) {
      const list = $(`[data-list="${CSS.escape(path[0])}"]`, place);
      if (!list) break;
      if (!/^\d+$/.test(path[1])) return $("button", list);
      place = $$(".item", list).filter((item) => item.parentElement.closest("[data-list]") === list)[Number(path[1])] ?? list;
      path.splice(0, 2);
    }
    const name = path.join(".");
    return $(`[data-name="${CSS.escape(name)}"]`, place) ?? $(`[name="${CSS.escape(name)}"]`, form)
      ?? $(`[name="${CSS.escape(path[0])}"]`, form) ?? $(`[data-many="${CSS.escape(path[0])}"] input`, form);
  }

  function clearFaults(form) {
    $$(".fault", form).forEach((fault) => fault.remove());
    $$("[aria-invalid]", form).forEach((field) => { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); });
    $(".errors", form).hidden = true;
  }

  let faultNumber = 0;
  function showFaults(form, message, details = []) {
    clearFaults(form);
    const box = $(".errors", form);
    const list = make("ul");
    for (const detail of details) {
      const field = detail.target ? fieldOf(form, detail.target) : null;
      // People know no names of the interface.
      const key = detail.code === "required" && detail.target?.startsWith("purchase") ? "requiredWhen" : detail.code === "required" && field ? "required" : null;
      const text = key ? say(key) : detail.message;
      if (!field) { list.append(make("li", {}, text)); continue; }
      const id = `fault-${++faultNumber}`;
      field.id ||= `field-${faultNumber}`;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", id);
      const home = field.type === "radio" || field.type === "checkbox" ? field.closest("fieldset") ?? field.closest("label") : field.closest("label") ?? field.parentElement;
      home.append(make("span", { class: "fault", id }, text));
      const label = field.closest("fieldset:not([data-list])")?.querySelector("legend") ?? field.closest("label");
      const named = (label?.childNodes[0]?.textContent ?? "").trim();
      list.append(make("li", {}, make("a", { href: `#${field.id}`, click: (event) => { event.preventDefault(); field.closest("details")?.setAttribute("open", ""); field.focus(); } }, `${named ? `${named}: ` : ""}${text}`)));
    }
    box.replaceChildren(make("p", {}, list.childElementCount ? say("errors") : message), list);
    box.hidden = false;
    box.focus();
  }

  /* What was typed stays in the tab until it is sent. */
  const draftKey = (form) => `draft:${location.pathname}:${form.dataset.form}`;
  function keepDraft(form) {
    const typed = JSON.stringify(values(form));
    if (typed === form.start) sessionStorage.removeItem(draftKey(form));
    else sessionStorage.setItem(draftKey(form), typed);
  }
  function restoreDrafts(home) {
    for (const form of $$("form[data-form]", home)) {
      form.start ??= JSON.stringify(values(form));
      const kept = sessionStorage.getItem(draftKey(form));
      if (!kept || kept === form.start) continue;
      fill(form, JSON.parse(kept));
      reasonChanged(form);
      toast(say("draft"));
    }
  }
  function fill(form, typed) {
    const flat = (value, prefix = "") => Object.entries(value).flatMap(([name, inner]) =>
      inner && typeof inner === "object" && !Array.isArray(inner) ? flat(inner, `${prefix}${name}.`) : [[prefix + name, inner]]);
    const given = new Map(flat(typed));
    for (const field of form.elements) {
      if (!field.name || field.closest("[data-list]")) continue;
      const value = given.get(field.name);
      if (field.dataset.as === "many") field.checked = (value ?? []).includes(field.value);
      else if (field.dataset.as === "flag") field.checked = Boolean(value);
      else if (field.type === "radio" || field.type === "checkbox") field.checked = value === field.value;
      else field.value = Array.isArray(value) ? value.join(field.dataset.as === "lines" ? "\n" : ", ") : value ?? "";
    }
    for (const list of $$("[data-list]", form)) {
      if (!list.parentElement.closest("[data-list]")) fillList(list, typed[list.dataset.list] ?? []);
    }
  }
  function fillList(list, wanted) {
    $$(":scope > .item", list).forEach((item) => item.remove());
    for (const one of wanted) {
      const item = another(list);
      for (const field of $$("[data-name]", item)) if (field.closest("[data-list]") === list) field.value = one[field.dataset.name] ?? "";
      for (const inner of $$("[data-list]", item)) fillList(inner, one[inner.dataset.list] ?? []);
    }
  }
  function another(list) {
    const template = $(":scope > template", list);
    const item = template.content.firstElementChild.cloneNode(true);
    template.before(item);
    const most = Number(list.dataset.most);
    $(":scope > [data-do='another']", list).disabled = $$(":scope > .item", list).length >= most;
    return item;
  }

  function reasonChanged(form) {
    const reason = form.elements.reason?.value;
    const quiet = (form.dataset.quiet ?? "").split(" ").includes(reason);
    $$("[data-told]", form).forEach((hint) => { hint.hidden = quiet; });
    $$("[data-untold]", form).forEach((hint) => { hint.hidden = !quiet; });
    $$("[data-when-reason]", form).forEach((hint) => { hint.hidden = hint.dataset.whenReason !== reason; });
  }

  const clean = (value) => Object.fromEntries(Object.entries(value).filter(([, item]) => !(Array.isArray(item) && !item.length)));
  const FORMS = {
    accept: (form, typed) => call("POST", `${P()}/leads/${form.dataset.id}/accept`, clean(typed)),
    edit: (form, typed) => call("PATCH", `${P()}/leads/${form.dataset.id}`, patch(JSON.parse(form.start), typed), { "If-Match": form.dataset.etag }),
    decline: answered,
    win: answered,
    lose: answered,
    closeAsError: answered,
    profile: (form, typed) => call("PUT", `${P()}/profile`, typed, { "If-Match": form.dataset.etag }),
    preferences: (form, typed) => call("PUT", `${P()}/preferences`, typed, { "If-Match": form.dataset.etag }),
    webhook: (_, typed) => call("POST", `${P()}/webhooks`, typed),
  };
  function answered(form, typed) {
    return call("POST", `${P()}/leads/${form.dataset.id}/${form.dataset.form}`, typed);
  }
  /* What differs, as a JSON merge patch: emptied fields are null. */
  function patch(before, after) {
    const found = {};
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
      found[name] = after[name] ?? null;
    }
    return found;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-form]");
    if (event.target.id === "filters") { event.preventDefault(); filter(); return; }
    if (!form) return;
    event.preventDefault();
    send(form);
  });

  async function send(form) {
    if (form.dataset.busy) return;
    if (form.dataset.form === "activity") { logContact(form); return; }
    if (form.bulk) { bulkDecline(form); return; }
    const typed = values(form);
    const button = $("[type='submit']", form);
    form.dataset.busy = "true";
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      const { view } = await FORMS[form.dataset.form](form, typed);
      sessionStorage.removeItem(draftKey(form));
      clearFaults(form);
      await sent(form, view);
    } catch (problem) {
      await notSent(form, problem, typed);
    } finally {
      delete form.dataset.busy;
      form.removeAttribute("aria-busy");
      button.disabled = false;
    }
  }

  async function sent(form, view) {
    const kind = form.dataset.form;
    if (kind === "webhook") {
      if (view.secret) await tellSecret(view.secret);
      await go(`${APP}webhooks/${view.id}`);
      return;
    }
    if (kind === "profile" || kind === "preferences") {
      toast(say("saved"));
      await show();
      return;
    }
    closeDialog();
    for (const warning of view.warnings ?? []) toast(warning.message);
    toast(say("saved"));
    await refreshLead(form.dataset.id);
  }

  /* An accept whose answer was lost is told as a race for some seconds; when it was one's own, it is done. */
  const EVENTS = { accept: "lead.accepted", decline: "lead.declined", win: "lead.won", lose: "lead.lost", closeAsError: "lead.error" };
  const isMine = (form, problem) => problem.code === "invalidTransition" && problem.details.some((detail) =>
    detail.code === EVENTS[form.dataset.form] && detail.by?.kind === "person" && detail.by.id === now.me && Math.abs(Date.now() - new Date(detail.at)) < 120_000);

  async function notSent(form, problem, typed) {
    if (problem instanceof Refused && isMine(form, problem)) {
      sessionStorage.removeItem(draftKey(form));
      return sent(form, {});
    }
    keepDraft(form);
    if (problem instanceof Refused && problem.status === 409 && ["invalidTransition", "leadExpired"].includes(problem.code)) return faster(form, problem);
    if (problem instanceof Refused && problem.status === 412 && form.dataset.form === "edit") return twoVersions(form, typed);
    if (problem instanceof Refused && problem.status === 412) return showFaults(form, say("changedSince"));
    showFaults(form, why(problem), problem.details ?? []);
  }

  /* What stands in a form, as people would write it down: each field under its label. */
  function inWords(form) {
    const said = [];
    for (const field of form.elements) {
      const label = field.closest("label");
      const text = field.tagName === "SELECT" ? field.selectedOptions[0]?.textContent : field.value?.trim();
      if (!label || !text) continue;
      if (field.type === "radio" || field.type === "checkbox") {
        if (field.checked) said.push(label.textContent.trim());
      } else said.push(`${label.childNodes[0].textContent.trim()}: ${text}`);
    }
    return said.join("\n");
  }

  /* Somebody was faster: who, when, and what was typed is not lost (U3). */
  function faster(form, problem) {
    const done = problem.details.find((detail) => detail.by) ?? {};
    const who = done.by?.kind === "person" ? done.by.name || say("somebody") : null;
    const key = { "lead.accepted": "fasterAccept", "lead.declined": "fasterDecline" }[done.code] ?? "fasterOther";
    const text = who ? say(key, { who, when: ago(done.at) }) : problem.message;
    const words = inWords(form);
    const id = form.dataset.id;
    const shown = make("div", { class: "conflict", role: "alert" },
      make("h2", { id: "dialog-title" }, say("faster")),
      make("p", {}, text),
      words ? make("pre", { class: "said" }, words) : null,
      make("p", { class: "buttons" },
        make("button", { type: "button", class: "main", click: () => { sessionStorage.removeItem(draftKey(form)); closeDialog(); refreshLead(id); } }, say("showLead")),
        make("button", { type: "button", click: () => copy(words) }, say("copyTyped")),
        make("button", { type: "button", click: async () => {
          try {
            await call("POST", `${P()}/leads/${id}/activities`, { kind: "note", text: words.slice(0, 8000) });
            sessionStorage.removeItem(draftKey(form));
            closeDialog();
            toast(say("logged"));
            refreshLead(id);
          } catch (again) { toast(say("notLogged", { why: why(again) }), { bad: true }); }
        } }, say("asNote"))));
    form.hidden = true;
    dialog.append(shown);
    $("button", shown).focus();
  }

  /* Two people edited: what only one of them changed is merged; what both did is shown side by side. */
  async function twoVersions(form, typed) {
    const { view: lead, etag } = await call("GET", `${P()}/leads/${form.dataset.id}?peek=true`);
    const history = await call("GET", `${P()}/leads/${form.dataset.id}/history?top=5`);
    const last = history.view.value.find((event) => event.type === "lead.updated");
    const theirs = lead.deal ? formOf(lead.deal) : null;
    if (!theirs) return showFaults(form, say("changedSince"));
    const start = flatten(JSON.parse(form.start));
    const [mine, other] = [flatten(typed), flatten(theirs)];
    const both = [];
    const merged = { ...mine };
    for (const name of new Set([...Object.keys(mine), ...Object.keys(other), ...Object.keys(start)])) {
      const [was, my, their] = [start[name] ?? "", mine[name] ?? "", other[name] ?? ""];
      if (my === their) continue;
      if (my === was) merged[name] = their;
      else if (their !== was) both.push({ name, my, their });
    }
    fill(form, unflatten(merged));
    form.start = JSON.stringify(theirs);
    form.dataset.etag = etag;
    if (!both.length) { setTimeout(() => send(form)); return; }
    clearFaults(form);
    const who = last?.by?.name || say("somebody");
    const choices = both.map(({ name, my, their }) => {
      const field = fieldOf(form, name);
      const label = (field?.closest("label")?.childNodes[0]?.textContent ?? name).trim();
      const pick = (value) => () => { merged[name] = value; fill(form, unflatten(merged)); };
      const box = make("fieldset", { class: "versions" }, make("legend", {}, label),
        make("label", { class: "check" }, make("input", { type: "radio", name: `pick.${name}`, checked: true, change: pick(my), disabled: false }), ` ${say("mine")}: ${my || "–"}`),
        make("label", { class: "check" }, make("input", { type: "radio", name: `pick.${name}`, change: pick(their) }), ` ${who}: ${their || "–"}`));
      return box;
    });
    const shown = make("div", { class: "conflict", role: "alert", tabindex: "-1" },
      make("h2", {}, say("bothTitle")), make("p", {}, say("bothText", { who })), ...choices,
      make("p", { class: "buttons end" }, make("button", { type: "button", "data-do": "close" }, say("close")),
        make("button", { type: "button", class: "main", click: () => { shown.remove(); form.hidden = false; send(form); } }, say("sendChosen"))));
    form.hidden = true;
    dialog.append(shown);
    $("input", shown).focus();
  }
  function formOf(deal) {
    const kept = Object.entries(deal).filter(([, value]) => value !== null && !(Array.isArray(value) && !value.length));
    const plain = Object.fromEntries(kept);
    plain.team = (deal.team ?? []).map((member) => Object.fromEntries(Object.entries(member).filter(([, value]) => value)));
    return plain;
  }
  const flatten = (value, prefix = "") => Object.assign({}, ...Object.entries(value).map(([name, inner]) =>
    inner && typeof inner === "object" && !Array.isArray(inner) ? flatten(inner, `${prefix}${name}.`) : { [prefix + name]: Array.isArray(inner) ? JSON.stringify(inner) : String(inner ?? "") }));
  function unflatten(flat) {
    const found = {};
    for (const [name, value] of Object.entries(flat)) {
      if (value === "") continue;
      const path = name.split(".");
      const last = path.pop();
      const place = path.reduce((at, part) => (at[part] ??= {}), found);
      place[last] = name === "team" ? JSON.parse(value) : value;
    }
    return found;
  }

  /* A logged contact shows at once and is taken back aloud (U3). */
  async function logContact(form) {
    const typed = values(form);
    const id = form.dataset.id;
    const label = $("input[name='kind']:checked", form)?.closest("label").textContent.trim() ?? "";
    const shown = make("li", { class: `happened ${typed.kind} waiting` }, make("span", { class: "bead" }), make("div", {}, make("p", {}, label), typed.text ? make("p", { class: "said" }, typed.text) : null));
    const key = draftKey(form);
    const typedText = JSON.stringify(typed);
    // What is sent once more, because no answer came, is the same contact.
    const before = JSON.parse(sessionStorage.getItem(`sent:${key}`) ?? "null");
    const once = before?.typed === typedText ? before.once : crypto.randomUUID();
    sessionStorage.setItem(`sent:${key}`, JSON.stringify({ typed: typedText, once }));
    closeDialog();
    $("#timeline")?.prepend(shown);
    try {
      await call("POST", `${P()}/leads/${id}/activities`, typed, { "Idempotency-Key": once });
      sessionStorage.removeItem(key);
      sessionStorage.removeItem(`sent:${key}`);
      toast(say("logged"));
      await refreshLead(id);
    } catch (problem) {
      shown.remove();
      sessionStorage.setItem(key, typedText);
      toast(say("notLogged", { why: why(problem) }), { bad: true });
    }
  }

  /* -- what buttons do ------------------------------------------------------------------------------------------------ */

  async function copy(text) {
    try { await navigator.clipboard.writeText(text); } catch {
      const box = make("textarea", {}, text);
      ($("dialog[open]") ?? document.body).append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
    toast(say("copied"));
  }

  function tellSecret(secret) {
    dialog.replaceChildren(make("h2", { id: "dialog-title" }, say("secretOnce")), make("p", {}, make("code", { class: "secret" }, secret)),
      make("p", { class: "buttons" }, make("button", { type: "button", click: () => copy(secret) }, "⧉"), make("button", { type: "button", class: "main", click: () => dialog.close() }, say("stored"))));
    dialog.showModal();
    // What is shown once does not stay in the document either.
    return new Promise((done) => dialog.addEventListener("close", () => { dialog.replaceChildren(); done(); }, { once: true }));
  }

  const selected = () => $$("[data-do='select']:checked", panes.list).map((box) => box.closest("tr").dataset.id);
  function paintBulk() {
    const count = selected().length;
    $("#bulk").hidden = !count;
    $("[data-selected]").textContent = say("selected", { count });
    rows().forEach((row) => { const box = $("[data-do='select']", row); box.disabled = !box.checked && count >= BULK_MOST; });
  }

  /* Four at a time; each has a result of its own. */
  async function bulk(ids, one) {
    const results = new Map();
    const waiting = [...ids];
    const work = async () => {
      for (let id = waiting.shift(); id; id = waiting.shift()) {
        try { await one(id); results.set(id, null); } catch (problem) { results.set(id, why(problem)); }
        const row = document.getElementById(`row-${id}`);
        row?.classList.add(results.get(id) ? "failed" : "done");
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    const failed = [...results].filter(([, problem]) => problem);
    const list = make("ul", { class: "plain" }, ...[...results].map(([id, problem]) =>
      make("li", { class: problem ? "fault" : "" }, `${problem ? "✕" : "✓"} ${document.getElementById(`row-${id}`)?.querySelector("th a [hx-ignore]").textContent.trim() ?? id}${problem ? `: ${problem}` : ""}`)));
    dialog.replaceChildren(make("h2", { id: "dialog-title" }, say("bulkDone", { done: results.size - failed.length, failed: failed.length })), list,
      make("p", { class: "buttons end" }, make("button", { type: "button", class: "main", click: () => dialog.close() }, say("close"))));
    if (!dialog.open) dialog.showModal();
    refreshTop().catch(() => {});
  }

  async function bulkDecline(form) {
    const typed = values(form);
    const first = $("input[name='reason']", form);
    if (!typed.reason) { showFaults(form, "", [{ code: "required", target: "reason", message: "" }]); first.focus(); return; }
    if (typed.reason === "other" && !typed.notes) { showFaults(form, "", [{ code: "required", target: "notes", message: "" }]); return; }
    const ids = form.bulk;
    await bulk(ids, (id) => call("POST", `${P()}/leads/${id}/decline`, typed));
    ids.forEach((id) => refreshLead(id));
  }

  function exported(ids) {
    const filter = ids ? { id: ids } : Object.fromEntries(new URLSearchParams(listQuery ?? read().query));
    const { orderBy } = filter;
    delete filter.orderBy;
    return call("POST", `${P()}/exports`, { filter, ...(orderBy ? { orderBy } : {}), headings: "labels" });
  }

  const notice = (button) => button.closest("[data-notice]");
  async function dismiss(ids, list) {
    list.forEach((item) => { item.hidden = true; });
    try {
      await call("POST", `${P()}/notifications/dismiss`, { ids });
      bell();
      toast(say("dismissed"), { undo: async () => {
        try {
          await call("POST", `${P()}/notifications/restore`, { ids });
          list.forEach((item) => { item.hidden = false; });
          bell();
        } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
      } });
    } catch (problem) {
      list.forEach((item) => { item.hidden = false; });
      toast(say("dismissBack", { why: why(problem) }), { bad: true });
    }
  }
  async function bell() {
    const place = $("#bell");
    if (!place) return;
    const answer = await signed(`${UI}bell`).catch(() => null);
    if (!answer?.ok) { answer?.body?.cancel(); return; }
    place.textContent = (await answer.text()).trim();
    place.hidden = !place.textContent;
  }
  document.addEventListener("htmx:after:swap", (event) => {
    const place = event.target.closest?.("#bell") ?? $("#bell");
    if (place) place.hidden = !place.textContent.trim();
  });

  const hook = (button) => `${P()}/webhooks/${button.closest("[data-hook]").dataset.hook}`;
  const DO = {
    reload: () => show(),
    back: () => {},
    close: (button) => { const box = button.closest("dialog"); if (box === dialog) closeDialog(); else box.close(); },
    keys: () => $("#keys").showModal(),
    "sign-in": () => {},
    "sign-out": () => window.signIn.signOut(),
    heart: (button) => heart(button.dataset.id).catch(() => {}),
    copy: (button) => copy(button.dataset.text),
    "copy-link": () => copy(location.href),
    print: () => print(),
    fresh: () => loadList(listQuery),
    "select-all": (box) => { rows().slice(0, BULK_MOST).forEach((row) => { $("[data-do='select']", row).checked = box.checked; }); paintBulk(); },
    select: () => paintBulk(),
    "bulk-none": () => { $$("[data-do='select'], [data-do='select-all']", panes.list).forEach((box) => { box.checked = false; }); paintBulk(); },
    "bulk-heart": () => bulk(selected(), (id) => heart(id, true)),
    "bulk-decline": async () => {
      const ids = selected();
      dialog.replaceChildren();
      dialog.showModal();
      await load(dialog, `leads/${ids[0]}/decline`, { keep: true });
      const form = $("form", dialog);
      if (!form) { const problem = $(".problem", dialog); problem?.append(make("button", { type: "button", "data-do": "close" }, say("close"))); return; }
      form.bulk = ids;
      $("h2", form).textContent = say("bulkReason", { count: ids.length });
      form.start = JSON.stringify(values(form));
    },
    order: (box) => go(`${APP}leads?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(listQuery)), orderBy: box.value })}`),
    column: () => {
      const hidden = $$("[data-do='column']").filter((box) => !box.checked).map((box) => box.value);
      localStorage.setItem("hiddenColumns", hidden.join(" "));
      applySettings();
    },
    "bulk-export": (button) => DO.export(button, selected()),
    export: async (button, ids = null) => {
      button.disabled = true;
      try { await exported(ids); toast(say("exporting")); await go(`${APP}exports`); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); } finally { button.disabled = false; }
    },
    "export-cancel": (button) => change(button, "POST", `${P()}/exports/${button.closest("[data-export]").dataset.export}/cancel`),
    "export-link": (button) => change(button, "POST", `${P()}/exports/${button.closest("[data-export]").dataset.export}/link`),
    dismiss: (button) => dismiss([notice(button).dataset.notice], [notice(button)]),
    "dismiss-all": () => { const list = $$("[data-notice]:not(.dismissed):not([hidden])").slice(0, 200); if (list.length) dismiss(list.map((item) => item.dataset.notice), list); },
    restore: (button) => change(button, "POST", `${P()}/notifications/${notice(button).dataset.notice}/restore`).then(bell),
    unmute: (button) => change(button, "POST", `${P()}/preferences/unmute`, { address: button.closest("[data-address]").dataset.address }),
    another: (button) => { const item = another(button.closest("[data-list]")); $("input", item).focus(); keepDraft(button.closest("form")); },
    less: (button) => { const form = button.closest("form"); const list = button.closest("[data-list]"); button.closest(".item").remove(); $(":scope > [data-do='another']", list).disabled = false; keepDraft(form); },
    "hook-test": (button) => change(button, "POST", `${hook(button)}/test`, undefined, say("tested")),
    "hook-enable": (button) => change(button, "POST", `${hook(button)}/enable`),
    "hook-rotate": async (button) => {
      try { const { view } = await call("POST", `${hook(button)}/rotate`); await tellSecret(view.secret); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
    },
    "hook-resend": (button) => change(button, "POST", `${hook(button)}/deliveries/${button.closest("[data-delivery]").dataset.delivery}/resend`, undefined, say("resent")),
    "hook-resend-all": (button) => change(button, "POST", `${hook(button)}/deliveries/resend`, undefined, say("resent")),
    "hook-delete": async (button) => {
      // Deleting cannot be undone, so it is asked about.
      if (!button.dataset.sure) { button.dataset.sure = "true"; button.textContent = say("sure"); toast(say("deleteHook")); return; }
      try { await call("DELETE", hook(button)); toast(say("deleted")); await go(`${APP}webhooks`); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
    },
  };

  async function change(button, method, path, body, text) {
    button.disabled = true;
    try { await call(method, path, body); toast(text ?? say("saved")); await show({ focus: false }); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); } finally { button.disabled = false; }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && !["SELECT", "INPUT", "A"].includes(button.tagName)) DO[button.dataset.do]?.(button);
    // A menu closes when something beside it is chosen.
    $$("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.dataset.do) DO[field.dataset.do]?.(field);
    if (field.dataset.setting) { localStorage.setItem(field.dataset.setting, field.checked ? "1" : ""); applySettings(); }
    if (field.closest("#filters") && field.type !== "search" && field.name) filter();
    const form = field.closest("form[data-form]");
    if (form) { reasonChanged(form); keepDraft(form); }
  });

  let typing = null;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.closest("#filters") && field.type === "search") { clearTimeout(typing); typing = setTimeout(() => filter({ replace: true }), 350); }
    const form = field.closest("form[data-form]");
    if (form) keepDraft(form);
  });

  function filter({ replace = false } = {}) {
    clearTimeout(typing);
    const form = $("#filters");
    const query = new URLSearchParams(listQuery);
    for (const name of new Set([...form.elements].map((field) => field.name).filter(Boolean))) {
      const given = [...form.elements].filter((field) => field.name === name && (field.type !== "checkbox" || field.checked)).map((field) => field.value.trim()).filter(Boolean);
      if (given.length) query.set(name, given.join(",")); else query.delete(name);
    }
    return go(`${APP}leads${query.toString() ? `?${query}` : ""}`, { replace, focus: false });
  }

  /* Counts stand beside the choices once somebody looks at them. */
  document.addEventListener("toggle", async (event) => {
    const menu = event.target;
    if (!menu.matches?.("#filters details.menu") || !menu.open) return;
    const form = $("#filters");
    if (form.facets === listQuery) return;
    form.facets = listQuery;
    const answer = await signed(`${UI}leads/facets?${listQuery ?? ""}`).catch(() => null);
    if (!answer?.ok) { answer?.body?.cancel(); return; }
    const told = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
    for (const place of $$("[data-facet]", form)) {
      const found = told.querySelector(`[data-of="${CSS.escape(place.dataset.facet)}"]`);
      place.textContent = found ? found.textContent : "";
    }
    $("#offers").replaceChildren(...$$("[data-of^='offer:']", told).map((found) => make("option", { value: found.dataset.of.slice(6), label: `${found.dataset.label} (${found.textContent})` })));
    const home = $("[data-facet-choices='country']", form);
    const have = new Set($$("input[name='country']", home.parentElement).filter((box) => !home.contains(box)).map((box) => box.value));
    home.replaceChildren(...$$("[data-of^='country:']", told).filter((found) => !have.has(found.dataset.of.slice(8))).map((found) =>
      make("label", { class: "check" }, make("input", { type: "checkbox", name: "country", value: found.dataset.of.slice(8) }), ` ${found.dataset.label} `, make("span", { class: "count" }, found.textContent))));
  }, true);

  function applySettings() {
    const table = $("#leads");
    const hidden = localStorage.getItem("hiddenColumns") ?? "offer source status value created";
    if (table) table.dataset.hide = hidden;
    $$("[data-do='column']").forEach((box) => { box.checked = !hidden.split(" ").includes(box.value); });
    $$("[data-setting]").forEach((box) => { box.checked = Boolean(localStorage.getItem(box.dataset.setting)); });
  }

  /* -- keys: one key opens, none ends anything (U4) -------------------------------------------------------------------- */

  let goes = 0;
  const action = (name) => $(`[data-action="${name}"]`, panes.lead)?.click();
  async function onLead(name) {
    if (read().pane === "list" && current) { cameFromList = true; await go($("th a", document.getElementById(`row-${current}`)).href); }
    action(name);
  }
  const KEYS = {
    j: () => (read().pane === "lead" ? $("#next:not([hidden])")?.click() : move(1)),
    k: () => (read().pane === "lead" ? $("#previous:not([hidden])")?.click() : move(-1)),
    o: () => { if (read().pane === "list" && current) $("th a", document.getElementById(`row-${current}`))?.click(); },
    Enter: () => KEYS.o(),
    u: () => back(),
    Escape: () => back(),
    "[": () => $("#previous:not([hidden])")?.click(),
    "]": () => $("#next:not([hidden])")?.click(),
    f: () => { const id = read().pane === "lead" ? panes.lead.dataset.id : current; if (id) heart(id).catch(() => {}); },
    x: () => { const box = current && $(`#row-${CSS.escape(current)} [data-do='select']`); if (box) { box.checked = !box.checked; paintBulk(); } },
    a: () => onLead("accept"), d: () => onLead("decline"), w: () => onLead("win"), l: () => onLead("lose"), e: () => onLead("edit"),
    c: () => onLead("call"), n: () => onLead("note"),
    "/": () => { if (read().pane === "list") $("#filters [type='search']").focus(); else go(`${APP}leads${listQuery ? `?${listQuery}` : ""}`).then(() => $("#filters [type='search']").focus()); },
    "?": () => $("#keys").showModal(),
    g: () => { goes = Date.now(); },
  };
  function back() {
    const open = $("details.menu[open]");
    if (open) { open.open = false; return; }
    if (read().pane === "lead") go(`${APP}leads${listQuery ?? read().query ? `?${listQuery ?? read().query}` : ""}`).then(() => mark(current, { scroll: true }));
  }

  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.target.closest("form[data-form]")?.requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (inside && event.key === "Escape" && inside.type === "search") { inside.blur(); return; }
    const ticks = inside?.type === "checkbox" && !inside.closest("dialog");
    if ((inside && !ticks) || $("dialog[open]")) return;
    if (localStorage.getItem("keysOff")) return;
    if (Date.now() - goes < 1500 && goes) {
      goes = 0;
      const link = $(`[data-go="${CSS.escape(event.key)}"]`, $("#top"));
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    // Enter means what has the focus; where nothing that can be pressed has it, it means the row.
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    const found = KEYS[event.key];
    if (found) { event.preventDefault(); found(); }
  });

  /* -- start ------------------------------------------------------------------------------------------------------------- */

  (async () => {
    await window.signIn.start(config, (address) => new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = policy.createScriptURL(address);
      script.onload = done;
      script.onerror = () => failed(new Error(address));
      document.head.append(script);
    }));
    try { await window.signIn.token(false); } catch { await asked(""); }
    if (location.pathname.replace(/\/+$/, "") === APP.replace(/\/+$/, "")) history.replaceState({}, "", `${APP}leads${location.search}`);
    // The screen first: what people wait for are rows.
    const shown = show({ focus: false });
    const top = refreshTop();
    await Promise.allSettled([shown, top]);
  })();
})();
