// The first page: a text in, the answer in place.
import { byId, el } from './dom.js';
import { narratives, post, postForText, upload } from './api.js';
import { t, count, day, percent } from './say.js';
import { converter, offsetsOf } from './offsets.js';
import { draw, passages } from './evidence.js';
import * as about from './about.js';
import { keep, kept } from './kept.js';
import { facts, stance, tree } from './answer.js';
import { decided, outcome, stanceSaid } from './outcome.js';
import { relatedCases } from './related.js';
import { score } from './score.js';
import { copyBar } from './copy.js';
import { person, setPerson } from './verdicts.js';

const page = byId('read');
const form = byId('ask');
const area = byId('text');
const status = byId('status');
const answerBox = byId('answer');
const trouble = byId('trouble');
const working = byId('working');
const heldBox = byId('held');
const name = document.title;
// Numbers of the latest question and of the latest text asked for; what comes for an earlier one comes too late.
let asked = 0;
let wanted = 0;
// A text too long for a text area, which would stall the browser: held here, its beginning is shown.
let held = null;
const LONG = 200_000;

const textNow = () => held ?? area.value;

// What is there now, for whoever leaves the page by a link to a case or by Reload. When that happens it is too late to keep it.
let keeping = 0;
function keepNow() {
  clearTimeout(keeping);
  const text = textNow();
  const answered = page.classList.contains('answered');
  keep(text ? { text, answered, about: about.keep() } : null);
}

function keepSoon() {
  clearTimeout(keeping);
  keeping = setTimeout(keepNow, 300);
}

function setText(text) {
  held = text.length > LONG ? text : null;
  area.value = held ? `${text.slice(0, 3000)}…` : text;
  area.readOnly = Boolean(held);
  keepSoon();
  heldBox.hidden = !held;
  heldBox.firstElementChild.textContent = held ? t('read.held', { n: text.length.toLocaleString('en') }) : '';
}

// Another text from a person: what was to come in its place is no longer wanted.
function replaceText(text) {
  overtake();
  setText(text);
  about.changed(text);
}

function overtake() {
  wanted += 1;
  working.textContent = '';
}

function tell(error) {
  trouble.textContent = error ? error.message : '';
  trouble.hidden = !error;
  if (error) trouble.scrollIntoView({ block: 'nearest' });
}

async function assess() {
  const text = textNow();
  const turn = ++asked;
  overtake();
  if (!text.trim()) {
    area.focus();
    tell(new Error(t('read.empty')));
    return;
  }
  tell(null);
  working.textContent = t('read.working');
  about.bind(text);
  const { notes, ...known } = about.details();
  const request = { text, ...known, language: known.language || null };
  try {
    // What was here before is asked at the same time, so that this very request is not yet among it.
    const [raw, seen] = await Promise.all([
      postForText('/v1/assess', request),
      text.length > 1_000_000 ? null : post('/v1/seen', { text }).catch(() => null),
    ]);
    if (turn !== asked) return;
    await show(JSON.parse(raw), raw, text, known, notes, seen);
  } catch (error) {
    if (turn !== asked) return;
    working.textContent = '';
    tell(error);
  }
}

async function show(answer, raw, text, said, notes, seen) {
  const { sentence, kind } = outcome(answer);
  const at = converter(text, offsetsOf(answer));
  const known = await narratives().catch(() => null);
  const context = {
    text, at, known,
    verdicts: seen?.verdicts ?? [],
    editable: page.dataset.editable === 'true',
    document: () => ({ text, ...said, language: answer.language ?? said.language }),
    select: (id) => select(id),
    makeCase: () => makeCase(answer, text, said, known),
  };
  const body = el('div', { class: 'body', dir: 'auto', lang: answer.language || false });
  const reading = el('section', { class: 'sheet reading', 'aria-label': t('read.reading') }, body);
  let marks;
  const select = (id) => {
    answerBox.querySelectorAll('.choose').forEach((b) => b.setAttribute('aria-pressed', String(b.dataset.narrative === (id ?? ''))));
    marks = draw(body, text, passages(answer, id), at);
  };
  const length = pointsOf(text);
  const side = el('div', { class: 'side' },
    tree(answer, context),
    stance(answer, context),
    seenBox(seen),
    copyBar(answer, raw, context),
    personBox());
  const main = el('div', { class: 'text' },
    el('div', { class: 'bar tools' },
      el('button', { type: 'button', onclick: edit }, t('read.edit')),
      el('button', { type: 'button', class: 'quiet', onclick: fresh }, t('read.new')),
      passages(answer, null).length > 1 && el('span', { class: 'hint' }, t('read.keys'))),
    score(answer, length, (start) => marks.goTo(start)),
    reading);
  answerBox.replaceChildren(
    el('p', { class: 'facts' }, facts(answer).map((f) => el('span', {}, f))),
    stanceSaid(answer) ? el('p', { class: 'stance-said' }, `${t('stance')}: ${stanceSaid(answer)}`) : '',
    ...[...notes, ...answer.warnings].map((w) => el('p', { class: 'warning' }, w)),
    main, side);
  answerBox.hidden = false;
  page.classList.add('answered');
  select(null);
  working.textContent = '';
  tell(null);
  status.className = `status outcome ${kind}`;
  status.textContent = sentence;
  document.title = `${sentence} – ${name}`;
  keepNow();
  window.scrollTo({ top: 0 });
  // The form is gone, and the focus with it.
  status.focus({ preventScroll: true });
  // The text can be read while the cases are fetched.
  const cases = await relatedCases(answer, context);
  main.append(cases);
}

