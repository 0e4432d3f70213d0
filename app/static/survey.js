// The survey page with a script: questions come and go as they are answered, answers stay on this device until they
// are sent, and are sent later when there is no connection. Without it, the same page works through the server.
import { all, deliver, flush, forget, put, remove } from "./queue.js";
import { READ, every, find, holds, ticked, typed } from "./rules.js";

const data = JSON.parse(find("#data").textContent);
const { rules, words } = data;
const PATH = location.pathname;
const DRAFT = "soundings " + PATH;
const ADDRESS = location.href.split("#")[0];
const TITLE = document.title;
const start = find("#start"), startForm = find("#survey"), device = find("#device"), main = find("#main");
let pages = null, items = [], draft = null, at = "start", shownEntry = null, timer = 0, patience = 15;

// ------------------------------------------------------------ words
const fill = (key, ...values) =>
  words[key].replace(/\{(\w+)\}/g, (_, name) => (typeof values[0] === "object" ? values[0] : values)[name]);
const foreign = data.locale.split("-")[0].toLowerCase() !== data.own;
function wording(text) { // on a page in a language that we have no words in, they are marked as English
  if (!foreign) return text;
  const span = document.createElement("span");
  span.lang = data.own;
  span.dir = "ltr";
  span.textContent = text;
  return span;
}
const say = (node, key, ...values) => node.replaceChildren(wording(fill(key, ...values)));
function make(tag, name, key, ...values) {
  const node = document.createElement(tag);
  node.className = name;
  if (key) say(node, key, ...values);
  return node;
}
const copy = (id) => find(id).content.cloneNode(true).firstElementChild;

// ------------------------------------------------------------ answers and rules
// Show and hide by the rules; gives the answers of what is shown.
function survey() {
  const answers = {};
  for (const node of items) {
    const key = node.dataset.item, rule = rules[key]?.if;
    node.hidden = Boolean(rule) && !holds(rule, answers);
    const value = node.hidden ? null : READ[node.dataset.read](node);
    if (value !== null) answers[key] = value;
  }
  return answers;
}

function wrong(node, value) {
  const { minimum, maximum } = find("input, textarea", node).dataset, reads = node.dataset.read;
  if (value === null) return rules[node.dataset.item]?.required ? fill("required") : null;
  if (reads === "integer" || reads === "number") {
    if (typeof value !== "number") return fill("wrong_type_" + reads);
    if (minimum !== undefined && value < Number(minimum)) return fill("too_small", minimum);
    if (maximum !== undefined && value > Number(maximum)) return fill("too_large", maximum);
  }
  if (reads === "date") {
    const day = new Date(value + "T00:00:00Z");
    if (!/^\d{4}-\d\d-\d\d$/.test(value) || isNaN(day) || !day.toISOString().startsWith(value)) return fill("invalid_date");
  }
  if (reads === "text" && [...value].length > Number(maximum)) return fill("too_long", maximum);
  return null;
}

// ------------------------------------------------------------ the draft on this device
function keep() {
  if (!draft || !pages) return; // a timer may come after the form has gone
  const fields = {};
  for (const [name, value] of new FormData(pages)) (fields[name] ??= []).push(value);
  if (at !== "start") draft.at = at;
  Object.assign(draft, { fields, saved: new Date().toISOString() });
  try { localStorage.setItem(DRAFT, JSON.stringify(draft)); sessionStorage.setItem(DRAFT, "open"); } catch { /* full */ }
}
function kept(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}
function drop() {
  draft = null;
  try { localStorage.removeItem(DRAFT); sessionStorage.removeItem(DRAFT); } catch { /* none there */ }
}
function sweep() {
  try {
    for (const name of Object.keys(localStorage))
      if (name.startsWith("soundings ") && !(Date.parse(kept(name)?.closes) > Date.now())) localStorage.removeItem(name);
  } catch { /* no storage here */ }
}
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// ------------------------------------------------------------ the form
function build() {
  pages?.remove();
  pages = copy("#form");
  for (const node of every("[data-scale]", pages)) {
    const options = find(`[data-options="${node.dataset.scale}"]`).content.cloneNode(true);
    every("input", options).forEach((input, index) => {
      input.name = node.dataset.item;
      if (index === 0) input.id = "a-" + node.dataset.item;
    });
    node.append(options);
  }
  main.append(pages);
  items = every("[data-item]", pages);
  for (const [name, values] of Object.entries(draft.fields ?? {}))
    for (const input of every(`[name="${name}"]`, pages)) {
      if (input.matches("[type=radio], [type=checkbox]")) input.checked = values.includes(input.value);
      else input.value = values[0];
    }
  for (const node of items) tend(node);
  pages.addEventListener("input", onInput);
  pages.addEventListener("change", keep);
  pages.addEventListener("submit", (event) => {
    event.preventDefault();
    if (at !== "review") next();
    else if (event.submitter?.matches("[data-send]")) send();
  });
  find("[data-back]", pages).onclick = () => show(neighbor(-1));
  find("[data-discard]", pages).onclick = discard;
  survey();
}

