// A text in, the answer in place.
import fs from 'node:fs';
import { test, expect, assess, accessible, shot, article, POST } from './page.js';

test('paste to answer', async ({ page }) => {
  await page.goto('/');
  await accessible(page);
  await shot(page, 'read');
  await assess(page, POST);
  await expect(page.locator('#status')).toHaveText(/^(May carry|Carries): Protests are colour revolutions staged by the West \(\d+ %\)\./);
  await expect(page.locator('.narrative .row').first()).toContainText('%');
  await expect(page.locator('.reading .body')).toHaveText(POST);
  await expect(page.locator('.card').first()).toContainText('same claim');
  await expect(page.locator('.pair').first()).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/');
  await accessible(page);
  await shot(page, 'answer', { fullPage: true });
});

test('what one paragraph of an article says is found and marked there', async ({ page }) => {
  await assess(page, article(POST));
  await expect(page.locator('#status')).toContainText('Protests are colour revolutions staged by the West');
  await expect(page.locator('.narrative').first()).toContainText('told from one passage of the text');
  for (const passage of await page.locator('.passage').all()) expect(POST).toContain(await passage.innerText());
  await accessible(page);
  await shot(page, 'article');
});

test('the answer is there within 100 ms', async ({ page }) => {
  await assess(page, POST);
  const times = [];
  for (let i = 0; i < 5; i += 1) {
    await page.getByRole('button', { name: 'Change the text' }).click();
    times.push(await page.evaluate(() => new Promise((done) => {
      const status = document.getElementById('status');
      const start = performance.now();
      new MutationObserver(() => {
        if (status.classList.contains('outcome')) done(performance.now() - start);
      }).observe(status, { attributes: true });
      document.getElementById('ask').requestSubmit();
    })));
  }
  console.log(`paste to outcome in ms: ${times.map((t) => t.toFixed(0)).join(', ')}`);
});

test('evidence shows its weights on hover, and a narrative shows only its own', async ({ page }) => {
  await assess(page, POST);
  const passage = page.locator('.passage').first();
  await passage.hover();
  const note = page.locator('.weights');
  await expect(note).toBeVisible();
  await expect(note).toContainText('Kazakhstan');
  await expect(note.locator('tr').nth(1)).toContainText(/\d\.\d\d/);
  await accessible(page);
  await shot(page, 'evidence');
  const all = await page.locator('.passage').count();
  await page.locator('details', { hasText: 'Too weak to say' }).locator('summary').click();
  await page.locator('details .choose').first().click();
  await expect(page.locator('details .choose').first()).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('.passage.weak').first()).toBeVisible();
  await page.getByRole('button', { name: 'All evidence' }).click();
  await expect(page.locator('.passage')).toHaveCount(all);
  await page.getByRole('button', { name: 'Show what speaks for this' }).click();
  await expect(page.locator('.passage.stance').first()).toBeVisible();
});

test('uncertain looks uncertain and unknown is said', async ({ page }) => {
  await assess(page, 'The gardeners of Quellenburg planted turnips on Tuesday, and the mayor brought cake for everyone.');
  await expect(page.locator('#status')).toHaveText('No known narrative.');
  await expect(page.locator('.narratives')).toContainText('Nothing reached the threshold');
  await expect(page.locator('.stance')).toHaveCount(0);
  await accessible(page);
  await assess(page, 'Hm.');
  await expect(page.locator('#status')).toHaveText(/^Too short to say/);
});

test('a debunk is not told to say the same as its case', async ({ page }) => {
  const cases = fs.readFileSync('../../training-data/cases.jsonl', 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  await assess(page, cases.find((c) => c.id === 'russophobic-neighbours-03').disproof);
  await expect(page.locator('#status')).toHaveText(/seems to report or debunk/);
  await expect(page.locator('.stance')).toHaveCount(1);
});

test('a file and an address become text', async ({ page }) => {
  await page.goto('/');
  const html = `<html lang="en"><title>The script</title><meta property="article:published_time" content="2022-01-09"><body><article><p>${POST}</p></article></body></html>`;
  await page.locator('#file').setInputFiles({ name: 'page.html', mimeType: 'text/html', buffer: Buffer.from(html) });
  await expect(page.locator('#status')).toHaveText(/colour revolutions/);
  await expect(page.locator('#headline')).toHaveValue('The script');
  await expect(page.locator('#published')).toHaveValue('2022-01-09');
  await page.goto('/');
  await page.locator('#url').fill('http://127.0.0.1:22/');
  await page.getByRole('button', { name: 'Fetch' }).click();
  await expect(page.locator('#trouble')).toContainText('not fetched');
  await accessible(page);
});

test('the language can be corrected', async ({ page }) => {
  await page.goto('/');
  await page.locator('#text').fill(POST);
  await page.getByText('About this text').click();
  await page.locator('#language').selectOption('ru');
  await page.getByRole('button', { name: /^Assess/ }).click();
  await expect(page.locator('.answer > .facts')).toContainText('language ru');
});

test('the answer can be taken along', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await assess(page, POST);
  const copied = async (name) => {
    await page.getByRole('button', { name }).click();
    await expect(page.locator('.take .said')).toHaveText('Copied.');
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied('Copy summary')).toContain('Related debunked cases:');
  expect(await copied('Copy Markdown')).toContain('### Protests are colour revolutions');
  const json = await copied('Copy JSON');
  expect(JSON.parse(json).outcome).toBe('known');
  expect(json).toBe(await (await page.request.post('/v1/assess', { data: { text: POST } })).text());
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'JSON file' }).click();
  expect((await download).suggestedFilename()).toBe('assessment.json');
  await page.emulateMedia({ media: 'print' });
  await expect(page.locator('.verdict').first()).toBeHidden();
  await expect(page.getByText('All evidence')).toBeHidden();
  await expect(page.getByText('Show what speaks for this')).toBeHidden();
  await expect(page.locator('.reading')).toBeVisible();
});
