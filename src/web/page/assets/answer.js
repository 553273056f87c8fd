// The answer in words: narratives as a tree, stance. What is uncertain says so.
import { el } from './dom.js';
import { t, percent } from './say.js';
import { stanceSaid } from './outcome.js';
import { controls, missing } from './verdicts.js';

const children = (answer, id) => answer.narratives.filter((n) => n.parent === id);
const isLeaf = (answer, n) => children(answer, n.id).length === 0;

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
  if (answer.outcome === 'known' || answer.outcome === 'unknown') {
    const shown = new Set([...box.querySelectorAll('[data-id]')].map((node) => node.dataset.id));
    box.append(missing(context, shown));
  }
  return box;
}

export function stance(answer, context) {
  const said = stanceSaid(answer);
  if (!said) return null;
  const found = answer.stance;
  const gaugeBox = el('span', { class: 'stance-gauge', 'aria-hidden': 'true' }, el('span', { class: 'needle' }));
  gaugeBox.firstChild.style.insetInlineStart = `${found.probability * 100}%`;
  return el('section', { class: `stance ${found.label}`, 'aria-labelledby': 'stance-title' },
    el('h2', { id: 'stance-title' }, t('stance')),
    el('p', {}, said),
    gaugeBox,
    found.evidence.length > 0 && el('button', {
      type: 'button', class: 'choose small', 'aria-pressed': 'false', 'data-narrative': 'stance', onclick: () => context.select('stance'),
    }, t('stance.show')));
}

export function facts(answer) {
  const language = answer.language ? t('outcome.language', { code: answer.language }) : t('outcome.no_language');
  return [language, t('outcome.model', answer.model)];
}
