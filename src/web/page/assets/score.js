// The score: a line for each narrative, a note for each passage that speaks for it, from the beginning of the text to
// its end. It shows at a glance whether a storyline runs through a text or is touched once.
import { el, svg } from './dom.js';
import { t } from './say.js';
import { decided } from './outcome.js';

const WIDTH = 600;
const LINE = 22;

export function score(answer, length, goTo) {
  const voices = decided(answer).filter((n) => n.evidence.length > 0);
  if (voices.length === 0 || length < 200) return null;
  const height = voices.length * LINE + 8;
  const strongest = Math.max(...voices.flatMap((v) => v.evidence.map((e) => e.contribution)));
  const staff = svg('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'score', 'aria-hidden': 'true' });
  voices.forEach((voice, i) => {
    const y = i * LINE + LINE / 2 + 4;
    staff.append(svg('line', { class: 'line', x1: 0, x2: WIDTH, y1: y, y2: y }));
    for (const passage of voice.evidence) {
      const from = (passage.start / length) * WIDTH;
      const to = Math.max(from + 6, (passage.end / length) * WIDTH);
      const level = Math.max(1, Math.min(5, Math.ceil((passage.contribution / strongest) * 5)));
      const high = 4 + level * 2;
      staff.append(svg('rect', {
        class: `note ${voice.decision} w${level}`, x: from.toFixed(1), y: (y - high / 2).toFixed(1),
        width: (to - from).toFixed(1), height: high, rx: high / 2,
        onclick: () => goTo(passage.start),
      }));
    }
  });
  return el('figure', { class: 'score-box', title: t('read.score.hint') },
    el('figcaption', {}, t('read.score')),
    el('div', { class: 'score-grid' },
      el('ol', { class: 'voices' }, voices.map((v) => el('li', { title: v.name }, v.name))),
      staff));
}
