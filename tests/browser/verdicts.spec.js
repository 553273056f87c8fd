// Disagree, say why, take it back.
import { test, expect, assess, accessible, shot, POST } from './page.js';

const verdicts = async (page) => (await (await page.request.get('/v1/verdicts')).json()).verdicts.filter((v) => !v.undone_at);

test('accept, note, undo', async ({ page }) => {
  await assess(page, POST);
  await page.locator('#person').fill('Ana');
  await page.locator('#person').blur();
  const narrative = page.locator('.narrative[data-id="colour-revolutions"]');
  await narrative.getByRole('button', { name: 'Right' }).click();
  await expect(narrative.locator('.said')).toHaveText('You said: right.');
  let [stored] = await verdicts(page);
  expect([stored.target, stored.decision, stored.person]).toEqual(['colour-revolutions', 'accepted', 'Ana']);
  await narrative.getByLabel('Note').fill('seen on three channels');
  await narrative.getByRole('button', { name: 'Save the note' }).click();
  await expect.poll(async () => (await verdicts(page))[0].note).toBe('seen on three channels');
  // The verdict without the note is taken back once the one with it is safe.
  await expect.poll(async () => (await verdicts(page)).length).toBe(1);
  await accessible(page);
  await shot(page, 'verdict');
  // It is still said when the text is read again.
  await assess(page, POST);
  await expect(narrative.locator('.said')).toHaveText('You said: right.');
  await narrative.getByRole('button', { name: 'Undo' }).click();
  await expect(narrative.locator('.said')).toHaveText('Taken back.');
  expect(await verdicts(page)).toHaveLength(0);
});

test('re-label, reject a case, add a narrative that is missing', async ({ page }) => {
  await assess(page, POST);
  const narrative = page.locator('.narrative[data-id="colour-revolutions"]');
  await narrative.getByRole('button', { name: 'Other …' }).click();
  await narrative.locator('select').selectOption('maidan-coup');
  await expect(narrative.locator('.said')).toHaveText(/it is The Maidan was a coup/);
  const card = page.locator('.card').first();
  await card.getByRole('button', { name: 'Different' }).click();
  await expect(card.locator('.said')).toHaveText('You said: wrong.');
  await page.getByText('Does it carry another narrative?').click();
  await page.locator('.missing > .bar select').selectOption({ index: 3 });
  await page.locator('.missing').getByRole('button', { name: 'Add' }).click();
  await expect(page.locator('.missing .said')).toHaveText('You said: right.');
  expect((await verdicts(page)).map((v) => v.decision).sort()).toEqual(['accepted', 'rejected', 'relabelled']);
  const exported = JSON.parse(await (await page.request.get('/v1/verdicts/export')).text());
  expect(exported.narratives).toContain('maidan-coup');
  expect(exported.rejected).toEqual(['colour-revolutions']);
  for (const v of await verdicts(page)) await page.request.delete(`/v1/verdicts/${v.number}`);
  await page.goto('/overview');
  await expect(page.locator('table.verdicts')).toContainText('→ The Maidan was a coup staged by the West');
});

test('a double click is one verdict', async ({ page }) => {
  await assess(page, POST);
  const narrative = page.locator('.narrative[data-id="colour-revolutions"]');
  // Slow enough for the second click to come while the first is on its way.
  await page.route('**/v1/verdicts', async (route) => {
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  await narrative.getByRole('button', { name: 'Wrong' }).dblclick();
  await expect(narrative.locator('.said')).toHaveText('You said: wrong.');
  expect(await verdicts(page)).toHaveLength(1);
  await narrative.getByRole('button', { name: 'Undo' }).click();
  await expect(narrative.locator('.said')).toHaveText('Taken back.');
  expect(await verdicts(page)).toHaveLength(0);
});

test('a narrative that was added is still there when the text is read again', async ({ page }) => {
  await assess(page, POST);
  const added = page.locator('.missing');
  await added.locator('summary').click();
  await expect(added.locator('.bar select option').nth(5)).toBeAttached();
  const options = await added.locator('.bar select option').evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  const shown = await page.locator('.narratives [data-id]').evaluateAll((all) => all.map((n) => n.dataset.id));
  const other = options.find((id) => !shown.includes(id));
  await added.locator('.bar select').first().selectOption(other);
  await added.getByRole('button', { name: 'Add' }).click();
  await expect(added.locator('.narrative .said')).toHaveText('You said: right.');
  // Not twice.
  await added.locator('.bar select').first().selectOption(other);
  await added.getByRole('button', { name: 'Add' }).click();
  await expect(added).toContainText('There is a verdict on');
  expect(await verdicts(page)).toHaveLength(1);
  await assess(page, POST);
  await expect(added.locator('.narrative .said')).toHaveText('You said: right.');
  await accessible(page);
  await added.getByRole('button', { name: 'Undo' }).click();
  await expect(added.locator('.narrative .said')).toHaveText('Taken back.');
  expect(await verdicts(page)).toHaveLength(0);
});
