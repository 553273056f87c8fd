// The first page: a text in, the answer in place.
import { byId, el } from './dom.js';
import { narratives, post, postForText, upload } from './api.js';
import { t, day, percent } from './say.js';
import { converter, offsetsOf } from './offsets.js';
import { draw, passages } from './evidence.js';
import { facts, outcome, stance, tree } from './answer.js';
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
let source = '';
let asked = 0;
// A text too long for a text area, which would stall the browser: held here, its beginning is shown.
let held = null;
const LONG = 200_000;

function setText(text) {
  held = text.length > LONG ? text : null;
  area.value = held ? `${text.slice(0, 3000)}…` : text;
  area.readOnly = Boolean(held);
  byId('held').hidden = !held;
  byId('held').textContent = held ? t('read.held', { n: text.length.toLocaleString('en') }) : '';
}

function tell(error) {
  trouble.textContent = error ? error.message : '';
  trouble.hidden = !error;
}

function details() {
  return {
    language: byId('language').value,
    outlet: byId('outlet').value.trim(),
    title: byId('headline').value.trim(),
    published: byId('published').value,
    url: source,
  };
}

async function assess() {
  const text = held ?? area.value;
  if (!text.trim()) {
    tell(new Error(t('read.empty')));
    area.focus();
    return;
  }
  tell(null);
  const turn = ++asked;
  status.className = 'status working';
  status.textContent = t('read.working');
  const about = details();
  const request = { text, ...about, language: about.language || null };
  try {
    // What was here before is asked at the same time, so that this very request is not yet among it.
    const [raw, seen] = await Promise.all([
      postForText('/v1/assess', request),
      text.length > 1_000_000 ? null : post('/v1/seen', { text }).catch(() => null),
    ]);
    if (turn !== asked) return;
    await show(JSON.parse(raw), raw, text, about, seen);
  } catch (error) {
    if (turn !== asked) return;
    status.textContent = '';
    tell(error);
  }
}

async function show(answer, raw, text, about, seen) {
  const { sentence, kind } = outcome(answer);
  const at = converter(text, offsetsOf(answer));
  const known = await narratives().catch(() => null);
  const context = {
    text, at, known,
    verdicts: seen?.verdicts ?? [],
    editable: page.dataset.editable === 'true',
    document: () => ({ text, title: about.title, language: answer.language ?? about.language, outlet: about.outlet, published: about.published, url: about.url }),
    select: (id) => select(id),
    makeCase: () => makeCase(answer, text, about, known),
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
    ...answer.warnings.map((w) => el('p', { class: 'warning' }, w)),
    main, side);
  answerBox.hidden = false;
  page.classList.add('answered');
  select(null);
  status.className = `status outcome ${kind}`;
  status.textContent = sentence;
  window.scrollTo({ top: 0 });
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
      ? t('seen.same', { n: s.times, day: day(s.first_at) })
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
  area.focus();
}

function fresh() {
  form.reset();
  setText('');
  source = '';
  edit();
}

// Opens the form for a new case with what the answer knows.
function makeCase(answer, text, about, known) {
  const named = answer.narratives.filter((n) => n.decision !== 'weak' && !answer.narratives.some((c) => c.parent === n.id));
  const alike = answer.related.filter((r) => r.score >= 0.2);
  const mix = [...named.map((n) => known?.get(n.id)?.name ?? n.name)];
  const draft = {
    title: about.title,
    claim: (named[0]?.evidence ?? []).map((e) => e.text.trim()).join(' ') || text.slice(0, 600).trim(),
    disproof: mix.length > 1 ? t('form.mix', { names: mix.join('; ') }) : '',
    narratives: named.map((n) => n.id),
    language: answer.language ?? about.language,
    languages: answer.language ? [answer.language] : [],
    outlets: about.outlet ? [about.outlet] : [],
    related_cases: alike.map((r) => r.id),
    appearances: about.url ? [about.url] : [],
  };
  sessionStorage.setItem('leitmotif.draft', JSON.stringify(draft));
  window.location.assign('/cases/new#draft');
}

function fill(found) {
  setText(found.text);
  if (found.title) byId('headline').value = found.title;
  if (found.outlet) byId('outlet').value = found.outlet;
  if (found.published) byId('published').value = found.published;
  const languages = [...byId('language').options].map((o) => o.value);
  byId('language').value = languages.includes(found.language) ? found.language : '';
  source = found.url ?? '';
  tell(found.warnings.length > 0 ? new Error(found.warnings.join('; ')) : null);
}

async function take(working, request) {
  status.textContent = working;
  try {
    fill(await request);
    await assess();
  } catch (error) {
    status.textContent = '';
    tell(error);
  }
}

const open = (file) => file && take(t('read.working'), upload('/v1/extract', file));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  assess();
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && form.contains(event.target)) {
    event.preventDefault();
    assess();
  }
});
area.addEventListener('paste', (event) => {
  const text = event.clipboardData?.getData('text/plain') ?? '';
  if (text.length > LONG || held) {
    event.preventDefault();
    setText(text);
  }
});
byId('open-file').addEventListener('click', () => byId('file').click());
byId('file').addEventListener('change', (event) => {
  open(event.target.files[0]);
  event.target.value = '';
});
byId('try').addEventListener('click', (event) => {
  setText(event.currentTarget.dataset.text);
  assess();
});
byId('fetch')?.addEventListener('click', () => take(t('read.fetching'), post('/v1/fetch', { url: byId('url').value })));
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
  else if (text) setText(text);
});
page.dataset.ready = 'true';