// Code points of a text.
function pointsOf(text) {
  let pairs = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xdc00 && unit < 0xe000) pairs += 1;
  }
  return text.length - pairs;
}

function seenBox(seen) {
  if (!seen || seen.near_duplicates.length === 0) return null;
  return el('section', { class: 'seen', 'aria-labelledby': 'seen-title' }, el('h2', { id: 'seen-title' }, t('seen')),
    el('ul', {}, seen.near_duplicates.map((s) => el('li', {}, s.hash === seen.hash
      ? count('seen.same', s.times, { day: day(s.first_at) })
      : t('seen.near', { p: percent(s.similarity), what: [s.title || t('seen.untitled'), s.outlet].filter(Boolean).join(', '), day: day(s.first_at) })))));
}

function personBox() {
  const input = el('input', { id: 'person', value: person(), autocomplete: 'name', dir: 'auto' });
  input.addEventListener('change', () => setPerson(input.value.trim()));
  return el('section', { class: 'person' }, el('label', {}, `${t('verdict.person')} `, input), el('p', { class: 'hint' }, t('verdict.kept')));
}

function edit() {
  page.classList.remove('answered');
  answerBox.hidden = true;
  status.textContent = '';
  status.className = 'status';
  document.title = name;
  keepNow();
  area.focus();
}

function fresh() {
  form.reset();
  about.clear();
  replaceText('');
  edit();
}

// After Back or Reload: the text, and the answer asked for once more, since verdicts may have been given meanwhile.
function comeBack() {
  const before = kept();
  if (!before?.text) return;
  setText(before.text);
  about.restore(before.about);
  if (before.answered) assess();
}

// Opens the form for a new case with what the answer knows.
function makeCase(answer, text, said, known) {
  const named = decided(answer);
  const alike = answer.related.filter((r) => r.score >= 0.2);
  const mix = [...named.map((n) => known?.get(n.id)?.name ?? n.name)];
  const draft = {
    title: said.title,
    claim: (named[0]?.evidence ?? []).map((e) => e.text.trim()).join(' ') || text.slice(0, 600).trim(),
    disproof: mix.length > 1 ? t('form.mix', { names: mix.join('; ') }) : '',
    narratives: named.map((n) => n.id),
    language: answer.language ?? said.language,
    languages: answer.language ? [languageName(answer.language)] : [],
    outlets: said.outlet ? [said.outlet] : [],
    related_cases: alike.map((r) => r.id),
    appearances: said.url ? [said.url] : [],
  };
  sessionStorage.setItem('leitmotif.draft', JSON.stringify(draft));
  window.location.assign('/cases/new#draft');
}

// As cases name the languages in which a claim circulated.
function languageName(code) {
  return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code;
}

// Waits for a text that is read elsewhere, and assesses it, unless there is a newer wish by then.
async function take(words, request) {
  asked += 1;
  overtake();
  const turn = wanted;
  tell(null);
  working.textContent = words;
  try {
    const found = await request();
    if (turn !== wanted) return;
    if (!found.text.trim()) throw new Error(t('read.file.empty'));
    setText(found.text);
    about.read(found);
    await assess();
  } catch (error) {
    if (turn !== wanted) return;
    working.textContent = '';
    tell(error);
  }
}

const open = (file) => file && take(t('read.working'), () => upload('/v1/extract', file));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  assess();
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && form.contains(event.target)) {
    event.preventDefault();
    if (event.target.id === 'url') byId('fetch').click();
    else assess();
  }
});
form.addEventListener('input', keepSoon);
area.addEventListener('input', () => {
  overtake();
  about.changed(area.value);
});
area.addEventListener('paste', (event) => {
  const text = event.clipboardData?.getData('text/plain') ?? '';
  // Into what stands there; what is held cannot be changed, only replaced.
  const all = held ? text : area.value.slice(0, area.selectionStart) + text + area.value.slice(area.selectionEnd);
  if (all.length > LONG || held) {
    event.preventDefault();
    replaceText(all);
  }
});
// A text that is held is shown read-only; marked from end to end it is emptied by the usual keys.
area.addEventListener('keydown', (event) => {
  const isAll = area.selectionStart === 0 && area.selectionEnd === area.value.length;
  if (held && isAll && ['Delete', 'Backspace'].includes(event.key)) {
    event.preventDefault();
    replaceText('');
  }
});
heldBox.querySelector('button').addEventListener('click', () => {
  replaceText('');
  area.focus();
});
byId('open-file').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', (event) => {
  open(event.target.files[0]);
  event.target.value = '';
});
byId('try').addEventListener('click', (event) => {
  replaceText(event.currentTarget.dataset.text);
  assess();
});
byId('fetch')?.addEventListener('click', () => take(t('read.fetching'), () => post('/v1/fetch', { url: byId('url').value })));
byId('url')?.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.ctrlKey) {
    event.preventDefault();
    byId('fetch').click();
  }
});
for (const kind of ['dragenter', 'dragover']) {
  form.addEventListener(kind, (event) => {
    event.preventDefault();
    form.classList.add('dropping');
  });
}
form.addEventListener('dragleave', (event) => {
  if (!form.contains(event.relatedTarget)) form.classList.remove('dropping');
});
form.addEventListener('drop', (event) => {
  event.preventDefault();
  form.classList.remove('dropping');
  const text = event.dataTransfer.getData('text/plain');
  if (event.dataTransfer.files.length > 0) open(event.dataTransfer.files[0]);
  else if (text) replaceText(text);
});
comeBack();
page.dataset.ready = 'true';

