// The text with its evidence marked: intensity by contribution, weights on hover, tap or focus, arrows from passage to
// passage. Only the passages are elements; a long text is shown around them.
import { el } from './dom.js';
import { t } from './say.js';
import { decided } from './outcome.js';

// Characters shown without asking, and around a passage of a longer text.
const WHOLE = 60_000;
const AROUND = 700;

// All passages of an answer, in the order of the text; one sentence may speak for several narratives.
export function passages(answer, selected) {
  const found = new Map();
  const add = (id, name, kind, evidence) => {
    for (const passage of evidence ?? []) {
      const key = `${passage.start}-${passage.end}`;
      if (!found.has(key)) found.set(key, { start: passage.start, end: passage.end, speaks: [] });
      found.get(key).speaks.push({ id, name, kind, contribution: passage.contribution, terms: passage.terms });
    }
  };
  if (selected === 'stance') {
    add('stance', t('stance'), 'stance', answer.stance?.evidence);
  } else {
    // Without a choice, what was decided speaks; a parent repeats its child.
    const speakers = selected ? answer.narratives.filter((n) => n.id === selected) : decided(answer);
    for (const n of speakers) add(n.id, n.name, n.decision, n.evidence);
  }
  return [...found.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}

// Pieces of a passage: words with the greatest share any narrative gives them, and the text between.
function pieces(text, passage, at, strongest) {
  const weights = new Map();
  for (const speaker of passage.speaks) {
    for (const term of speaker.terms) {
      const key = `${term.start}-${term.end}`;
      const share = term.contribution / strongest.get(speaker.id);
      const before = weights.get(key);
      if (!before || before.share < share) weights.set(key, { start: term.start, end: term.end, share });
    }
  }
  const out = [];
  let last = at(passage.start);
  for (const word of [...weights.values()].sort((a, b) => a.start - b.start)) {
    const from = at(word.start);
    const to = at(word.end);
    if (from < last || to > at(passage.end)) continue;
    if (from > last) out.push(text.slice(last, from));
    const level = Math.min(5, Math.max(1, Math.ceil(word.share * 5)));
    out.push(el('span', { class: `word w${level}` }, text.slice(from, to)));
    last = to;
  }
  out.push(text.slice(last, at(passage.end)));
  return out;
}

// Draws the text into `place`; gives a function that goes to a passage by number.
export function draw(place, text, found, at, options = {}) {
  const strongest = new Map();
  for (const { speaks } of found) {
    for (const speaker of speaks) {
      const most = Math.max(1e-9, ...speaker.terms.map((term) => term.contribution));
      strongest.set(speaker.id, Math.max(strongest.get(speaker.id) ?? 0, most));
    }
  }
  const whole = options.whole || text.length <= WHOLE;
  const nodes = [];
  const marks = [];
  let last = 0;
  const between = (from, to) => {
    if (whole || to - from <= 2 * AROUND) {
      nodes.push(text.slice(from, to));
      return;
    }
    // Not into the middle of a surrogate pair.
    const safe = (i) => (/[\udc00-\udfff]/.test(text[i] ?? '') ? i - 1 : i);
    const head = from === 0 && found.length > 0 ? from : safe(from + AROUND);
    const tail = to === text.length ? to : safe(to - AROUND);
    nodes.push(text.slice(from, head));
    nodes.push(el('button', { type: 'button', class: 'cut', onclick: () => draw(place, text, found, at, { ...options, whole: true }) },
      `… ${t('read.cut', { n: (tail - head).toLocaleString('en') })} – ${t('read.more')} …`));
    nodes.push(text.slice(tail, to));
  };
  for (const passage of found) {
    const from = at(passage.start);
    const to = at(passage.end);
    if (from < last) continue;
    between(last, from);
    const number = marks.length;
    const kinds = passage.speaks.map((s) => s.kind);
    const kind = ['match', 'suggest', 'stance', 'weak'].find((k) => kinds.includes(k)) ?? 'weak';
    const mark = el('span', {
      class: `passage ${kind}`,
      role: 'button',
      tabindex: number === 0 ? '0' : '-1',
      'aria-expanded': 'false',
      'data-start': passage.start,
    }, pieces(text, passage, at, strongest));
    marks.push({ mark, passage });
    nodes.push(mark);
    last = to;
  }
  between(last, text.length);
  place.replaceChildren(...nodes);
  return watch(place, marks);
}

// Hover, tap, focus and keys.
function watch(place, marks) {
  place.parentElement.querySelector('.weights')?.remove();
  // Takes the focus itself when it is clicked, so that it is not left by that.
  const note = el('div', { class: 'weights', role: 'region', tabindex: '-1', 'aria-label': t('evidence.weight'), hidden: true });
  place.after(note);
  let shown = -1;
  let leaving = 0;
  // Time to get from the passage to its note with the pointer.
  const leave = () => {
    leaving = setTimeout(() => {
      if (!place.contains(document.activeElement) && !note.contains(document.activeElement)) hide();
    }, 300);
  };
  const isHere = (node) => place.contains(node) || note.contains(node);
  const blur = (event) => {
    if (!isHere(event.relatedTarget)) hide();
  };
  note.addEventListener('focusout', blur);
  note.addEventListener('mouseenter', () => clearTimeout(leaving));
  note.addEventListener('mouseleave', leave);
  const hide = () => {
    note.hidden = true;
    if (shown >= 0) marks[shown].mark.setAttribute('aria-expanded', 'false');
    shown = -1;
  };
  // Back to the passage first: the focus must not be in what is hidden.
  const close = () => {
    if (note.contains(document.activeElement)) marks[shown].mark.focus({ preventScroll: true });
    hide();
  };
  note.addEventListener('keydown', (event) => event.key === 'Escape' && close());
  const show = (i) => {
    clearTimeout(leaving);
    if (i === shown) return;
    hide();
    shown = i;
    const { mark, passage } = marks[i];
    mark.setAttribute('aria-expanded', 'true');
    note.replaceChildren(...weights(passage, i, marks.length, close));
    note.hidden = false;
    const box = mark.getClientRects();
    const line = box[box.length - 1];
    const frame = place.parentElement.getBoundingClientRect();
    const left = Math.min(Math.max(0, line.left - frame.left), Math.max(0, frame.width - note.offsetWidth));
    note.style.insetInlineStart = 'auto';
    note.style.left = `${left}px`;
    note.style.top = `${line.bottom - frame.top + 6}px`;
  };
  const go = (i) => {
    const to = (i + marks.length) % marks.length;
    marks.forEach(({ mark }, n) => mark.setAttribute('tabindex', n === to ? '0' : '-1'));
    const { mark } = marks[to];
    mark.focus({ preventScroll: true });
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    mark.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
    show(to);
  };
  marks.forEach(({ mark }, i) => {
    mark.addEventListener('mouseenter', () => {
      clearTimeout(leaving);
      show(i);
    });
    mark.addEventListener('mouseleave', leave);
    mark.addEventListener('focus', () => show(i));
    mark.addEventListener('blur', blur);
    mark.addEventListener('click', () => show(i));
    mark.addEventListener('keydown', (event) => {
      const back = ['ArrowUp', 'ArrowLeft'].includes(event.key);
      if (back || ['ArrowDown', 'ArrowRight'].includes(event.key)) {
        event.preventDefault();
        go(i + (back ? -1 : 1));
      } else if (event.key === 'Home' || event.key === 'End') {
        event.preventDefault();
        go(event.key === 'Home' ? 0 : marks.length - 1);
      } else if (event.key === 'Escape') {
        hide();
      } else if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        if (shown === i) hide();
        else show(i);
      }
    });
  });
  return { go, goTo: (start) => go(Math.max(0, marks.findIndex((m) => m.passage.start === start))) };
}

