// Pages of cases: import a file, save the form, retire and bring back.
import { byId, el } from './dom.js';
import { get, post, put, remove, upload } from './api.js';
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
    const record = await get(path(shown.dataset.id));
    delete record.retired;
    await put(path(shown.dataset.id), record);
    window.location.reload();
  } catch (trouble) {
    byId('said').textContent = trouble.message;
  }
});

const form = byId('case-form');

if (form) {
  const record = JSON.parse(form.dataset.record);
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
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    for (const input of form.elements) {
      if (!input.name) continue;
      if (input.multiple) record[input.name] = [...input.selectedOptions].map((o) => o.value);
      else if ('list' in input.dataset) record[input.name] = input.value.split(',').map((v) => v.trim()).filter(Boolean);
      else record[input.name] = input.value.trim();
    }
    try {
      const saved = isNew ? await post('/v1/cases', record) : await put(path(form.dataset.id), record);
      sessionStorage.removeItem('leitmotif.draft');
      window.location.assign(`/cases/${encodeURIComponent(saved.id)}`);
    } catch (trouble) {
      const box = byId('form-trouble');
      box.textContent = trouble.message;
      box.hidden = false;
      box.scrollIntoView({ block: 'center' });
    }
  });
  form.dataset.ready = 'true';
}
