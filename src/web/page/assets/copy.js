// The answer to take along: plain text for a chat, Markdown for a report, JSON for a program, paper.
import { el } from './dom.js';
import { t, percent } from './say.js';
import { facts } from './answer.js';
import { outcome, stanceSaid, LIKE } from './outcome.js';

const quote = (text) => text.replace(/\s+/g, ' ').trim();

const shown = (answer) => answer.narratives.filter((n) => n.decision !== 'weak');
const likely = (answer) => answer.related.filter((r) => r.score >= LIKE);

export function plain(answer) {
  const lines = [outcome(answer).sentence];
  for (const n of shown(answer)) {
    lines.push('', `${t(`decision.${n.decision}`)} ${percent(n.probability)}: ${n.name}`);
    for (const e of n.evidence) lines.push(`  “${quote(e.text)}”`);
  }
  const stance = stanceSaid(answer);
  if (stance) lines.push('', stance);
  if (likely(answer).length > 0) {
    lines.push('', `${t('related')}:`);
    for (const r of likely(answer)) lines.push(`- ${r.title} (${percent(r.score)}${r.published ? `, ${r.published}` : ''})${r.url ? ` ${r.url}` : ''}`);
  }
  lines.push('', `Leitmotif, ${facts(answer).join(', ')}. ${t('foot.lead')}`);
  return `${lines.join('\n')}\n`;
}

const escape = (text) => text.replace(/([\\`*_[\]<>#|])/g, '\\$1');

export function markdown(answer) {
  const lines = [`**${escape(outcome(answer).sentence)}**`];
  for (const n of shown(answer)) {
    lines.push('', `### ${escape(n.name)} (${t(`decision.${n.decision}`)}, ${percent(n.probability)})`);
    for (const e of n.evidence) lines.push('', `> ${escape(quote(e.text))}`);
  }
  const stance = stanceSaid(answer);
  if (stance) lines.push('', `${t('stance')}: ${escape(stance)}`);
  if (likely(answer).length > 0) {
    lines.push('', `### ${t('related')}`, '');
    for (const r of likely(answer)) {
      const title = r.url ? `[${escape(r.title)}](<${r.url.replace(/[<>]/g, '')}>)` : escape(r.title);
      lines.push(`- ${title} (${percent(r.score)}${r.published ? `, ${r.published}` : ''})`);
    }
  }
  lines.push('', `*Leitmotif, ${escape(facts(answer).join(', '))}. ${t('foot.lead')}*`);
  return `${lines.join('\n')}\n`;
}

async function toClipboard(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Over plain HTTP from another machine there is no clipboard, only the old way.
  const area = el('textarea', { class: 'hidden', 'aria-hidden': 'true' });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error(t('copy.failed'));
}

export function copyBar(answer, raw, context) {
  const said = el('span', { class: 'said', role: 'status' });
  const copy = (words, make) => el('button', { type: 'button', class: 'small', onclick: async () => {
    try {
      await toClipboard(make());
      said.textContent = t('copy.done');
    } catch {
      said.textContent = t('copy.failed');
    }
  } }, words);
  const file = URL.createObjectURL(new Blob([raw], { type: 'application/json' }));
  return el('section', { class: 'take', 'aria-labelledby': 'take-title' },
    el('h2', { id: 'take-title' }, t('copy')),
    el('p', { class: 'bar' },
      copy(t('copy.text'), () => plain(answer)),
      copy(t('copy.markdown'), () => markdown(answer)),
      copy(t('copy.json'), () => raw),
      el('a', { class: 'button small', href: file, download: 'assessment.json' }, t('copy.download')),
      el('button', { type: 'button', class: 'small', onclick: () => window.print() }, t('copy.print')),
      context.editable && el('button', { type: 'button', class: 'small', onclick: context.makeCase }, t('copy.add')),
      said));
}