// What hangs on one answer: the way to take it back, the room that is left.
function tend(node) {
  if (node.dataset.read === "one" || node.dataset.read === "boolean") {
    let button = find(".unpick", node);
    const offer = !rules[node.dataset.item]?.required && ticked(node).length > 0;
    if (offer && !button) {
      button = make("button", "link unpick", "clear_item");
      button.type = "button";
      button.onclick = () => {
        every(":checked", node).forEach((input) => { input.checked = false; });
        button.remove();
        find("input", node).focus();
        onInput({ target: find("input", node) });
        keep();
      };
      node.append(button);
    } else if (!offer) button?.remove();
  }
  if (node.dataset.read === "text") {
    const room = Number(find("textarea", node).dataset.maximum) - [...typed(node)].length;
    const note = find(".left", node) ?? node.appendChild(make("p", "left"));
    note.hidden = room > 200;
    say(note, "left", Math.max(room, 0));
  }
}

let typing = 0;
function onInput({ target }) {
  const node = target.closest("[data-item]");
  if (node.dataset.read === "many" && target.checked)
    for (const box of every("input", node)) if ((box.value === "") !== (target.value === "")) box.checked = false;
  tend(node);
  survey();
  if (node.matches(".wrong")) mark(node, wrong(node, READ[node.dataset.read](node)));
  clearTimeout(typing);
  typing = setTimeout(keep, 300);
}

function mark(node, message) {
  const single = node.matches("fieldset") ? node : find("input, textarea", node);
  const fault = find(".fault", node) ?? make("p", "fault");
  fault.id = "f-" + node.dataset.item;
  fault.replaceChildren(wording(message ?? ""));
  if (message) find(".options, input, textarea", node).before(fault);
  else fault.remove();
  node.classList.toggle("wrong", Boolean(message));
  const ids = (single.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== fault.id);
  if (message) ids.push(fault.id);
  if (ids.length) single.setAttribute("aria-describedby", ids.join(" "));
  else single.removeAttribute("aria-describedby");
  if (!single.matches("fieldset:not([role])")) single.toggleAttribute("aria-invalid", Boolean(message));
  if (single.hasAttribute("aria-invalid")) single.setAttribute("aria-invalid", "true");
}

// ------------------------------------------------------------ from screen to screen
const section = (step) => find(`[data-step="${step}"]`, pages);
const steps = () => every("[data-step]", pages).map((node) => node.dataset.step)
  .filter((step) => step === "review" || every("[data-item]", section(step)).some((node) => !node.hidden));
function neighbor(by) {
  const order = steps(), here = order.indexOf(String(at));
  return order[here + by] ?? (by < 0 ? "start" : "review");
}

