// The answer in words: the outcome in one sentence, narratives as a tree, stance. What is uncertain says so.
import { el } from './dom.js';
import { t, count, percent } from './say.js';
import { controls, missing } from './verdicts.js';

// From these probabilities a case says the same, or may.
const SAME = 0.5;
export const LIKE = 0.1;

const children = (answer, id) => answer.narratives.filter((n) => n.parent === id);
const isLeaf = (answer, n) => children(answer, n.id).length === 0;

// Whether the text seems to speak of the case from the other side: it reports or debunks, or what matches is the debunk.
function speaksOf(related, stance) {
  if (stance?.label === 'reports' || stance?.label === 'spreads') return stance.label === 'reports';
  return related.passages[0]?.field === 'disproof';
}

// The outcome as one sentence and how sure it is: match, suggest or none.
export function outcome(answer) {
  const decided = (d) => answer.narratives.filter((n) => n.decision === d && isLeaf(answer, n));
  const names = (list) => list.map((n) => `${n.name} (${percent(n.probability)})`).join('; ');
  let sentence;
  let kind = 'none';
  if (answer.outcome !== 'known') {
    sentence = t(`outcome.${answer.outcome}`);
  } else if (decided('match').length > 0) {
    sentence = t('outcome.match', { names: names(decided('match')) });
    kind = 'match';
  } else if (decided('suggest').length > 0) {
    sentence = t('outcome.suggest', { names: names(decided('suggest')) });
    kind = 'suggest';
  } else {
    sentence = t('outcome.parent', { names: names(answer.narratives.filter((n) => n.decision !== 'weak')) });
    kind = 'suggest';
  }
  const same = answer.related.filter((r) => r.score >= SAME).length;
  const like = answer.related.filter((r) => r.score >= LIKE && r.score < SAME).length;
  // A debunked case that says the same is worth a look whatever the narratives are.
  if (same > 0 && kind === 'none' && answer.outcome === 'unknown' && speaksOf(answer.related[0], answer.stance)) {
    return { sentence: `${sentence} ${count('outcome.about', same)}`, kind };
  }
  if (same > 0 && kind === 'none') kind = 'suggest';
  if (same > 0) sentence += ` ${count('outcome.same', same)}`;
  else if (like > 0) sentence += ` ${count('outcome.like', like)}`;
  return { sentence, kind };
}

// A bar of the probability on a scale with the narrative's two thresholds.
function gauge(n, known) {
  const record = known?.get(n.id);
  const bar = el('span', { class: `gauge ${n.decision}`, 'aria-hidden': 'true' }, el('span', { class: 'fill' }));
  bar.firstChild.style.inlineSize = `${n.probability * 100}%`;
  if (record) {
    const { review, confirmed } = n.passage?.thresholds ?? record.thresholds;
    for (const [kind, at] of [['review', review], ['confirmed', confirmed]]) {
      if (at > 1) continue;
      const tick = el('span', { class: `tick ${kind}` });
      tick.style.insetInlineStart = `${at * 100}%`;
      bar.append(tick);
    }
    bar.title = t('narratives.thresholds', { review: percent(review), confirmed: confirmed > 1 ? '–' : percent(confirmed) });
  }
  return bar;
}

function branch(answer, n, context) {
  const below = children(answer, n.id).filter((c) => context.shows(c));
  const choose = el('button', {
    type: 'button', class: 'choose', 'aria-pressed': 'false', 'data-narrative': n.id, title: t('narratives.show'),
    onclick: () => context.select(n.id),
  }, n.name);
  return el('li', { class: `narrative ${n.decision}`, 'data-id': n.id },
    el('div', { class: 'row' },
      choose,
      el('span', { class: 'odds' }, el('span', { class: 'decision' }, t(`decision.${n.decision}`)), ' ', el('b', {}, percent(n.probability)))),
    gauge(n, context.known),
    n.passage && el('p', { class: 'soft small' }, t('narratives.passage')),
    controls({ subject: 'narrative', target: n.id, name: n.name, probability: n.probability }, context),
    below.length > 0 && el('ul', {}, below.map((c) => branch(answer, c, context))));
}

export function tree(answer, context) {
  const roots = (shows) => answer.narratives.filter((n) => shows(n) && !answer.narratives.some((p) => p.id === n.parent && shows(p)));
  const strong = (n) => n.decision !== 'weak';
  const weak = (n) => n.decision === 'weak' && isLeaf(answer, n);
  const weakOnes = answer.narratives.filter(weak);
  const box = el('section', { class: 'narratives', 'aria-labelledby': 'narratives-title' },
    el('div', { class: 'head' }, el('h2', { id: 'narratives-title' }, t('narratives')),
      el('button', { type: 'button', class: 'choose all', 'aria-pressed': 'true', 'data-narrative': '', onclick: () => context.select(null) }, t('narratives.all'))));
  const top = roots(strong);
  if (top.length > 0) box.append(el('ul', { class: 'tree' }, top.map((n) => branch(answer, n, { ...context, shows: strong }))));
  else if (answer.outcome === 'unknown') box.append(el('p', { class: 'soft' }, t('narratives.none')));
  if (weakOnes.length > 0) {
    box.append(el('details', {}, el('summary', {}, t('narratives.weak', { n: weakOnes.length })),
      el('ul', { class: 'tree' }, weakOnes.map((n) => branch(answer, n, { ...context, shows: () => false })))));
  }
  if (answer.outcome === 'known' || answer.outcome === 'unknown') box.append(missing(context));
  return box;
}

// Said of what was found: a text without a narrative or a case has nothing to spread.
export function stance(answer, context) {
  const found = answer.stance;
  const isSaid = answer.outcome === 'known' || answer.related.some((r) => r.score >= SAME);
  if (!found || !isSaid) return null;
  const p = percent(found.label === 'reports' ? 1 - found.probability : found.probability);
  const gaugeBox = el('span', { class: 'stance-gauge', 'aria-hidden': 'true' }, el('span', { class: 'needle' }));
  gaugeBox.firstChild.style.insetInlineStart = `${found.probability * 100}%`;
  return el('section', { class: `stance ${found.label}`, 'aria-labelledby': 'stance-title' },
    el('h2', { id: 'stance-title' }, t('stance')),
    el('p', {}, t(`stance.${found.label}`, { p })),
    gaugeBox,
    found.evidence.length > 0 && el('button', {
      type: 'button', class: 'choose small', 'aria-pressed': 'false', 'data-narrative': 'stance', onclick: () => context.select('stance'),
    }, t('stance.show')));
}

export function facts(answer) {
  const language = answer.language ? t('outcome.language', { code: answer.language }) : t('outcome.no_language');
  return [language, t('outcome.model', answer.model)];
}
