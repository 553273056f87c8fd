// What is known about the text besides its words: language, outlet, headline, day, address. It belongs to one text: what a
// file or an address said, and what was typed for a text that was assessed, goes when another text takes its place.
import { byId } from './dom.js';

const FIELDS = { language: 'language', outlet: 'outlet', title: 'headline', published: 'published' };
const inputs = Object.values(FIELDS).map(byId);

// The text the fields belong to, where it was read, and what the reader should know about it.
let base = null;
let source = '';
let notes = [];

// What is typed now is for the text that is there now, or for the next one.
for (const input of inputs) {
  for (const kind of ['input', 'change']) input.addEventListener(kind, () => delete input.dataset.bound);
}

// Whether one text is the other one edited: most of the shorter one still stands at its beginning and end, or it is a part.
function isSame(a, b) {
  const least = Math.min(a.length, b.length);
  if (least === 0) return false;
  let same = 0;
  while (same < least && a[same] === b[same]) same += 1;
  let end = 0;
  while (end < least - same && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return same + end >= least / 2 || (least >= 20 && (a.includes(b) || b.includes(a)));
}

function forget() {
  for (const input of inputs.filter((i) => i.dataset.bound)) {
    input.value = '';
    delete input.dataset.bound;
  }
  base = null;
  source = '';
  notes = [];
}

// Another text is there now, or the same one edited.
export function changed(text) {
  if (base !== null && !isSame(base, text)) forget();
}

// From now on the fields belong to this text.
export function bind(text) {
  base = text;
  for (const input of inputs) {
    if (input.value) input.dataset.bound = 'true';
  }
}

// A text with what a file or an address says about it. What was typed for it stays.
export function read(found) {
  forget();
  for (const [name, id] of Object.entries(FIELDS)) {
    const input = byId(id);
    const value = found[name] ?? '';
    const isKnown = name !== 'language' || [...input.options].some((o) => o.value === value);
    if (!value || input.value || !isKnown) continue;
    input.value = value;
    input.dataset.bound = 'true';
  }
  base = found.text;
  source = found.url ?? '';
  notes = found.warnings ?? [];
}

export function clear() {
  for (const input of inputs) {
    input.value = '';
    delete input.dataset.bound;
  }
  forget();
}

// All of it, and back again.
export function keep() {
  return { base, source, notes, inputs: inputs.map((i) => ({ value: i.value, bound: i.dataset.bound })) };
}

export function restore(kept) {
  ({ base, source, notes } = kept);
  inputs.forEach((input, i) => {
    input.value = kept.inputs[i].value;
    if (kept.inputs[i].bound) input.dataset.bound = 'true';
    if (input.value) input.closest('details').open = true;
  });
}

export function details() {
  const value = (name) => byId(FIELDS[name]).value.trim();
  return { language: value('language'), outlet: value('outlet'), title: value('title'), published: value('published'), url: source, notes };
}
