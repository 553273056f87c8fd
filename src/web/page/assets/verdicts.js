// Agree, disagree, re-label, add a note, take it back. A verdict is stored before the page says so.
import { el } from './dom.js';
import { post, remove, narratives } from './api.js';
import { t } from './say.js';

const PERSON = 'leitmotif.person';

export function person() {
  try {
    return localStorage.getItem(PERSON) ?? '';
  } catch {
    return '';
  }
}

export function setPerson(name) {
  try {
    localStorage.setItem(PERSON, name);
  } catch {
    // Storage is switched off: the name is asked again next time.
  }
}

async function choices(select, without) {
  const known = await narratives();
  const all = [...known.values()];
  const roots = all.filter((n) => !n.parent);
  for (const root of roots) {
    const below = all.filter((n) => n.parent === root.id);
    const group = el('optgroup', { label: root.name }, [root, ...below].filter((n) => n.id !== without).map((n) => el('option', { value: n.id }, n.name)));
    select.append(group);
  }
}

async function judge(about, decision, context, more = {}) {
  return post('/v1/verdicts', {
    text: context.document(),
    subject: about.subject,
    target: about.target,
    decision,
    person: person(),
    ...(about.probability === undefined ? {} : { probability: about.probability }),
    ...more,
  });
}

// One thing at a time: a second click while the first is being stored would store it again.
async function once(box, run) {
  if (box.hasAttribute('aria-busy')) return;
  box.setAttribute('aria-busy', 'true');
  try {
    await run();
  } finally {
    box.removeAttribute('aria-busy');
  }
}

// What stands of the verdicts on a text: the latest on each thing, unless it was taken back.
const standing = (context) => [...new Map((context.verdicts ?? []).filter((v) => !v.undone_at).map((v) => [`${v.subject} ${v.target}`, v])).values()];

// Buttons for one narrative or case, and what was said about it so far.
export function controls(about, context) {
  const box = el('div', { class: 'verdict', role: 'group', 'aria-label': t('verdict.about', { name: about.name }) });
  const said = el('span', { class: 'said', role: 'status' });
  const earlier = standing(context).find((v) => v.subject === about.subject && v.target === about.target);

  const ask = (message = '') => {
    said.textContent = message;
    delete box.dataset.decision;
    const isCase = about.subject === 'case';
    const button = (words, run, kind) => el('button', { type: 'button', class: `small ${kind}`, onclick: run }, words);
    box.replaceChildren(
      button(isCase ? t('verdict.same') : t('verdict.right'), () => decide('accepted'), 'yes'),
      button(isCase ? t('verdict.different') : t('verdict.wrong'), () => decide('rejected'), 'no'),
      ...(isCase ? [] : [button(t('verdict.other'), relabel, 'other')]),
      said,
    );
  };

  const decide = (decision, more) => once(box, async () => {
    try {
      const focus = box.contains(document.activeElement);
      const verdict = await judge(about, decision, context, more);
      await tell(verdict);
      if (focus) box.querySelector('button')?.focus();
    } catch (trouble) {
      said.textContent = trouble.message;
    }
  });

  const relabel = async () => {
    const select = el('select', { 'aria-label': t('verdict.choose') }, el('option', { value: '' }, t('verdict.choose.pick')));
    try {
      await choices(select, about.target);
    } catch (trouble) {
      said.textContent = trouble.message;
      return;
    }
    select.addEventListener('change', () => select.value && decide('relabelled', { instead: [select.value] }));
    box.replaceChildren(select, el('button', { type: 'button', class: 'small', onclick: () => ask() }, t('form.cancel')), said);
    select.focus();
  };

  const tell = async (verdict) => {
    const names = verdict.decision === 'relabelled' ? (await names_of(verdict.instead)).join(', ') : '';
    said.textContent = t(`verdict.said.${verdict.decision}`, { names });
    const note = el('input', { class: 'note', 'aria-label': t('verdict.note'), placeholder: t('verdict.note.placeholder'), value: verdict.note, dir: 'auto' });
    const save = el('button', { type: 'button', class: 'small', hidden: true, onclick: () => once(box, async () => {
      try {
        // A note is a new verdict that says the same with a reason; the one before stays in the record.
        const again = await judge(about, verdict.decision, context, { note: note.value, instead: verdict.instead });
        await remove(`/v1/verdicts/${verdict.number}`);
        await tell(again);
      } catch (trouble) {
        said.textContent = trouble.message;
      }
    }) }, t('verdict.note.save'));
    note.addEventListener('input', () => { save.hidden = note.value === verdict.note; });
    note.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !save.hidden) save.click();
    });
    const undo = el('button', { type: 'button', class: 'small', onclick: () => once(box, async () => {
      try {
        await remove(`/v1/verdicts/${verdict.number}`);
        ask(t('verdict.undone'));
        box.querySelector('button')?.focus();
      } catch (trouble) {
        said.textContent = trouble.message;
      }
    }) }, t('verdict.undo'));
    const by = verdict.person && verdict.person !== person() ? el('span', { class: 'soft' }, t('verdict.said.by', { person: verdict.person })) : null;
    box.replaceChildren(said, ...(by ? [by] : []), undo, note, save);
    box.dataset.decision = verdict.decision;
  };

  if (earlier) tell(earlier);
  else ask();
  return box;
}

async function names_of(ids) {
  try {
    const known = await narratives();
    return ids.map((id) => known.get(id)?.name ?? id);
  } catch {
    return ids;
  }
}

// Adds a narrative that the answer does not name; those added before are listed. `shown` are the ids that have controls of
// their own.
export function missing(context, shown) {
  const list = el('ul', { class: 'tree added' });
  const said = el('p', { class: 'hint', role: 'status' });
  const select = el('select', { 'aria-label': t('verdict.choose') }, el('option', { value: '' }, t('verdict.choose.pick')));
  const box = el('details', { class: 'missing' }, el('summary', {}, t('verdict.missing')));
  const put = (verdict, name) => {
    const about = { subject: 'narrative', target: verdict.target, name };
    list.append(el('li', { class: 'narrative', 'data-id': verdict.target },
      el('div', { class: 'row' }, name), controls(about, { ...context, verdicts: [verdict] })));
  };
  const trouble = (error) => list.append(el('li', { class: 'trouble' }, error.message));
  const add = el('button', { type: 'button', class: 'small', onclick: () => once(box, async () => {
    if (!select.value) return;
    const target = select.value;
    const name = select.selectedOptions[0].textContent;
    said.textContent = '';
    const known = list.querySelector(`[data-id="${CSS.escape(target)}"]`);
    if (known?.querySelector('[data-decision]')) {
      said.textContent = t('verdict.added', { name });
      return;
    }
    try {
      const verdict = await judge({ subject: 'narrative', target }, 'accepted', context);
      known?.remove();
      put(verdict, name);
      select.value = '';
    } catch (error) {
      trouble(error);
    }
  }) }, t('verdict.add'));
  box.append(el('div', { class: 'bar' }, select, add), said, list);
  for (const verdict of standing(context).filter((v) => v.subject === 'narrative' && !shown.has(v.target))) {
    put(verdict, context.known?.get(verdict.target)?.name ?? verdict.target);
    box.open = true;
  }
  let filled = false;
  const fill = async () => {
    if (!box.open || filled) return;
    filled = true;
    try {
      await choices(select);
    } catch (error) {
      filled = false;
      trouble(error);
    }
  };
  box.addEventListener('toggle', fill);
  fill();
  return box;
}
