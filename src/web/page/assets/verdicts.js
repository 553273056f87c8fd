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

// Buttons for one narrative or case, and what was said about it so far.
export function controls(about, context) {
  const box = el('div', { class: 'verdict', role: 'group', 'aria-label': t('verdict.about', { name: about.name }) });
  const said = el('span', { class: 'said', role: 'status' });
  const earlier = (context.verdicts ?? []).filter((v) => !v.undone_at && v.subject === about.subject && v.target === about.target).pop();

  const ask = (message = '') => {
    said.textContent = message;
    const isCase = about.subject === 'case';
    const button = (words, run, kind) => el('button', { type: 'button', class: `small ${kind}`, onclick: run }, words);
    box.replaceChildren(
      button(isCase ? t('verdict.same') : t('verdict.right'), () => decide('accepted'), 'yes'),
      button(isCase ? t('verdict.different') : t('verdict.wrong'), () => decide('rejected'), 'no'),
      ...(isCase ? [] : [button(t('verdict.other'), relabel, 'other')]),
      said,
    );
  };

  const decide = async (decision, more) => {
    try {
      const focus = box.contains(document.activeElement);
      const verdict = await judge(about, decision, context, more);
      tell(verdict);
      if (focus) box.querySelector('button')?.focus();
    } catch (trouble) {
      said.textContent = trouble.message;
    }
  };

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
    const save = el('button', { type: 'button', class: 'small', hidden: true, onclick: async () => {
      try {
        // A note is a new verdict that says the same with a reason; the one before stays in the record.
        const again = await judge(about, verdict.decision, context, { note: note.value, instead: verdict.instead });
        await remove(`/v1/verdicts/${verdict.number}`);
        tell(again);
      } catch (trouble) {
        said.textContent = trouble.message;
      }
    } }, t('verdict.note.save'));
    note.addEventListener('input', () => { save.hidden = note.value === verdict.note; });
    note.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !save.hidden) save.click();
    });
    const undo = el('button', { type: 'button', class: 'small', onclick: async () => {
      try {
        await remove(`/v1/verdicts/${verdict.number}`);
        ask(t('verdict.undone'));
        box.querySelector('button')?.focus();
      } catch (trouble) {
        said.textContent = trouble.message;
      }
    } }, t('verdict.undo'));
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

// Adds a narrative that the answer does not name.
export function missing(context) {
  const list = el('ul', { class: 'tree added' });
  const select = el('select', { 'aria-label': t('verdict.choose') }, el('option', { value: '' }, t('verdict.choose.pick')));
  const add = el('button', { type: 'button', class: 'small', onclick: async () => {
    if (!select.value) return;
    const name = select.selectedOptions[0].textContent;
    const about = { subject: 'narrative', target: select.value, name };
    try {
      const verdict = await judge(about, 'accepted', context);
      const shown = { ...context, verdicts: [verdict] };
      list.append(el('li', { class: 'narrative' }, el('div', { class: 'row' }, name), controls(about, shown)));
      select.value = '';
    } catch (trouble) {
      list.append(el('li', { class: 'trouble' }, trouble.message));
    }
  } }, t('verdict.add'));
  const box = el('details', { class: 'missing' }, el('summary', {}, t('verdict.missing')), el('div', { class: 'bar' }, select, add), list);
  box.addEventListener('toggle', async () => {
    if (box.open && select.options.length === 1) {
      try {
        await choices(select);
      } catch (trouble) {
        list.append(el('li', { class: 'trouble' }, trouble.message));
      }
    }
  });
  return box;
}