function show(step, { push = true, focus = true } = {}) {
  if (step !== "start" && !steps().includes(String(step))) step = steps()[0];
  at = step;
  start.hidden = at !== "start";
  if (pages) pages.hidden = at === "start";
  let heading = find("h1", start);
  if (at !== "start") {
    for (const node of every("[data-step]", pages)) node.hidden = node.dataset.step !== at;
    heading = find("h1", section(at));
    const order = steps(), number = order.indexOf(at) + 1, total = order.length - 1, bar = find("progress", pages);
    bar.max = total + 1;
    bar.value = number;
    if (at === "review") say(find("[data-progress]", pages), "yes_step");
    else find("[data-progress]", pages).replaceChildren(make("span", "", "step", { number, total }));
    find("[data-next]", pages).hidden = at === "review";
    find("[data-send]", pages).hidden = at !== "review";
    if (at === "review") review();
    keep();
  }
  document.title = at === "start" ? TITLE : heading.textContent + " – " + TITLE;
  if (push) history.pushState({ at }, "");
  scrollTo(0, 0);
  if (focus) heading.focus({ preventScroll: true });
}

// Say what is wrong on a step; tells whether anything is.
function faulty(step) {
  const answers = survey(), box = find(".summary", section(step)), list = find("ul", box);
  list.replaceChildren();
  for (const node of every("[data-item]", section(step))) {
    const message = node.hidden ? null : wrong(node, answers[node.dataset.item] ?? null);
    mark(node, message);
    if (!message) continue;
    const link = make("a", "");
    link.href = "#a-" + node.dataset.item;
    link.append(find(".question", node).firstChild.textContent.trim() + " ", wording(message));
    link.onclick = (event) => { event.preventDefault(); const there = find("input, textarea", node); there.focus(); node.scrollIntoView(); };
    list.appendChild(document.createElement("li")).append(link);
  }
  box.hidden = !list.children.length;
  if (!box.hidden) say(find("h2", box), "faults");
  return !box.hidden;
}

function next() {
  if (faulty(at)) find(".summary", section(at)).focus();
  else show(neighbor(1));
}

function card(step, text) {
  const box = make("section", "answers"), over = make("div", "over"), title = make("h2", "");
  const change = make("button", "link", "change");
  title.textContent = text;
  title.id = "r-" + step;
  box.setAttribute("aria-labelledby", title.id);
  change.type = "button";
  change.setAttribute("aria-describedby", title.id);
  change.onclick = () => show(step);
  over.append(title, change);
  box.append(over);
  return box;
}

function review() {
  const answers = survey(), out = find("[data-review]", pages);
  out.replaceChildren();
  const school = find("#school");
  if (school) {
    const place = out.appendChild(card("start", "")).appendChild(make("p", ""));
    say(place.parentElement.querySelector("h2"), "school");
    place.textContent = school.selectedOptions[0].textContent;
  }
  for (const step of steps().filter((one) => one !== "review")) {
    const list = out.appendChild(card(step, find("h1", section(step)).textContent)).appendChild(make("dl", ""));
    for (const node of every("[data-item]", section(step)).filter((one) => !one.hidden)) {
      const line = make("div", ""), text = make("dt", ""), said = make("dd", "");
      text.textContent = find(".question", node).firstChild.textContent.trim();
      if (answers[node.dataset.item] === undefined) { say(said, "no_answer"); said.className = "empty"; }
      else said.textContent = every(":checked", node).map((box) => box.nextElementSibling.textContent).join(", ") || typed(node);
      line.append(text, said);
      list.append(line);
    }
  }
}

// ------------------------------------------------------------ the first screen
function complain(input, key) {
  const id = input.id + "-fault";
  find("#" + id)?.remove();
  input.closest(".item").classList.toggle("wrong", Boolean(key));
  input.toggleAttribute("aria-invalid", false);
  const ids = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (key) {
    const note = make("p", "fault", key);
    note.id = id;
    note.setAttribute("role", "alert");
    input.before(note);
    input.setAttribute("aria-invalid", "true");
    ids.push(id);
  }
  input.setAttribute("aria-describedby", ids.join(" "));
}

startForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const school = find("#school"), code = find("#code");
  const bad = [];
  if (school) complain(school, school.required && !school.value ? (bad.push(school), "need_school") : null);
  if (code) complain(code, !code.value.trim() ? (bad.push(code), "need_code") : null);
  if (bad.length) return bad[0].focus();
  draft ??= { id: uuid(), closes: data.closes, fields: {} };
  Object.assign(draft, { school: school?.value || null, code: code?.value.trim() || null });
  if (!pages) build();
  show(draft.at && draft.at !== "start" ? draft.at : steps()[0]);
});