function size(share) {
  const bar = el('span', { class: 'size', 'aria-hidden': 'true' }, el('span'));
  bar.firstChild.style.inlineSize = `${Math.max(0, share) * 100}%`;
  return bar;
}

const cents = (weight) => Math.round(weight * 100);

const written = (n) => (n / 100).toFixed(2).replace('-', '−');

// What a passage speaks for, and the words that make it.
function weights(passage, number, all, close) {
  const out = [
    el('p', { class: 'which' }, t('evidence.passage', { n: number + 1, all })),
    el('button', { type: 'button', class: 'close', 'aria-label': t('evidence.close'), onclick: close }, '×'),
  ];
  for (const speaker of passage.speaks) {
    out.push(el('p', { class: `speaks ${speaker.kind}` }, t('evidence.for', { name: speaker.name, weight: written(cents(speaker.contribution)) })));
    const terms = [...speaker.terms].sort((a, b) => b.contribution - a.contribution).slice(0, 6);
    const most = terms[0]?.contribution ?? 1;
    // As they are shown, so that the numbers add up; words that speak against it are among the rest.
    const rest = cents(speaker.contribution) - terms.reduce((sum, term) => sum + cents(term.contribution), 0);
    const row = (words, ...cells) => el('tr', {}, el('th', { scope: 'row' }, words), el('td', {}, cells));
    out.push(el('table', {},
      el('thead', { class: 'hidden' }, el('tr', {}, el('th', { scope: 'col' }, t('evidence.word')), el('th', { scope: 'col' }, t('evidence.weight')))),
      el('tbody', {},
        terms.map((term) => row(el('bdi', {}, term.text), size(term.contribution / most), written(cents(term.contribution)))),
        rest !== 0 && row(t('evidence.rest'), written(rest)))));
  }
  out.push(el('p', { class: 'hint' }, t('evidence.note')));
  return out;
}

