// Pages of cases: import a file, save the form, retire and bring back.
import { byId, el } from './dom.js';
import { getVersioned, post, put, remove, upload } from './api.js';
import { t } from './say.js';

const path = (id) => `/v1/cases/${encodeURIComponent(id)}`;

byId('import')?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const said = byId('import-said');
  try {
    const done = await upload('/v1/cases/import', byId('import-file').files[0]);
    said.textContent = t('cases.import.done', { added: done.added, replaced: done.replaced, rejected: done.rejected.length });
    byId('import-rejected').replaceChildren(...done.rejected.slice(0, 50).map((r) => el('li', {}, r)));
  } catch (trouble) {
    said.textContent = trouble.message;
  }
});

const shown = document.querySelector('article.case');

byId('retire')?.addEventListener('click', async () => {
  try {
    await remove(path(shown.dataset.id));
    window.location.reload();
  } catch (trouble) {
    byId('said').textContent = trouble.message;
  }
});

byId('restore')?.addEventListener('click', async () => {
  try {
    const { record, version } = await getVersioned(path(shown.dataset.id));
    delete record.retired;
    await put(path(shown.dataset.id), record, version);
    window.location.reload();
  } catch (trouble) {
    byId('said').textContent = trouble.message;
  }
});

const form = byId('case-form');

if (form) {
  let record = JSON.parse(form.dataset.record);
  let version = form.dataset.version;
  const isNew = form.dataset.new === 'true';
  const draft = isNew && window.location.hash === '#draft' ? sessionStorage.getItem('leitmotif.draft') : null;
  if (draft) {
    Object.assign(record, JSON.parse(draft));
    for (const input of form.elements) {
      const value = record[input.name];
      if (!input.name || value === undefined) continue;
      if (input.multiple) for (const option of input.options) option.selected = value.includes(option.value);
      else input.value = Array.isArray(value) ? value.join(', ') : value;
    }
    byId('prefilled').hidden = false;
  }
  const tell = (message) => {
    const box = byId('form-trouble');
    box.textContent = message;
    box.hidden = false;
    box.scrollIntoView({ block: 'center' });
  };
  const inputs = [...form.elements].filter((input) => input.name);
  const valueOf = (input) => {
    if (input.multiple) return [...input.selectedOptions].map((o) => o.value);
    if ('list' in input.dataset) return input.value.split(',').map((v) => v.trim()).filter(Boolean);
    return input.value.trim();
  };
  // Somebody else was faster: what they saved is shown below what stands in the form, field by field.
  const showTheirs = async () => {
    const theirs = await getVersioned(path(form.dataset.id));
    const words = (value) => (Array.isArray(value) ? value.join(', ') : value ?? '');
    const differing = inputs.filter((input) => words(theirs.record[input.name]) !== words(valueOf(input)));
    byId('theirs').querySelector('dl').replaceChildren(...differing.flatMap((input) => [
      el('dt', {}, input.labels[0].firstChild.textContent.trim()),
      el('dd', { dir: 'auto' }, words(theirs.record[input.name]) || t('form.changed.empty')),
    ]));
    byId('theirs').hidden = false;
    // Saving again is meant to replace theirs; what the form has no field for stays as they have it.
    ({ record, version } = theirs);
    tell(t('form.changed'));
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const edited = { ...record, ...Object.fromEntries(inputs.map((input) => [input.name, valueOf(input)])) };
    try {
      const saved = isNew ? await post('/v1/cases', edited) : await put(path(form.dataset.id), edited, version);
      sessionStorage.removeItem('leitmotif.draft');
      window.location.assign(`/cases/${encodeURIComponent(saved.id)}`);
    } catch (trouble) {
      if (trouble.status === 412) await showTheirs().catch((again) => tell(again.message));
      else tell(trouble.message);
    }
  });
  form.dataset.ready = 'true';
}