function resume() {
  if (find("#school")) find("#school").value = draft.school ?? "";
  if (find("#code") && !find("#code").value) find("#code").value = draft.code ?? "";
  device.hidden = true;
  startForm.hidden = false;
  build();
}

function offer() {
  const card = copy("#resume");
  const day = new Date(draft.saved).toLocaleDateString(data.own, { dateStyle: "long" });
  say(find("[data-intro]", card), "draft_intro", day);
  find("[data-resume]", card).onclick = () => { resume(); show(draft.at); };
  find("[data-discard]", card).onclick = discard;
  device.replaceChildren(card);
  device.hidden = false;
  startForm.hidden = true;
}

// ------------------------------------------------------------ sending
async function send() {
  const bad = steps().find((step) => step !== "review" && faulty(step));
  if (bad !== undefined) { show(bad); return find(".summary", section(bad)).focus(); }
  if (shownEntry || !draft) return;
  const { id, school, code, closes } = draft;
  const body = { id, locale: data.locale, instrument: data.instrument, answers: survey() };
  if (school && school !== "none") body.school = school;
  if (code) body.access_code = code;
  keep();
  const entry = { id, path: PATH, url: ADDRESS, closes, state: "waiting", body: JSON.stringify(body), draft: { ...draft } };
  shownEntry = entry;
  await attempt(entry);
}

async function attempt(entry) {
  status(entry, "sending");
  try {
    await put(entry);
  } catch { // a browser without a database: the draft, if there is one, stays until the answers have arrived
    const outcome = (await deliver(entry)).entry;
    if (outcome.state === "sent") drop();
    return settle({ ...outcome, loose: !kept(DRAFT) });
  }
  drop();
  navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("outbox")).catch(() => {});
  await work();
}

// Try to send all that waits, and say what has become of the answers that this screen is about.
async function work() {
  clearTimeout(timer);
  let left = 0, wait = 0;
  try {
    ({ left, wait } = await flush());
    const entry = (await all()).find((one) => one.id === shownEntry?.id);
    if (entry) await settle(entry);
  } catch { /* nothing is kept here */ }
  if (left) {
    timer = setTimeout(work, 1000 * Math.max(patience, wait));
    patience = Math.min(patience * 2, 300);
  }
}

async function settle(entry) {
  shownEntry = entry;
  if (entry.state === "waiting") return status(entry, entry.loose ? "unsent" : "waiting");
  if (entry.state === "sent") {
    status(entry, "thanks");
    if (document.visibilityState === "visible" && !entry.later) await remove(entry.id).catch(() => {});
    return;
  }
  await remove(entry.id).catch(() => {});
  if (["wave-not-open", "response-conflict", "response-withdrawn"].includes(entry.problem)) {
    drop();
    return status(entry, "refused");
  }
  draft = { ...entry.draft }; // something that the person can mend
  shownEntry = null;
  find("#sent")?.remove();
  resume();
  if (entry.problem === "access-code-invalid" && find("#code")) {
    draft.at = "review";
    show("start");
    complain(find("#code"), "bad_code");
    find("#code").focus();
  } else {
    show("review");
    const box = find(".summary", section("review"));
    say(find("h2", box), "refused_other");
    box.hidden = false;
    box.focus();
  }
  keep();
}

