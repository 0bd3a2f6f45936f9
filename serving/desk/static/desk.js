// Keys for the desk. Every page works without this file: keys press what a hand could press.
"use strict";

const page = document.documentElement;
page.classList.add("js");

const keysOff = "rapport-single-keys-off"; // kept in this browser alone
const dialog = document.getElementById("keys");
const answer = document.getElementById("answer");

const singleKeys = {
  get on() {
    try { return localStorage.getItem(keysOff) === null; } catch { return true; }
  },
  set on(on) {
    try { on ? localStorage.removeItem(keysOff) : localStorage.setItem(keysOff, "yes"); } catch { /* as it is */ }
    page.classList.toggle("keyless", !on);
  },
};

const byKey = new Map();
for (const input of document.querySelectorAll("input[data-key]")) byKey.set(input.dataset.key, () => choose(input));
// Of several forms for one key the last is nearest to the case in sight.
for (const form of document.querySelectorAll("form[data-press]")) byKey.set(form.dataset.press, () => form.requestSubmit());
if (answer) byKey.set("Enter", () => answer.requestSubmit());
if (dialog) byKey.set("?", () => dialog.showModal());

function choose(input) {
  // It is not given the focus: an arrow that is meant to scroll would then change the verdict.
  input.checked = input.type === "radio" || !input.checked;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  say(`${input.closest("label").querySelector(".word, span").textContent}${input.checked ? "" : ", no"}`);
}

const voice = document.createElement("p"); // for those who hear the page
voice.className = "sr";
voice.setAttribute("role", "status");
document.body.append(voice);
function say(words) { voice.textContent = words; }

function isWriting(target) {
  return target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.defaultPrevented || event.isComposing || event.altKey || dialog?.open) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && answer) {
    event.preventDefault();
    answer.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.repeat || isWriting(target)) return;
  // Enter on a link, a button or a summary means that one.
  if (event.key === "Enter" && target.matches("a, button, summary")) return;
  const press = byKey.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
  if (!press || (event.key !== "Enter" && event.key !== "?" && !singleKeys.on)) return;
  event.preventDefault();
  press();
});

// One press, one answer.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => { // also when the browser comes back to this page
  for (const form of document.forms) delete form.dataset.sent;
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
const switcher = document.getElementById("single-keys");
if (switcher) {
  switcher.checked = singleKeys.on;
  switcher.addEventListener("change", () => { singleKeys.on = switcher.checked; });
}
page.classList.toggle("keyless", !singleKeys.on);

// A filter that is chosen is meant; without this file the button beside it asks for it.
for (const select of document.querySelectorAll("form[data-at-once] select")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
