/* The workspace page: address ↔ screen, signed calls, forms, keys. No rule of the programme stands here (U2):
   screens come from /ui/, and what a person does goes to the JSON interface, whose answers are shown. */
"use strict";
(() => {
  const config = JSON.parse(document.getElementById("config").textContent);
  const { root } = config;
  const APP = `${root}/app/`;
  const UI = `${root}/ui/`;
  const TOP_EVERY = 30_000;
  const PROBE_EVERY = 5_000;
  // What time alone brings up changes no count, and is looked for seldom: it costs a look at every open lead.
  const BELL_EVERY = 300_000;
  const ANSWER_WITHIN = 60_000;
  const LIST_GOOD_FOR = 60_000;
  const BULK_MOST = 50;
  const TOGETHER = 4;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const panes = { list: $("#list"), lead: $("#lead"), other: $("#other") };
  const dialog = $("#dialog");
  // Times and numbers as the screens have them: English as most of the world writes it.
  const LOCALE = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /* What the header brings: counts, and whose page it is. The page's own sentences are in the shell. */
  let now = { counts: {}, partner: null, me: null, home: null };
  const say = (name, values = {}) => (config.texts[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");

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

  function toast(text, { bad = false, undo = null, undoText = say("undo") } = {}) {
    if (!text) return;
    const shown = make("p", { class: bad ? "toast bad" : "toast" }, text);
    if (undo) shown.append(make("button", { type: "button", click: () => { shown.remove(); undo(); } }, undoText));
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
    const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
    if (seconds > -45) return relative.format(Math.min(0, Math.round(seconds)), "second");
    if (seconds > -2700) return relative.format(Math.round(seconds / 60), "minute");
    if (seconds > -79_200) return relative.format(Math.round(seconds / 3600), "hour");
    return new Date(iso).toLocaleString(LOCALE, { dateStyle: "medium", timeStyle: "short" });
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

  /* Nobody knows what came of it: the connection went, or something on the way answered in our place. */
  class NoAnswer extends Error {}

  let signingIn = null;
  /* One question for all calls that found their token dead; each goes on by itself afterwards. */
  function renewed(why, fresh = true) {
    signingIn ??= (async () => {
      try {
        await window.signIn.token(fresh);
      } catch (problem) {
        // Only who has to sign in is asked to; a network that is away is no reason to leave the page.
        if (problem.name !== "SignInNeeded") throw new NoAnswer(problem.message);
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
        box.removeEventListener("close", reopened);
        box.close();
        const who = window.signIn.account();
        // Somebody else must not find the rows and drafts of whoever was here.
        if (signedInAs && who !== signedInAs) { forgetDrafts(); location.reload(); return; }
        signedInAs = who;
        done();
      };
      const clicked = (event) => { if (event.target.closest("[data-do='sign-in']")) sent(event); };
      // Browsers let a second Escape through.
      const reopened = () => box.showModal();
      box.addEventListener("submit", sent);
      box.addEventListener("click", clicked);
      box.addEventListener("close", reopened);
    });
  }
  let signedInAs = null;
  $("#sign-in").addEventListener("cancel", (event) => event.preventDefault());

  let shownAt = new Date();
  async function signed(url, options = {}) {
    const reads = !options.method || options.method === "GET";
    for (let attempt = 0; ; attempt++) {
      let token;
      try { token = await window.signIn.token(false); } catch { await renewed("", false); token = await window.signIn.token(false); }
      const headers = new Headers(options.headers);
      headers.set("Authorization", `Bearer ${token}`);
      let answer;
      try {
        const limit = AbortSignal.timeout(ANSWER_WITHIN);
        const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
        answer = await fetch(url, { ...options, headers, signal, cache: "no-store", credentials: "omit" });
      } catch (problem) {
        if (problem.name === "AbortError") throw problem;
        if (reads && attempt < 1) { await wait(300); continue; }
        offline();
        throw new NoAnswer(problem.message);
      }
      // An answer that was under way when the connection went says nothing of now.
      if (!$("#bar").hidden && navigator.onLine) { bar(""); toast(say("online")); }
      if (answer.status === 401 && attempt < 2) {
        answer.body?.cancel();
        // Another call may have renewed it while this one was on its way.
        if (await window.signIn.token(false).catch(() => token) === token) await renewed(say("expired"));
        continue;
      }
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
    // An error page of whatever stands between says nothing of what the interface has done.
    if (!is && answer.status >= 500) { answer.body?.cancel(); throw new NoAnswer(String(answer.status)); }
    let told = null;
    try { told = is ? await answer.json() : null; } catch (problem) { throw new NoAnswer(problem.message); }
    if (!answer.ok) throw new Refused(answer, told?.error);
    return { view: told, etag: answer.headers.get("etag"), status: answer.status };
  }

  /* The same below the partner's own path, which the header says. */
  async function ours(method, path, body, headers) {
    if (!now.partner) await refreshTop();
    if (!now.partner) throw new NoAnswer("no header");
    return call(method, `${root}/partners/${now.partner}${path}`, body, headers);
  }

  const why = (problem) => (problem instanceof Refused ? problem.said : problem instanceof NoAnswer ? say("noAnswer") : problem.message);
  const whyNotRead = (problem) => (problem instanceof NoAnswer ? say("notLoaded") : why(problem));
  const clock = (at) => at.toLocaleTimeString(LOCALE, { timeStyle: "short" });
  const offline = () => bar(say("offline", { when: clock(shownAt) }));

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
    const skeleton = setTimeout(() => { if (!keep && !pane.hidden) { pane.replaceChildren(); $("#loading").hidden = false; } }, 150);
    try {
      const answer = await signed(UI + path, { signal: control.signal });
      if (!(answer.headers.get("content-type") ?? "").includes("html")) throw new Refused(answer, null);
      const text = await answer.text();
      // The operator has no leads, which the header tells; it begins elsewhere.
      if (answer.status === 403 && now.me === null) await refreshTop().catch(() => {});
      if (control.signal.aborted || (now.home && pane !== panes.other)) return false;
      // A swap takes a moment longer than it shows, and what it has brought must not be cleared away.
      clearTimeout(skeleton);
      await htmx.swap({ text, target: pane, swap: "innerHTML", sourceElement: pane });
      // What was read before a heart was stored shows it all the same.
      for (const [id, state] of hearts) paintHeart(id, state.wanted);
      shownAt = new Date();
      return answer.ok;
    } catch (problem) {
      if (problem.name === "AbortError") return false;
      if (!keep || !pane.childElementCount) {
        const again = make("button", { type: "button", class: "main", "data-do": "reload" }, say("again"));
        pane.replaceChildren(make("div", { class: "message problem" }, make("p", {}, whyNotRead(problem)), make("p", { class: "buttons" }, again)));
      } else toast(whyNotRead(problem), { bad: true });
      return false;
    } finally {
      clearTimeout(skeleton);
      if (loads.get(pane) === control) {
        $("#loading").hidden = true;
        pane.removeAttribute("aria-busy");
        loads.delete(pane);
      }
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
  let listAt = 0;
  let listBegan = 0;
  let newAtList = null;
  let scrolled = 0;
  const without = (query, ...names) => {
    const left = new URLSearchParams(query);
    names.forEach((name) => left.delete(name));
    return left.toString();
  };
  const listHref = (query) => `${APP}leads${query ? `?${query}` : ""}`;

  /* Shows what the address names. Whoever goes on before it is there has left it: `turn` tells. */
  let turn = 0;
  let before = null;
  async function show({ focus = true, again = false } = {}) {
    const mine = ++turn;
    const left = () => mine !== turn;
    const wanted = read();
    // Who has no leads begins elsewhere.
    if (now.home && wanted.pane !== "other") { await go(APP + now.home, { replace: true, focus }); return; }
    const came = before;
    before = wanted;
    if (!panes.list.hidden && wanted.pane !== "list") scrolled = scrollY;
    for (const [name, pane] of Object.entries(panes)) {
      pane.hidden = name !== wanted.pane;
      // A list that is fetched behind a lead is wanted all the same.
      if (pane.hidden && name !== "list") loads.get(pane)?.abort();
    }
    $("#loading").hidden = true;
    placeMarks(wanted);
    if (dialog.open && !wanted.dialog && !dialog.dataset.stays) { isLeft = true; dialog.close(); }
    if (wanted.pane === "list") {
      if (listQuery === wanted.query && !again) { scrollTo(0, scrolled); mark(current); } else await loadList(wanted.query);
    } else if (wanted.pane === "lead") {
      await showLead(wanted, came, again, left);
    } else {
      const isSame = panes.other.dataset.screen === wanted.path;
      const ok = await load(panes.other, wanted.path, { keep: isSame });
      if (left()) return;
      panes.other.dataset.screen = ok ? wanted.path : "";
      started(panes.other, { focus: false });
      applySettings();
    }
    if (left()) return;
    title();
    if (focus && !dialog.open && !toPart(panes[wanted.pane])) $("h1", panes[wanted.pane])?.focus({ preventScroll: true });
  }

  /* Takes whoever follows a link to a part of a screen to what is filled in there; false where it names none. */
  function toPart(pane) {
    const part = location.hash && $(`#${CSS.escape(location.hash.slice(1))}`, pane);
    const field = part && ($("input:not([type='hidden']), select, textarea", part) ?? $("button", part));
    if (!field) return false;
    field.focus();
    return true;
  }

  async function showLead(wanted, came, again, left) {
    const query = without(wanted.query, "kind");
    const isHere = panes.lead.dataset.id === wanted.id;
    // Coming back from its dialog is no new look at it; coming from anywhere else is, since others work on it too.
    if (!isHere || again || came?.id !== wanted.id || came.pane !== "lead") {
      if (!isHere) delete panes.lead.dataset.id;
      const ok = await load(panes.lead, `leads/${wanted.id}?${query}`, { keep: isHere });
      if (left()) return;
      if (ok) panes.lead.dataset.id = wanted.id;
      started(panes.lead, { focus: false });
      if (!isHere) scrollTo(0, 0);
      if (ok) opened(wanted.id);
    }
    current = wanted.id;
    neighbours(query);
    if (wanted.dialog) await showDialog(wanted, left);
  }

  function placeMarks(wanted) {
    $$("[data-place]", $("#top")).forEach((link) => {
      if ((wanted.path ?? wanted.screen).startsWith(link.dataset.place)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
  }

  function title() {
    const wanted = read();
    const heading = $("h1", panes[wanted.pane])?.textContent.trim();
    const fresh = (now.counts.newMarketplace ?? 0) + (now.counts.newQualified ?? 0);
    document.title = `${fresh ? `(${fresh}) ` : ""}${heading ? `${heading} – ` : ""}Partner Leads`;
  }

  async function loadList(query) {
    // Filters that changed where they stand keep their form, with its open menu and the cursor in it.
    const own = $("#filters", panes.list);
    const inForm = own?.contains(document.activeElement) && own.dataset.query !== query ? document.activeElement : null;
    const named = (menu) => $("summary", menu).textContent.trim().replace(/\s*\d+$/, "");
    const open = inForm && $$("details[open]", own).map(named);
    const at = inForm && { name: inForm.name, value: inForm.value, start: inForm.selectionStart, type: inForm.type };
    listBegan = Date.now();
    newAtList = null;
    // What is new is counted from here.
    if (now.partner) refreshTop().catch(() => {});
    const ok = await load(panes.list, `leads?${query}`, { keep: listQuery !== null });
    // Where it did not come, the next one who wants it asks again.
    listQuery = ok ? query : null;
    if (!ok) return;
    listAt = Date.now();
    if (at) {
      $$("#filters details", panes.list).forEach((menu) => { if (open.includes(named(menu))) menu.open = true; });
      const again = $$("#filters [name]", panes.list).find((one) => one.name === at.name && (one.type !== "checkbox" || one.value === at.value));
      again?.focus();
      if (again && at.type === "search") { again.value = at.value; again.setSelectionRange(at.start, at.start); }
    } else scrollTo(0, 0);
    scrolled = 0;
    paintCounts();
    applySettings();
    mark($("tr[data-id]", panes.list)?.dataset.id ?? null);
  }

  function go(href, { replace = false, focus = true } = {}) {
    const url = new URL(href, location.href);
    const [from, to] = [read(), read(url.href)];
    // A dialog that stands on its own lead is left by going back.
    const state = { over: Boolean(to.dialog && from.id === to.id && from.pane === "lead" && !from.dialog) };
    const isHere = url.href === location.href;
    if (!isHere) history[replace ? "replaceState" : "pushState"](state, "", href);
    // A part of what is shown already is nothing to fetch.
    if (url.hash && to.path && to.path === panes.other.dataset.screen && from.path === to.path && toPart(panes.other)) return Promise.resolve();
    // The address that is shown already, chosen once more, is wanted fresh.
    return show({ focus, again: isHere });
  }

  addEventListener("popstate", () => show());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    refreshTop().catch(() => {});
    const wanted = read();
    const isOld = Date.now() - listAt > LIST_GOOD_FOR;
    // Whoever has gone on through the list keeps the place; at its top a fresh one is worth more.
    if (wanted.pane === "list" && isOld && scrollY < 200 && !selected().length && !$("#filters")?.contains(document.activeElement)) loadList(wanted.query);
    const isTyping = $("form[data-form]", panes.lead)?.contains(document.activeElement);
    if (wanted.pane === "lead" && !wanted.dialog && isOld && !isTyping) show({ focus: false, again: true });
  });

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
  let asking = null;
  /* One question at a time, whoever asks. */
  function refreshTop() {
    asking ??= askTop().finally(() => { asking = null; });
    return asking;
  }

  async function askTop() {
    const began = Date.now();
    const answer = await signed(`${UI}top`, { headers: topTag ? { "If-None-Match": topTag } : {} });
    // Counts that were asked for before the list say nothing of what is newer than it.
    const isNewer = began >= listBegan - 2_000;
    if (answer.status === 304) { answer.body?.cancel(); paintCounts(isNewer); if (Date.now() - rungAt > BELL_EVERY) bell(); return; }
    const text = await answer.text();
    if (!answer.ok) {
      // Who may not be here is told so in place of a screen; everything else is tried again.
      if (!now.partner && answer.status === 403) await htmx.swap({ text, target: panes.other, swap: "innerHTML", sourceElement: panes.other });
      return;
    }
    const isOpen = $("details[open]", $("#top")) || $("#top").contains(document.activeElement);
    if (!isOpen) {
      topTag = answer.headers.get("etag");
      const rung = $("#bell")?.textContent ?? "";
      await htmx.swap({ text, target: $("#top"), swap: "innerHTML", sourceElement: $("#top") });
      ring(rung);
    }
    const told = isOpen ? new DOMParser().parseFromString(policy.createHTML(text), "text/html").getElementById("now") : $("#now");
    now = JSON.parse(told.dataset.now);
    signedInAs ??= window.signIn.account();
    if (now.home && read().pane !== "other") show();
    paintCounts(isNewer);
    title();
    placeMarks(read());
    bell();
  }

  function paintCounts(isNewer = false) {
    const { counts } = now;
    const number = new Intl.NumberFormat(LOCALE);
    $$("[data-count]").forEach((place) => { place.textContent = counts[place.dataset.count] != null ? number.format(counts[place.dataset.count]) : ""; });
    $$("[data-quick]").forEach((place) => { place.textContent = counts[place.dataset.quick] ? number.format(counts[place.dataset.quick]) : ""; });
    for (const [tab, count] of [["marketplace", counts.newMarketplace], ["qualified", counts.newQualified]]) {
      $$(`[data-new="${tab}"]`).forEach((place) => { place.hidden = !count; place.textContent = count ?? ""; });
    }
    const all = (counts.newMarketplace ?? 0) + (counts.newQualified ?? 0);
    if (isNewer && (newAtList === null || all < newAtList)) newAtList = all;
    const fresh = $("#fresh");
    if (fresh) {
      const more = all - (newAtList ?? all);
      fresh.hidden = more <= 0;
      fresh.textContent = say(more === 1 ? "freshOne" : "fresh", { count: number.format(more) });
    }
  }

  setInterval(() => { if (!document.hidden) refreshTop().catch(() => {}); }, TOP_EVERY);
  // While something is away it is looked for more often: the header that never came, the connection that went.
  setInterval(() => { if (!document.hidden && (now.me === null || !$("#bar").hidden)) refreshTop().catch(() => {}); }, PROBE_EVERY);
  addEventListener("online", () => refreshTop().catch(() => {}));
  addEventListener("offline", offline);

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

  /* Where a lead stood that has left the list since: its neighbours then. */
  let leftList = null;
  async function neighbours(query) {
    if (listQuery === null && !loads.has(panes.list)) {
      // Somebody came by a link: the list is fetched behind, so that there is a next one.
      const ok = await load(panes.list, `leads?${query}`, { keep: true });
      if (!ok) { panes.list.replaceChildren(); return; }
      [listQuery, listAt] = [query, Date.now()];
      paintCounts();
      applySettings();
      if (read().pane !== "lead") return;
    }
    const ids = rows().map((row) => row.dataset.id);
    const id = panes.lead.dataset.id;
    const at = ids.indexOf(id);
    const gone = at < 0 && leftList?.id === id ? leftList : null;
    const more = $("tr.more button", panes.list);
    if ($("#place")) $("#place").textContent = at < 0 ? "" : say("place", { number: at + 1, count: `${ids.length}${more ? "+" : ""}` });
    const beside = gone ? [gone.previous, gone.next] : at < 0 ? [null, null] : [ids[at - 1], ids[at + 1]];
    for (const [name, other] of [["#previous", beside[0]], ["#next", beside[1]]]) {
      const link = $(name);
      if (!link) continue;
      link.hidden = !other;
      if (other) link.href = `${APP}leads/${other}${query ? `?${query}` : ""}`;
    }
    if (more && at === ids.length - 1 && at >= 0) {
      document.addEventListener("htmx:after:swap", () => { if (read().pane === "lead" && rows().length > ids.length) neighbours(query); }, { once: true });
      more.click();
    }
  }

  function opened(id) {
    const row = document.getElementById(`row-${id}`);
    if (!row?.classList.contains("new")) return;
    row.classList.remove("new");
    $(".dot", row)?.remove();
    refreshTop().catch(() => {});
  }

  async function refreshRow(id) {
    const row = document.getElementById(`row-${id}`);
    if (!row) return;
    const answer = await signed(`${UI}leads/${id}/row?${listQuery ?? ""}`);
    if (!answer.ok) { answer.body?.cancel(); return; }
    const checked = $("[data-do='select']", row).checked;
    await htmx.swap({ text: await answer.text(), target: row, swap: "outerHTML", sourceElement: row });
    const fresh = document.getElementById(`row-${id}`);
    if (!fresh) return;
    $("[data-do='select']", fresh).checked = checked;
    // What was answered leaves a list of those that wait; whoever works through it goes on with its next.
    const asked = new URLSearchParams(listQuery).get("status");
    if (asked && !asked.split(",").some((status) => fresh.classList.contains(status.trim()))) {
      const ids = rows().map((one) => one.dataset.id);
      const at = ids.indexOf(id);
      leftList = { id, previous: ids[at - 1] ?? null, next: ids[at + 1] ?? null };
      fresh.remove();
      if (current === id) current = leftList.next ?? leftList.previous;
    }
    mark(current);
    paintBulk();
  }

  async function recount() {
    const place = $("#count");
    if (!place || listQuery === null) return;
    const answer = await signed(`${UI}leads/count?${listQuery}`);
    if (answer.ok) place.textContent = (await answer.text()).trim(); else answer.body?.cancel();
  }

  async function refreshLead(id) {
    const query = without(read().query, "kind");
    await Promise.allSettled([refreshRow(id), refreshTop(), recount()]);
    if (panes.lead.dataset.id === id) {
      await load(panes.lead, `leads/${id}?${query}`, { keep: true });
      started(panes.lead, { focus: false });
      await neighbours(query);
    }
    if (read().pane === "lead" && panes.lead.dataset.id === id && !dialog.open) $("h1", panes.lead)?.focus({ preventScroll: true });
  }

  /* What was said of the lead, in the place of the form that said it. */
  async function refreshFeedback(id) {
    const answer = await signed(`${UI}leads/${id}/feedback`);
    const box = $(`.feedback[data-id="${CSS.escape(id)}"]`, panes.lead);
    if (!answer.ok || !box) { answer.body?.cancel(); return; }
    await htmx.swap({ text: await answer.text(), target: box, swap: "outerHTML", sourceElement: box });
    started(panes.lead, { focus: false });
    $("#feedback-title").focus({ preventScroll: true });
  }

  /* -- hearts: shown at once; only the last wish is sent, one call at a time ----------------------------------------- */

  const hearts = new Map();
  const HEART_KNOWN = 5000;
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
        await ours(sent ? "PUT" : "DELETE", `/leads/${id}/favorite`);
        state.stored = sent;
      }
      refreshTop().catch(() => {});
      setTimeout(() => { if (!state.busy) hearts.delete(id); }, HEART_KNOWN);
    } catch (problem) {
      hearts.delete(id);
      paintHeart(id, state.stored);
      toast(say("heartBack", { why: why(problem) }), { bad: true });
      throw problem;
    } finally {
      state.busy = false;
    }
  }

  /* -- dialogs and forms --------------------------------------------------------------------------------------------- */

  async function showDialog(wanted, left) {
    const kind = new URLSearchParams(wanted.query).get("kind");
    const path = `leads/${wanted.id}/${wanted.dialog}${kind ? `?kind=${encodeURIComponent(kind)}` : ""}`;
    dialog.replaceChildren();
    if (!dialog.open) dialog.showModal();
    await load(dialog, path, { keep: true });
    if (left()) return;
    closable();
    started(dialog);
  }

  /* A refusal that stands in the dialog can be put away, too. */
  function closable() {
    const problem = $(".problem", dialog);
    if (problem) problem.append(make("p", { class: "buttons" }, make("button", { type: "button", "data-do": "close" }, say("close"))));
  }

  function started(home, { focus = true } = {}) {
    for (const form of $$("form[data-form]", home)) {
      form.start = JSON.stringify(values(form));
      // A form about a lead is the same wherever it stands: on its page, also while a dialog is over it.
      form.draft = `draft:${form.dataset.id ?? location.pathname}:${form.dataset.form}:${form.elements.kind?.value ?? ""}`;
      restoreDraft(form);
      amountChanged(form);
      reasonChanged(form);
    }
    if (focus) (home.querySelector("[autofocus]") ?? $("input, textarea, button", home))?.focus();
  }

  const isBusy = () => Boolean($("form[data-busy]", dialog));
  async function closeDialog() {
    // What is being sent is waited for: nobody should leave in the belief that it was done.
    if (isBusy() || dialog.dataset.stays) return;
    const wanted = read();
    dialog.close();
    if (!wanted.dialog) { dialog.replaceChildren(); return; }
    if (history.state?.over) {
      const gone = new Promise((done) => addEventListener("popstate", done, { once: true }));
      history.back();
      await gone;
      return;
    }
    const query = without(wanted.query, "kind");
    history.replaceState({}, "", `${APP}leads/${wanted.id}${query ? `?${query}` : ""}`);
    await show({ focus: true });
  }
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); closeDialog(); });
  /* Browsers let a second Escape through: what has to stay comes back, unless somebody has gone on to elsewhere. */
  let isLeft = false;
  dialog.addEventListener("close", () => {
    if (!isLeft && (isBusy() || dialog.dataset.stays)) dialog.showModal();
    isLeft = false;
  });

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

  /* The items of a list that say something; the interface counts only these. */
  const filled = (list) => $$(".item", list).filter((item) => item.parentElement.closest("[data-list]") === list
    && $$("[data-name]", item).some((field) => field.value.trim()));

  function items(list) {
    return filled(list).map((item) => {
      const found = {};
      for (const field of $$("[data-name]", item)) {
        if (field.closest("[data-list]") === list && field.value.trim()) found[field.dataset.name] = field.value.trim();
      }
      for (const inner of $$("[data-list]", item)) found[inner.dataset.list] = items(inner);
      return found;
    });
  }

  function fieldOf(form, target) {
    const path = target.split(".");
    let place = form;
    while (path.length > 1) {
      const list = $(`[data-list="${CSS.escape(path[0])}"]`, place);
      if (!list) break;
      if (!/^\d+$/.test(path[1])) return $("button", list);
      place = filled(list)[Number(path[1])] ?? list;
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

  /* What was typed stays in the tab until it is sent or thrown away: with what it was typed over. */
  function keepDraft(form) {
    if (!form.draft) return;
    const typed = JSON.stringify(values(form));
    if (typed === form.start) sessionStorage.removeItem(form.draft);
    else sessionStorage.setItem(form.draft, JSON.stringify({ start: form.start, etag: form.dataset.etag ?? "", typed }));
  }
  const dropDraft = (form) => form.draft && sessionStorage.removeItem(form.draft);
  function forgetDrafts() {
    Object.keys(sessionStorage).filter((key) => /^(sent:)?draft:/.test(key)).forEach((key) => sessionStorage.removeItem(key));
  }
  function restoreDraft(form) {
    const kept = JSON.parse(sessionStorage.getItem(form.draft) ?? "null");
    if (!kept || kept.typed === form.start) return;
    const typed = JSON.parse(kept.typed);
    const moved = kept.start !== form.start;
    if (moved && form.dataset.form === "edit") {
      // Somebody has changed the deal since: sent as of then, so that both versions are compared.
      [form.start, form.dataset.etag] = [kept.start, kept.etag];
      fill(form, typed);
    } else if (moved) {
      // Only what was typed is put over what holds now; the rest is not for a draft to take back.
      const [was, mine, holds] = [JSON.parse(kept.start), typed, JSON.parse(form.start)];
      const changed = Object.keys({ ...was, ...mine }).filter((name) => JSON.stringify(was[name]) !== JSON.stringify(mine[name]));
      fill(form, { ...holds, ...Object.fromEntries(changed.map((name) => [name, mine[name]])) });
    } else fill(form, typed);
    $$("details", form).forEach((more) => { more.open = true; });
    const start = form.start;
    toast(say("draft"), { undo: () => { dropDraft(form); fill(form, JSON.parse(start)); reasonChanged(form); }, undoText: say("discard") });
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

  /* An amount as people write it, as the interface takes it; null where it could be two: 12.000 is twelve or twelve thousand. */
  function amountOf(text) {
    const bare = text.replace(/[\s\u00a0\u202f'’]/g, "");
    const marks = bare.match(/[.,]/g) ?? [];
    if (!/^[0-9.,]+$/.test(bare) || !marks.length) return bare;
    const last = marks.at(-1);
    const isOne = marks.length === 1;
    if (isOne && /[.,][0-9]{3}$/.test(bare)) return null;
    const isDecimal = isOne || marks.filter((sign) => sign === last).length === 1;
    const [whole, part] = isDecimal ? [bare.slice(0, bare.lastIndexOf(last)), bare.slice(bare.lastIndexOf(last) + 1)] : [bare, ""];
    return whole.replace(/[.,]/g, "") + (isDecimal ? `.${part}` : "");
  }
  function amountChanged(form) {
    const field = form.elements["value.amount"];
    if (!field) return;
    let said = $(".understood", form);
    if (!said) {
      said = make("span", { class: "understood quiet small", "aria-live": "polite" });
      field.closest("label").append(said);
    }
    const amount = field.value.trim() ? amountOf(field.value) : null;
    const currency = form.elements["value.currency"].value;
    const isRead = amount !== null && /^[0-9]+(\.[0-9]+)?$/.test(amount);
    said.textContent = isRead ? `= ${new Intl.NumberFormat(LOCALE, { style: "currency", currency }).format(amount)}` : "";
  }

  /* What is missing, before anything is sent: an edit that leaves a field empty would leave it as it was. */
  function missing(form, typed) {
    const found = [];
    for (const field of $$("[required]", form)) {
      const name = field.name;
      if (!name || found.some((detail) => detail.target === name)) continue;
      const isThere = field.type === "radio" ? Boolean(form.elements[name].value) : Boolean(field.value.trim());
      if (!isThere) found.push({ code: "required", target: name, message: say("required") });
    }
    if (typed.value?.amount) {
      const amount = amountOf(typed.value.amount);
      if (amount === null) found.push({ code: "invalidValue", target: "value.amount", message: say("amount") });
      else typed.value.amount = amount;
    }
    if ("purchaseDate" in form.elements && !typed.purchaseDate && !typed.purchaseTimeframe) found.push({ code: "required", target: "purchaseDate", message: say("requiredWhen") });
    if (isSeen(form, typed) && typed.again !== (typed.email ?? typed.phone ?? typed.leadId)) found.push({ code: "invalidValue", target: "again", message: say("notTheSame") });
    if (typed.reason === "other" && !typed.notes) found.push({ code: "required", target: "notes", message: say("required") });
    return found;
  }

  const clean = (value) => Object.fromEntries(Object.entries(value).filter(([, item]) => !(Array.isArray(item) && !item.length)));
  const FORMS = {
    accept: (form, typed) => ours("POST", `/leads/${form.dataset.id}/accept`, clean(typed)),
    edit: (form, typed) => ours("PATCH", `/leads/${form.dataset.id}`, patch(JSON.parse(form.start), typed), { "If-Match": form.dataset.etag }),
    decline: answered,
    win: answered,
    lose: answered,
    closeAsError: answered,
    feedback: (form, typed) => ours("POST", `/leads/${form.dataset.id}/feedback`, { ...typed, rating: Number(typed.rating) }),
    profile: (form, typed) => ours("PUT", "/profile", typed, { "If-Match": form.dataset.etag }),
    preferences: (form, typed) => ours("PUT", "/preferences", typed, { "If-Match": form.dataset.etag }),
    webhook: (_, typed) => ours("POST", "/webhooks", typed),
    erasure: (form, typed) => call("POST", `${root}/erasures${isSeen(form, typed) ? "" : "?dryRun=true"}`, { ...typed, again: undefined }),
  };
  /* What would go is looked at first; whoever names somebody else looks again. */
  const isSeen = (form, typed) => form.dataset.seen === JSON.stringify({ ...typed, again: undefined });
  function showFound(form, view) {
    form.dataset.seen = JSON.stringify({ ...values(form), again: undefined });
    for (const count of $$("[data-found-of]", form)) {
      const number = view.counts[count.dataset.foundOf];
      count.hidden = !number;
      $("dd", count).textContent = number.toLocaleString(LOCALE);
    }
    $("[data-nothing]", form).hidden = Object.values(view.counts).some(Boolean);
    $("[data-partly]", form).hidden = view.isComplete;
    for (const part of $$("[data-found], [data-erase]", form)) part.hidden = false;
    $("[data-look]", form).hidden = true;
    form.elements.again.focus();
  }
  function answered(form, typed) {
    return ours("POST", `/leads/${form.dataset.id}/${form.dataset.form}`, typed);
  }
  /* What differs, as a JSON merge patch: emptied fields are null. */
  function patch(old, fresh) {
    const found = {};
    for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
      if (JSON.stringify(old[name]) === JSON.stringify(fresh[name])) continue;
      found[name] = fresh[name] ?? null;
    }
    return found;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-form]");
    if (event.target.id === "filters") { event.preventDefault(); filter(); return; }
    if (event.target.dataset.asks) { event.preventDefault(); ask(event.target); return; }
    if (!form) return;
    event.preventDefault();
    send(form);
  });

  /* A form that asks for a screen is an address; what had the focus has it again in the form that comes. */
  async function ask(form) {
    const at = form.contains(document.activeElement) ? document.activeElement.name || "" : null;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
    await go(`${APP}${form.dataset.asks}?${query}`, { focus: false });
    if (at !== null) $(at ? `form[data-asks] [name="${CSS.escape(at)}"]` : "form[data-asks] button", panes.other)?.focus();
  }

  async function send(form) {
    if (form.dataset.busy) return;
    const typed = values(form);
    const faults = missing(form, typed);
    if (faults.length) { showFaults(form, "", faults); return; }
    if (form.dataset.form === "activity") { await logContact(form, typed); return; }
    busy(form, true);
    try {
      if (form.bulk) { await bulkDecline(form, typed); return; }
      const { view } = await FORMS[form.dataset.form](form, typed);
      dropDraft(form);
      clearFaults(form);
      busy(form, false);
      await sent(form, view);
    } catch (problem) {
      busy(form, false);
      await notSent(form, problem, typed);
    } finally {
      busy(form, false);
    }
  }

  function busy(form, is) {
    if (is) form.dataset.busy = "true"; else delete form.dataset.busy;
    form.toggleAttribute("aria-busy", is);
    $$("[type='submit'], [data-do='cancel'], [data-do='close']", form).forEach((button) => { button.disabled = is; });
  }

  const isShown = (form) => form.isConnected && !form.closest("[hidden], dialog:not([open])");
  async function sent(form, view) {
    const kind = form.dataset.form;
    if (kind === "webhook") {
      if (view.secret) await tellSecret(view.secret);
      await go(`${APP}webhooks/${view.id}`);
      return;
    }
    if (kind === "erasure") {
      if (view.isDryRun) showFound(form, view); else await go(`${APP}operator/erasures/${view.id}`);
      return;
    }
    if (kind === "profile" || kind === "preferences") {
      toast(say("saved"));
      if (isShown(form)) await show();
      return;
    }
    if (kind === "feedback") {
      toast(say(view.replaced ? "feedbackReplaced" : "feedbackGiven"));
      // It is stored, and that was said; where the place cannot be read now, the form stays in it.
      await refreshFeedback(form.dataset.id).catch((problem) => toast(whyNotRead(problem), { bad: true }));
      return;
    }
    if (isShown(form)) await closeDialog();
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
      dropDraft(form);
      return sent(form, {});
    }
    keepDraft(form);
    // Whoever has gone on is told where they are; the form waits with what was typed.
    if (!isShown(form)) return toast(say("failed", { why: why(problem) }), { bad: true });
    if (problem instanceof Refused && problem.status === 409 && ["invalidTransition", "leadExpired"].includes(problem.code)) return faster(form, problem);
    if (problem instanceof Refused && problem.status === 412 && form.dataset.form === "edit") {
      try { return await twoVersions(form, typed); } catch (again) { return showFaults(form, whyNotRead(again)); }
    }
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
      make("h2", {}, say("faster")),
      make("p", {}, text),
      words ? make("pre", { class: "said" }, words) : null,
      make("p", { class: "buttons" },
        make("button", { type: "button", class: "main", click: async () => { dropDraft(form); await closeDialog(); refreshLead(id); } }, say("showLead")),
        make("button", { type: "button", click: () => copy(words) }, say("copyTyped")),
        make("button", { type: "button", click: async () => {
          try {
            await ours("POST", `/leads/${id}/activities`, { kind: "note", text: words.slice(0, 8000) });
            dropDraft(form);
            await closeDialog();
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
    const { view: lead, etag } = await ours("GET", `/leads/${form.dataset.id}?peek=true`);
    // Only for the name of whoever it was.
    const events = await ours("GET", `/leads/${form.dataset.id}/history?top=5`).then((found) => found.view.value, () => []);
    const last = events.find((event) => event.type === "lead.updated");
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
      const label = (name === "team" ? $("[data-list='team'] > legend", form) : field?.closest("label"))?.childNodes[0]?.textContent.trim() ?? name;
      const pick = (value) => () => { merged[name] = value; fill(form, unflatten(merged)); };
      const box = make("fieldset", { class: "versions" }, make("legend", {}, label),
        make("label", { class: "check" }, make("input", { type: "radio", name: `pick.${name}`, checked: true, change: pick(my) }), ` ${say("mine")}: ${shownAs(name, my)}`),
        make("label", { class: "check" }, make("input", { type: "radio", name: `pick.${name}`, change: pick(their) }), ` ${who}: ${shownAs(name, their)}`));
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
  const shownAs = (name, text) => (name === "team" && text ? JSON.parse(text).map((member) => Object.values(member).join(" · ")).join(", ") : text) || "–";
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
  async function logContact(form, typed) {
    const id = form.dataset.id;
    const label = $("input[name='kind']:checked", form)?.closest("label").textContent.trim() ?? "";
    const line = make("li", { class: `happened ${typed.kind} waiting` }, make("span", { class: "bead" }), make("div", {}, make("p", {}, label), typed.text ? make("p", { class: "said" }, typed.text) : null));
    keepDraft(form);
    const key = form.draft;
    // What is sent once more, because no answer came, is the same contact.
    const typedText = JSON.stringify(typed);
    const earlier = JSON.parse(sessionStorage.getItem(`sent:${key}`) ?? "null");
    const once = earlier?.typed === typedText ? earlier.once : crypto.randomUUID();
    sessionStorage.setItem(`sent:${key}`, JSON.stringify({ typed: typedText, once }));
    await closeDialog();
    $("#timeline")?.prepend(line);
    try {
      await ours("POST", `/leads/${id}/activities`, typed, { "Idempotency-Key": once });
      sessionStorage.removeItem(key);
      sessionStorage.removeItem(`sent:${key}`);
      toast(say("logged"));
      await refreshLead(id);
    } catch (problem) {
      line.remove();
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

  /* Shown once: only who says that it is stored puts it away, and it does not stay in the document. */
  function tellSecret(secret) {
    return new Promise((done) => {
      const stored = () => {
        delete dialog.dataset.stays;
        dialog.close();
        dialog.replaceChildren();
        done();
      };
      dialog.replaceChildren(make("h2", { id: "dialog-title" }, say("secretOnce")), make("p", {}, make("code", { class: "secret" }, secret)),
        make("p", { class: "buttons" }, make("button", { type: "button", click: () => copy(secret) }, say("copySecret")), make("button", { type: "button", class: "main", click: stored }, say("stored"))));
      dialog.dataset.stays = "true";
      if (!dialog.open) dialog.showModal();
    });
  }

  const selected = () => $$("[data-do='select']:checked", panes.list).map((box) => box.closest("tr").dataset.id);
  function paintBulk() {
    if (!$("#bulk")) return;
    const count = selected().length;
    $("#bulk").hidden = !count;
    $("[data-selected]").textContent = say("selected", { count });
    rows().forEach((row) => { const box = $("[data-do='select']", row); box.disabled = !box.checked && count >= BULK_MOST; });
  }

  /* Four at a time; each has a result of its own. */
  async function together(ids, one, tell = () => {}) {
    const waiting = [...ids];
    let done = 0;
    const work = async () => {
      for (let id = waiting.shift(); id; id = waiting.shift()) { await one(id); tell(++done); }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
  }

  async function bulk(ids, one) {
    if (!ids.length) return;
    const named = (id) => document.getElementById(`row-${id}`)?.querySelector("th a [hx-ignore]")?.textContent.trim() ?? id;
    const names = new Map(ids.map((id) => [id, named(id)]));
    const results = new Map();
    await together(ids, async (id) => {
      try { await one(id); results.set(id, null); } catch (problem) { results.set(id, why(problem)); }
      document.getElementById(`row-${id}`)?.classList.add(results.get(id) ? "failed" : "done");
    }, (done) => { $("[data-selected]").textContent = say("place", { number: done, count: ids.length }); });
    const failed = [...results.values()].filter(Boolean).length;
    const summary = say("bulkDone", { done: results.size - failed, failed });
    const list = make("ul", { class: "plain" }, ...ids.map((id) =>
      make("li", { class: results.get(id) ? "fault" : "" }, `${results.get(id) ? "✕" : "✓"} ${names.get(id)}${results.get(id) ? `: ${results.get(id)}` : ""}`)));
    // Whoever has opened something else meanwhile keeps it.
    if (dialog.open && !$("form", dialog)?.bulk) toast(summary);
    else {
      dialog.replaceChildren(make("h2", { id: "dialog-title" }, summary), list,
        make("p", { class: "buttons end" }, make("button", { type: "button", class: "main", "data-do": "close", autofocus: true }, say("close"))));
      if (!dialog.open) dialog.showModal();
      $("button", dialog).focus();
    }
    await together(ids, (id) => refreshRow(id).catch(() => {}));
    await Promise.allSettled([refreshTop(), recount()]);
    paintBulk();
  }

  async function bulkDecline(form, typed) {
    const ids = form.bulk;
    await bulk(ids, (id) => ours("POST", `/leads/${id}/decline`, typed));
  }

  /* The view as the interface takes it: without names that are not ours, days as the partner's own. */
  function exported(ids) {
    const shownQuery = $("#results", panes.list)?.dataset.export ?? $("#results", panes.list)?.dataset.query ?? "";
    const filter = ids ? { id: ids } : Object.fromEntries(new URLSearchParams(shownQuery));
    const { orderBy } = filter;
    delete filter.orderBy;
    return ours("POST", "/exports", { filter, ...(orderBy ? { orderBy } : {}), headings: "labels" });
  }

  /* A file of the interface, which a link could not ask for: it has no token. */
  async function download(path, name) {
    if (!now.partner) await refreshTop();
    const answer = await signed(`${root}/partners/${now.partner}${path}`);
    if (!answer.ok) throw new Refused(answer, (await answer.json().catch(() => null))?.error);
    const href = URL.createObjectURL(await answer.blob());
    make("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  }

  const notice = (button) => button.closest("[data-notice]");
  async function dismiss(ids, list) {
    list.forEach((item) => { item.hidden = true; });
    // Whoever works through them goes on with the next, then with those before; the heading is the end.
    const left = $$("[data-notice]:not([hidden]):not(.dismissed)", panes.other);
    const next = left.find((item) => list.at(-1).compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING) ?? left.at(-1);
    ((next && $("[data-do='dismiss']", next)) ?? $("h1", panes.other))?.focus();
    try {
      await ours("POST", `/notifications/dismiss`, { ids });
      bell();
      toast(say("dismissed"), { undo: async () => {
        try {
          await ours("POST", `/notifications/restore`, { ids });
          list.forEach((item) => { item.hidden = false; });
          bell();
        } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
      } });
    } catch (problem) {
      list.forEach((item) => { item.hidden = false; });
      toast(say("dismissBack", { why: why(problem) }), { bad: true });
    }
  }
  function ring(text) {
    const place = $("#bell");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }
  let rungAt = 0;
  async function bell() {
    rungAt = Date.now();
    if (!now.partner) return;
    const answer = await signed(`${UI}bell`).catch(() => null);
    if (!answer?.ok) { answer?.body?.cancel(); return; }
    ring((await answer.text()).trim());
  }

  const hook = (button) => `/webhooks/${button.closest("[data-hook]").dataset.hook}`;
  const DO = {
    reload: () => { refreshTop().catch(() => {}); return show({ again: true }); },
    back: () => {},
    close: (button) => { const box = button.closest("dialog"); if (box === dialog) closeDialog(); else box.close(); },
    cancel: (button) => { dropDraft(button.closest("form")); closeDialog(); },
    "filters-done": (button) => { button.closest(".filters").querySelector(".narrow-filters").open = false; $("h1", panes.list)?.focus(); },
    keys: () => $("#keys").showModal(),
    "sign-in": () => {},
    "sign-out": () => window.signIn.signOut(),
    heart: (button) => heart(button.dataset.id).catch(() => {}),
    copy: (button) => copy(button.dataset.text),
    "copy-link": () => copy(location.href),
    print: () => print(),
    download: async (button) => {
      button.disabled = true;
      try { await download(button.dataset.path, button.dataset.name); } catch (problem) { toast(say("failed", { why: whyNotRead(problem) }), { bad: true }); } finally { button.disabled = false; }
    },
    // New ones stand first in the newest order, without filters that would hide them.
    fresh: () => { const tab = new URLSearchParams(listQuery).get("tab"); return go(listHref(tab ? `tab=${tab}` : "")); },
    "select-all": (box) => { rows().slice(0, BULK_MOST).forEach((row) => { $("[data-do='select']", row).checked = box.checked; }); paintBulk(); },
    select: () => paintBulk(),
    "bulk-none": () => { $$("[data-do='select'], [data-do='select-all']", panes.list).forEach((box) => { box.checked = false; }); paintBulk(); },
    "bulk-heart": () => bulk(selected(), (id) => heart(id, true)),
    "bulk-decline": async () => {
      const ids = selected();
      if (!ids.length) return;
      dialog.replaceChildren();
      dialog.showModal();
      // The form of one that can be declined; those that cannot have their result like all. Rows may be older than that.
      const waits = ids.filter((id) => document.getElementById(`row-${id}`)?.classList.contains("received"));
      for (const id of waits.length ? waits.slice(0, TOGETHER) : ids.slice(0, 1)) {
        if (!dialog.open || await load(dialog, `leads/${id}/decline`, { keep: true })) break;
      }
      closable();
      const form = $("form", dialog);
      if (!form) return;
      form.bulk = ids;
      $("h2", form).textContent = say("bulkReason", { count: ids.length });
      $("input", form)?.focus();
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
    "export-cancel": (button) => change(button, "POST", `/exports/${button.closest("[data-export]").dataset.export}/cancel`),
    "export-link": (button) => change(button, "POST", `/exports/${button.closest("[data-export]").dataset.export}/link`),
    dismiss: (button) => dismiss([notice(button).dataset.notice], [notice(button)]),
    "dismiss-all": () => { const list = $$("[data-notice]:not(.dismissed):not([hidden])").slice(0, 200); if (list.length) dismiss(list.map((item) => item.dataset.notice), list); },
    restore: (button) => change(button, "POST", `/notifications/${notice(button).dataset.notice}/restore`).then(bell),
    unmute: (button) => change(button, "POST", `/preferences/unmute`, { address: button.closest("[data-address]").dataset.address }),
    another: (button) => { const item = another(button.closest("[data-list]")); $("input", item).focus(); keepDraft(button.closest("form")); },
    less: (button) => {
      const [form, list] = [button.closest("form"), button.closest("[data-list]")];
      button.closest(".item").remove();
      const more = $(":scope > [data-do='another']", list);
      more.disabled = false;
      more.focus();
      keepDraft(form);
    },
    "hook-test": (button) => change(button, "POST", `${hook(button)}/test`, undefined, say("tested")),
    "hook-enable": (button) => change(button, "POST", `${hook(button)}/enable`),
    "hook-rotate": async (button) => {
      if (!isSure(button, say("rotateHook"))) return;
      try { const { view } = await ours("POST", `${hook(button)}/rotate`); await tellSecret(view.secret); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
    },
    "hook-resend": (button) => change(button, "POST", `${hook(button)}/deliveries/${button.closest("[data-delivery]").dataset.delivery}/resend`, undefined, say("resent")),
    "hook-resend-all": (button) => change(button, "POST", `${hook(button)}/deliveries/resend`, undefined, say("resent")),
    "hook-delete": async (button) => {
      if (!isSure(button, say("deleteHook"))) return;
      try { await ours("DELETE", hook(button)); toast(say("deleted")); await go(`${APP}webhooks`); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); }
    },
  };

  /* What cannot be taken back is asked about: the same button once more, within some seconds. */
  function isSure(button, question) {
    if (button.dataset.sure) return true;
    const text = button.textContent;
    button.dataset.sure = "true";
    button.textContent = say("sure");
    toast(question);
    setTimeout(() => { delete button.dataset.sure; button.textContent = text; }, 6_000);
    return false;
  }

  async function change(button, method, path, body, text) {
    button.disabled = true;
    try { await ours(method, path, body); toast(text ?? say("saved")); await show({ focus: false }); } catch (problem) { toast(say("failed", { why: why(problem) }), { bad: true }); } finally { button.disabled = false; }
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
    // A day is typed part by part, and is asked for with the button.
    if (field.form?.dataset.asks && field.tagName === "SELECT") ask(field.form);
    const form = field.closest("form[data-form]");
    if (form) { reasonChanged(form); amountChanged(form); keepDraft(form); }
  });

  let typing = null;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.closest("#filters") && field.type === "search") { clearTimeout(typing); typing = setTimeout(() => filter({ replace: true }), 350); }
    const form = field.closest("form[data-form]");
    if (form) { amountChanged(form); keepDraft(form); }
  });

  function filter({ replace = false } = {}) {
    clearTimeout(typing);
    const form = $("#filters");
    const query = new URLSearchParams(listQuery);
    for (const name of new Set([...form.elements].map((field) => field.name).filter(Boolean))) {
      // A time that is no day stands in no field of days, and holds until a day is chosen or its chip is taken away.
      const given = [...form.elements].filter((field) => field.name === name && (field.type !== "checkbox" || field.checked))
        .map((field) => field.value.trim() || (field.type === "date" && field.defaultValue.includes("T") ? field.defaultValue : "")).filter(Boolean);
      if (given.length) query.set(name, given.join(",")); else query.delete(name);
    }
    return go(listHref(query.toString()), { replace, focus: false });
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
  const rowLink = () => current && $("th a", document.getElementById(`row-${current}`) ?? document.createElement("p"));
  async function onRow(name) {
    const link = rowLink();
    if (!link) return;
    cameFromList = true;
    await go(link.href);
    action(name);
  }
  const toSearch = () => $("#filters [type='search']", panes.list)?.focus();
  const ANYWHERE = {
    "?": () => $("#keys").showModal(),
    "/": () => (read().pane === "list" ? toSearch() : go(listHref(listQuery ?? "")).then(toSearch)),
    g: () => { goes = Date.now(); },
    Escape: () => back(),
  };
  const ACTIONS = { a: "accept", d: "decline", w: "win", l: "lose", e: "edit", c: "call", n: "note" };
  /* What a key means depends on what is seen: nothing acts on a lead that is not. */
  const KEYS = {
    list: {
      j: () => move(1),
      k: () => move(-1),
      o: () => rowLink()?.click(),
      Enter: () => rowLink()?.click(),
      f: () => current && heart(current).catch(() => {}),
      x: () => { const box = current && $(`#row-${CSS.escape(current)} [data-do='select']`); if (box && !box.disabled) { box.checked = !box.checked; paintBulk(); } },
      ...Object.fromEntries(Object.entries(ACTIONS).map(([key, name]) => [key, () => onRow(name)])),
    },
    lead: {
      j: () => $("#next:not([hidden])")?.click(),
      k: () => $("#previous:not([hidden])")?.click(),
      "]": () => $("#next:not([hidden])")?.click(),
      "[": () => $("#previous:not([hidden])")?.click(),
      u: () => back(),
      f: () => panes.lead.dataset.id && heart(panes.lead.dataset.id).catch(() => {}),
      ...Object.fromEntries(Object.entries(ACTIONS).map(([key, name]) => [key, () => action(name)])),
    },
    other: {},
  };
  function back() {
    const open = $("details.menu[open]");
    if (open) { open.open = false; $("summary", open).focus(); return; }
    if (read().pane === "lead") go(listHref(listQuery ?? without(read().query, "kind"))).then(() => mark(current, { scroll: true }));
  }

  document.addEventListener("keydown", (event) => {
    const inside = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form[data-form]");
      // Browsers may take the same key for a submission of their own.
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (inside && event.key === "Escape" && inside.type === "search") { inside.blur(); return; }
    // A row's box is a place like any other of the row; other boxes are fields.
    const ticks = inside?.type === "checkbox" && inside.closest("tr[data-id]");
    const leavesMenu = event.key === "Escape" && event.target.closest("details.menu");
    if ((inside && !ticks && !leavesMenu) || $("dialog[open]")) return;
    if (localStorage.getItem("keysOff")) return;
    if (Date.now() - goes < 1500 && goes) {
      goes = 0;
      const link = $(`[data-go="${CSS.escape(event.key)}"]`, $("#top"));
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    // Enter means what has the focus; where nothing that can be pressed has it, it means the row.
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    const found = KEYS[read().pane][event.key] ?? ANYWHERE[event.key];
    if (found) { event.preventDefault(); found(); }
  });

  /* -- start ------------------------------------------------------------------------------------------------------------- */

  const loadScript = (address) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = policy.createScriptURL(address);
    script.onload = done;
    script.onerror = () => failed(new Error(address));
    document.head.append(script);
  });

  (async () => {
    try { await window.signIn.start(config, loadScript); } catch (problem) {
      // The sign-in could not begin, or refused: without words nobody would know what to do.
      panes.other.hidden = false;
      panes.other.replaceChildren(make("div", { class: "message problem" }, make("h1", {}, say("signIn")), make("p", {}, say("noSignIn", { why: problem.message })),
        make("p", { class: "buttons" }, make("button", { type: "button", class: "main", click: () => location.assign(location.pathname + location.search) }, say("again")))));
      return;
    }
    try { await window.signIn.token(false); } catch { await renewed("", false).catch(() => {}); }
    signedInAs = window.signIn.account();
    if (location.pathname.replace(/\/+$/, "") === APP.replace(/\/+$/, "")) history.replaceState({}, "", `${APP}leads${location.search}`);
    // The screen first: what people wait for are rows.
    const shown = show({ focus: false });
    await Promise.allSettled([shown, refreshTop()]);
  })();
})();