function status(entry, what) {
  const was = find("#sent"), screen = copy("#done");
  const title = find("[data-title]", screen), intro = find("[data-intro]", screen);
  say(title, what);
  if (what === "thanks") say(intro, "thanks_intro");
  const unsent = what === "waiting" || what === "unsent";
  if (unsent) say(intro, what + "_intro", data.until);
  if (what === "refused") say(intro, words["refused_" + entry.problem] ? "refused_" + entry.problem : "refused_other");
  find("[data-receipt]", screen).hidden = what !== "thanks";
  find("[data-waiting]", screen).hidden = !unsent;
  find("[data-again]", screen).parentElement.hidden = what === "sending";
  if (entry.receipt) {
    find("[data-code]", screen).textContent = entry.receipt.code;
    find("[data-id]", screen).textContent = entry.receipt.id;
  }
  find("[data-close]", screen).hidden = what !== "thanks";
  const languages = find(".languages"); // another language is another page, and this one is shown once
  if (languages) languages.hidden = what === "thanks" && !entry.later;
  find("[data-forget]", screen).parentElement.hidden = !entry.later;
  find("[data-forget]", screen).onclick = async () => { await remove(entry.id); location.replace(ADDRESS); };
  find("[data-retry]", screen).onclick = () => attempt(entry);
  find("[data-discard]", screen).onclick = discard;
  find("[data-again]", screen).onclick = (event) => {
    event.preventDefault();
    if (entry.state === "sent") remove(entry.id).catch(() => {});
    shownEntry = null;
    screen.remove();
    startForm.reset();
    if (languages) languages.hidden = false;
    show("start");
  };
  pages?.remove();
  pages = null;
  start.hidden = true;
  if (was) was.replaceWith(screen);
  else main.append(screen);
  document.title = title.textContent + " – " + TITLE;
  scrollTo(0, 0);
  title.focus({ preventScroll: true });
}

// ------------------------------------------------------------ clearing
async function discard() {
  const dialog = document.body.appendChild(copy("#ask"));
  const sure = await new Promise((done) => {
    if (!dialog.showModal) return done(confirm(find("h2", dialog).textContent));
    find("[data-yes]", dialog).onclick = () => done(true);
    find("[data-no]", dialog).onclick = () => done(false);
    dialog.oncancel = () => done(false);
    dialog.showModal();
  });
  dialog.remove();
  if (!sure) return;
  clearTimeout(typing);
  drop();
  shownEntry = null;
  for (const entry of await all().catch(() => [])) if (entry.path === PATH) await remove(entry.id);
  pages?.remove();
  pages = null;
  find("#sent")?.remove();
  startForm.reset();
  startForm.hidden = false;
  const note = make("p", "", "discarded"), card = make("div", "device");
  note.setAttribute("role", "status");
  card.append(note);
  device.replaceChildren(card);
  device.hidden = false;
  show("start", { push: false });
}

// ------------------------------------------------------------ opening
async function open() {
  const code = find("#code"), given = location.hash.slice(1).replace(/^code=/, "");
  if (code && given && !document.getElementById(given)) {
    code.value = given.replace(/[^0-9A-Za-z-]/g, "");
    history.replaceState(null, "", ADDRESS);
  }
  for (const link of every("[data-language]"))
    link.addEventListener("click", () => { if (code?.value) link.hash = code.value; });
  sweep();
  draft = kept(DRAFT);
  let resumed = false;
  try { resumed = Boolean(draft && sessionStorage.getItem(DRAFT)); } catch { /* none */ }
  if (resumed) { resume(); show(draft.at, { push: false, focus: false }); } else if (draft) offer();
  addEventListener("popstate", ({ state }) => {
    if (pages) show(state?.at ?? "start", { push: false });
  });
  addEventListener("pagehide", () => { if (pages) keep(); });
  addEventListener("online", () => { patience = 15; work(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") work(); });
  performance.mark("ready");
  await forget(Date.now()).catch(() => {});
  await work();
  const waiting = (await all().catch(() => [])).find((entry) => entry.path === PATH);
  if (waiting && !draft) await settle({ ...waiting, later: true });
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", work);
  try {
    await navigator.serviceWorker.register(data.worker, { scope: data.scope, type: "module" });
    const cache = await caches.open("soundings-pages");
    const parts = every("link[href], script[src]").map((node) => node.href || node.src);
    await cache.addAll([ADDRESS, ...parts]);
    for (const { url } of await cache.keys()) if (url.includes("?v=") && !parts.includes(url)) await cache.delete(url);
  } catch { /* the page works without */ }
}

open();
