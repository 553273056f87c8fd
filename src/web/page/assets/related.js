// Debunked cases the text may repeat: what each says, how it was debunked, and which passages match, side by side.
import { el, own, webUrl } from './dom.js';
import { get } from './api.js';
import { slice } from './offsets.js';
import { t, percent } from './say.js';
import { controls } from './verdicts.js';
import { LIKE } from './outcome.js';

const EXCERPT = 320;

const short = (text, most) => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most).trimEnd()}…` : line;
};

function pair(text, at, record, passage) {
  const field = passage.field === 'keywords' ? record.keywords.join(', ') : record[passage.field] ?? '';
  return el('div', { class: 'pair' },
    el('blockquote', {}, el('p', { class: 'from' }, t('related.here')), el('p', { dir: 'auto' }, text.slice(at(passage.start), at(passage.end)))),
    el('blockquote', { lang: record.language || false },
      el('p', { class: 'from', lang: 'en' }, t('related.there')),
      el('p', { dir: 'auto' }, slice(field, passage.field_start, passage.field_end))));
}

// The words both share, and what they say differently.
function reasons(related) {
  const words = related.terms.map((w) => (w.means ? `${w.text} (${w.means})` : w.text)).join(', ');
  const said = (d) => {
    if (d.what !== 'negation') return t(`related.differs.${d.what}`, { text: d.text.join(', '), case: d.case.join(', ') });
    return d.text.length > 0
      ? t('related.differs.here', { words: d.text.join(', ') })
      : t('related.differs.there', { words: d.case.join(', ') });
  };
  return [
    words !== '' && el('p', { class: 'hint', dir: 'auto' }, t('related.words', { words })),
    ...related.differs.map((d) => el('p', { class: 'differs', dir: 'auto' }, said(d))),
  ];
}

function card(related, record, context) {
  const url = webUrl(related.url);
  const link = `/cases/${encodeURIComponent(related.id)}`;
  const facts = [related.published, record?.outlets?.join(', '), record?.countries?.join(', ')].filter(Boolean);
  const doubt = related.score >= 0.5 ? 'match' : 'suggest';
  const parts = [
    el('h3', { dir: 'auto', lang: record?.language || false }, el('a', { href: link }, related.title)),
    el('p', { class: 'facts' }, el('span', { class: `odds ${doubt}` }, t('related.score', { p: percent(related.score) })),
      facts.map((f) => el('span', {}, own(f)))),
  ];
  if (record?.disproof) {
    parts.push(el('p', { class: 'from' }, t('related.debunk')),
      el('p', { class: 'debunk', dir: 'auto', lang: record.language || false }, short(record.disproof, EXCERPT)));
  }
  if (related.appearance) {
    parts.push(el('p', { class: 'hint', dir: 'auto' }, t('related.appearance', { text: short(related.appearance.text, EXCERPT) })));
  }
  if (record && related.passages.length > 0) {
    parts.push(el('details', { open: related === context.first }, el('summary', {}, t('related.why')),
      related.passages.map((p) => pair(context.text, context.at, record, p)), reasons(related)));
  } else if (record) {
    parts.push(el('p', { class: 'hint' }, t('related.shared')));
  }
  if (url) parts.push(el('p', {}, el('a', { href: url, rel: 'noopener noreferrer' }, t('related.source'))));
  parts.push(controls({ subject: 'case', target: related.id, name: related.title, probability: related.score }, context));
  return el('li', { class: `card ${doubt}` }, parts);
}

export async function relatedCases(answer, context) {
  const box = el('section', { class: 'related', 'aria-labelledby': 'related-title' }, el('h2', { id: 'related-title' }, t('related')));
  const likely = answer.related.filter((r) => r.score >= LIKE);
  const less = answer.related.filter((r) => r.score < LIKE);
  const records = new Map(await Promise.all(answer.related.map(async (r) => {
    try {
      return [r.id, await get(`/v1/cases/${encodeURIComponent(r.id)}`)];
    } catch {
      // Retired in between, or the store is away: the card shows what the answer holds.
      return [r.id, null];
    }
  })));
  context.records = records;
  context.first = likely[0];
  const list = (of) => el('ul', { class: 'cards' }, of.map((r) => card(r, records.get(r.id), context)));
  box.append(likely.length > 0 ? list(likely) : el('p', { class: 'soft' }, t('related.none')));
  if (less.length > 0) box.append(el('details', {}, el('summary', {}, t('related.less', { n: less.length })), list(less)));
  return box;
}
