// What an answer comes to, in one sentence. The command line (src/cli/headline.rs) says the same; a browser test compares.
import { t, count, percent } from './say.js';

// From these probabilities a case says the same, or may.
const SAME = 0.5;
export const LIKE = 0.1;

const RANK = { weak: 0, suggest: 1, match: 2 };

// The narratives that reach a decision, without those that only repeat it: the parents of one that reaches it, too. A
// parent stands for itself where none of its children does.
export function decided(answer, least = 'suggest') {
  const reach = answer.narratives.filter((n) => RANK[n.decision] >= RANK[least]);
  return reach.filter((n) => !reach.some((child) => child.parent === n.id));
}

const said = (n) => `${n.name} (${percent(n.probability)})`;

// A narrative by name, or as a form of a parent of which no child is as sure.
function named(answer, n) {
  const children = answer.narratives.filter((child) => child.parent === n.id);
  if (children.length === 0) return said(n);
  const perhaps = children.filter((child) => child.decision === 'suggest' && n.decision === 'match');
  const form = t('outcome.form', { name: said(n) });
  return perhaps.length > 0 ? t('outcome.perhaps', { form, names: perhaps.map(said).join(', ') }) : form;
}

// What the text does with what it speaks of: spreads, reports, unclear; '' where the model has not learned it.
const side = (answer) => answer.stance?.label ?? '';

// Whether the text seems to speak of its cases from the other side. Where no stance was learned, it does if what matches is the debunk.
function isAbout(answer) {
  if (side(answer) !== '') return side(answer) === 'reports';
  return answer.related[0]?.passages[0]?.field === 'disproof';
}

function casesSentence(answer, alone) {
  const same = answer.related.filter((r) => r.score >= SAME).length;
  const like = answer.related.filter((r) => r.score >= LIKE && r.score < SAME).length;
  const about = isAbout(answer) ? 'reports' : side(answer);
  const isToldSame = about === 'spreads' || about === '';
  if (same > 0 && isToldSame) return count('outcome.same', same);
  if (same > 0 && !alone) return count('outcome.case', same);
  if (same > 0) return about === 'reports' ? count('outcome.about', same) : count('outcome.unclear', same);
  if (like > 0) return isToldSame ? count('outcome.like', like) : count('outcome.near', like);
  return '';
}

// The outcome as one sentence and how it is shown: match, suggest, reports or none.
export function outcome(answer) {
  if (answer.outcome === 'too_short') return { sentence: t('outcome.too_short'), kind: 'none' };
  if (answer.outcome === 'unsupported') return { sentence: t('outcome.unsupported'), kind: 'none' };
  const join = (...parts) => parts.filter(Boolean).join(' ');
  const cases = casesSentence(answer, answer.outcome === 'unknown');
  const isSame = answer.related.some((r) => r.score >= SAME);
  if (answer.outcome === 'unknown') {
    // A debunked case that says the same is worth a look whatever the narratives are.
    const kind = isSame && !isAbout(answer) ? 'suggest' : 'none';
    return { sentence: join(t('outcome.unknown'), cases), kind };
  }
  const matched = decided(answer, 'match');
  const list = matched.length > 0 ? matched : decided(answer);
  if (list.length === 0) return { sentence: join(t('outcome.hidden'), cases), kind: 'suggest' };
  const names = list.map((n) => named(answer, n)).join('; ');
  const isSure = matched.length > 0;
  if (side(answer) === 'reports') {
    const about = isSure ? count('outcome.match.about', list.length, { names }) : count('outcome.suggest.about', list.length, { names });
    return { sentence: join(about, cases), kind: 'reports' };
  }
  const unclear = side(answer) === 'unclear' ? '.unclear' : '';
  return isSure
    ? { sentence: join(t(`outcome.match${unclear}`, { names }), cases), kind: 'match' }
    : { sentence: join(t(`outcome.suggest${unclear}`, { names }), cases), kind: 'suggest' };
}

// The stance in words, of what was found: a text without a narrative or a case has nothing to spread.
export function stanceSaid(answer) {
  const found = answer.stance;
  const isFound = answer.outcome === 'known' || answer.related.some((r) => r.score >= SAME);
  if (!found || !isFound) return null;
  return t(`stance.${found.label}`, { p: percent(found.label === 'reports' ? 1 - found.probability : found.probability) });
}
