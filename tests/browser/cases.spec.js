// The case base: from an answer to a case that is found at once.
import { test, expect, assess, accessible, shot, POST } from './page.js';

test('add a case from an answer and find it as related at once', async ({ page }) => {
  await assess(page, POST);
  await page.getByRole('button', { name: 'Make it a case' }).click();
  await expect(page.locator('#prefilled')).toBeVisible();
  await expect(page.locator('[name=claim]')).toHaveValue(/Western embassies had the script ready/);
  await expect(page.locator('[name=narratives]')).toHaveValues(['colour-revolutions']);
  await accessible(page);
  await page.locator('[name=title]').fill('Embassies wrote the script of the Kazakh unrest');
  await page.locator('[name=disproof]').fill('The protests began over the price of liquefied gas.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('h1')).toHaveText('Embassies wrote the script of the Kazakh unrest');
  await accessible(page);
  await shot(page, 'case', { fullPage: true });
  await assess(page, POST);
  await expect(page.locator('.card').first()).toContainText('Embassies wrote the script');
  await expect(page.locator('.card.match').first()).toContainText('Embassies wrote the script');
  // Edit, retire, bring back.
  await page.locator('.card h3 a').first().click();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.locator('[name=published]').fill('2026-01-02');
  await page.locator('[name=url]').fill('https://example.org/debunk');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('ClaimReview', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Retire' }).click();
  await expect(page.getByText(/^Retired since/)).toBeVisible();
  await assess(page, POST);
  await expect(page.locator('.related')).not.toContainText('Embassies wrote the script');
  await page.goto('/cases?retired=true');
  await page.getByRole('link', { name: 'Embassies wrote the script of the Kazakh unrest' }).click();
  await page.getByRole('button', { name: 'Bring back' }).click();
  await expect(page.getByRole('button', { name: 'Retire' })).toBeVisible();
  await page.request.delete('/v1/cases/embassies-wrote-the-script-of-the-kazakh-unrest?erase=true');
});

test('search, filter, turn the page, import', async ({ page }) => {
  await page.goto('/cases');
  await accessible(page);
  const all = parseInt(await page.locator('.count').textContent(), 10);
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page.locator('.case-list > li')).toHaveCount(25);
  await page.goto('/cases');
  await page.getByLabel('Search').fill('Kazakhstan');
  await page.getByLabel('Narrative').selectOption('western-plots');
  await page.getByRole('button', { name: 'Find' }).click();
  const found = parseInt(await page.locator('.count').textContent(), 10);
  expect(found).toBeGreaterThan(0);
  expect(found).toBeLessThan(all / 4);
  await shot(page, 'cases');
  await page.goto('/cases');
  const lines = '{"id":"turnips","title":"Turnips are alive"}\n{"id":"bad"}\n';
  await page.locator('#import-file').setInputFiles({ name: 'cases.jsonl', mimeType: 'application/octet-stream', buffer: Buffer.from(lines) });
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.locator('#import-said')).toHaveText('1 added, 0 replaced, 1 not taken.');
  await page.request.delete('/v1/cases/turnips?erase=true');
});

test('overview, model and API', async ({ page }) => {
  // Some history of weeks, languages and outlets.
  const outlets = ['Moon Daily', 'Harbour Post', ''];
  for (let i = 0; i < 40; i += 1) {
    const day = new Date(Date.UTC(2026, 0, 5 + (i % 8) * 7)).toISOString().slice(0, 10);
    const known = i % 3 !== 0;
    const text = known ? `${POST} Part ${i} of the story.` : `In Quellenburg the gardeners harvested turnips, parsnips and beetroots for the ${i}th time.`;
    await page.request.post('/v1/assess', { data: { text, outlet: outlets[i % 3], published: day } });
  }
  await page.goto('/overview?to=2026-03-31');
  await expect(page.locator('.chart')).toBeVisible();
  await expect(page.locator('.clusters .terms').first()).toContainText('quellenburg');
  await page.locator('details summary').first().click();
  await expect(page.locator('details table').first()).toContainText('2026-01-05');
  await accessible(page);
  await page.locator('details summary').first().click();
  await shot(page, 'overview', { fullPage: true });
  await page.goto('/model');
  await expect(page.locator('.chart.square')).toHaveCount(2);
  await accessible(page);
  await shot(page, 'model');
  await page.goto('/api');
  await accessible(page);
});

test('an edit does not overwrite one that was made meanwhile', async ({ page, context }) => {
  const id = 'turnips-edited-twice';
  await page.request.post('/v1/cases', { data: { id, title: 'Turnips', claim: 'Turnips speak.', desk: 'north' } });
  await page.goto(`/cases/${id}/edit`);
  const other = await context.newPage();
  await other.goto(`/cases/${id}/edit`);
  await other.locator('[name=claim]').fill('Turnips sing.');
  await other.getByRole('button', { name: 'Save' }).click();
  await expect(other.locator('h1')).toHaveText('Turnips');
  await page.locator('[name=title]').fill('Turnips, again');
  await page.getByRole('button', { name: 'Save' }).click();
  // Both texts are there.
  await expect(page.locator('#form-trouble')).toContainText('Somebody has saved this case');
  await expect(page.locator('#theirs')).toContainText('Turnips sing.');
  await expect(page.locator('[name=title]')).toHaveValue('Turnips, again');
  expect((await (await page.request.get(`/v1/cases/${id}`)).json()).claim).toBe('Turnips sing.');
  await accessible(page);
  await page.locator('[name=claim]').fill('Turnips sing.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.locator('h1')).toHaveText('Turnips, again');
  const saved = await (await page.request.get(`/v1/cases/${id}`)).json();
  expect([saved.claim, saved.desk]).toEqual(['Turnips sing.', 'north']);
  await page.request.delete(`/v1/cases/${id}?erase=true`);
});

test('a link with what trackers add, an address that leads nowhere, a language by its name', async ({ page }) => {
  await page.goto('/cases?narrative=biolabs&fbclid=abc');
  await expect(page.locator('.case-list > li').first()).toBeVisible();
  await page.goto('/nope');
  await expect(page.locator('h1')).toHaveText('Not here');
  await page.goto('/cases?from=yesterday');
  await expect(page.locator('h1')).toHaveText('That did not work');
  await page.goto('/cases');
  const names = await page.locator('[name=language] option').allInnerTexts();
  expect(names.filter((n) => n === 'English')).toHaveLength(1);
  expect(names).not.toContain('en');
  await page.locator('[name=language]').selectOption('English');
  await page.getByRole('button', { name: 'Find' }).click();
  await expect(page.locator('[name=language]')).toHaveValue('en');
  await expect(page.locator('.case-list > li').first()).toBeVisible();
});
