// One text at a time: what is known about it goes with it, and nothing that comes late takes its place.
import { test, expect, assess, POST } from './page.js';

const german = '<html lang="de"><title>Das Drehbuch</title><meta property="article:published_time" content="2022-01-09"><body><article><p>Westliche Botschaften hatten das Drehbuch bereit: Die Proteste in Kasachstan waren eine Farbrevolution, und die NATO bezahlte sie.</p></article></body></html>';
const openFile = (page, name, text) => page.locator('#file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });
const answered = (page) => expect(page.locator('#status.outcome')).toBeVisible();
const change = (page) => page.getByRole('button', { name: 'Change the text' }).click();
const again = (page) => page.getByRole('button', { name: /^Assess/ }).click();
const sent = (page) => page.waitForRequest((r) => r.url().endsWith('/v1/assess')).then((r) => r.postDataJSON());

test('what a file says about its text does not stick to the next', async ({ page }) => {
  await page.goto('/');
  await openFile(page, 'page.html', german);
  await answered(page);
  await expect(page.locator('.answer > .facts')).toContainText('language de');
  // Edited, it is still the same text.
  await change(page);
  await page.locator('#text').press('End');
  await page.keyboard.type(' Punkt.');
  await expect(page.locator('#headline')).toHaveValue('Das Drehbuch');
  await page.locator('#text').fill(POST);
  let request = sent(page);
  await again(page);
  expect(await request).toEqual({ text: POST, language: null, title: '', outlet: '', published: '', url: '' });
  await expect(page.locator('.answer > .facts')).toContainText('language en');
  // Nor to a second file, nor to the example.
  await page.goto('/');
  await openFile(page, 'page.html', german);
  await answered(page);
  await change(page);
  request = sent(page);
  await openFile(page, 'post.txt', POST);
  expect(await request).toMatchObject({ language: null, title: '', published: '' });
  await page.goto('/');
  await openFile(page, 'page.html', german);
  await answered(page);
  await change(page);
  request = sent(page);
  await page.getByRole('button', { name: 'Try an example' }).click();
  expect(await request).toMatchObject({ language: null, title: '' });
});

test('what a person typed for the text stays', async ({ page }) => {
  await page.goto('/');
  await page.getByText('About this text').click();
  await page.locator('#outlet').fill('Moon Daily');
  await page.locator('#headline').fill('My headline');
  const request = sent(page);
  await openFile(page, 'page.html', german);
  expect(await request).toMatchObject({ outlet: 'Moon Daily', title: 'My headline', language: 'de', published: '2022-01-09' });
});

test('a file that opens slowly does not replace what was typed meanwhile', async ({ page }) => {
  await page.goto('/');
  let go;
  const waiting = new Promise((done) => { go = done; });
  await page.route('**/v1/extract', async (route) => {
    await waiting;
    await route.continue();
  });
  await openFile(page, 'page.html', german);
  await expect(page.locator('#working')).toHaveText('Reading …');
  await page.locator('#text').fill(POST);
  await expect(page.locator('#working')).toHaveText('');
  const late = page.waitForResponse('**/v1/extract');
  go();
  await late;
  await page.waitForTimeout(200);
  await expect(page.locator('#text')).toHaveValue(POST);
  await expect(page.locator('#answer')).toBeHidden();
});

test('an empty text is said where it is seen, and not above a later answer', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 600 });
  await page.goto('/');
  await page.getByRole('button', { name: /^Assess/ }).click();
  await expect(page.locator('#trouble')).toBeInViewport();
  await expect(page.locator('#trouble')).toHaveText('There is no text to assess.');
  await page.locator('#text').fill(POST);
  await again(page);
  await answered(page);
  await expect(page.locator('#trouble')).toBeHidden();
  // A file without a text leaves what was there.
  await change(page);
  await openFile(page, 'empty.txt', ' \n');
  await expect(page.locator('#trouble')).toContainText('no text in it');
  await expect(page.locator('#working')).toHaveText('');
  await expect(page.locator('#text')).toHaveValue(POST);
});

test('a large paste goes to where the cursor is, and can be emptied by keyboard', async ({ page }) => {
  await page.goto('/');
  await page.locator('#text').fill('Typed before. ');
  await page.locator('#text').press('End');
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'word '.repeat(60_000));
    document.getElementById('text').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  await expect(page.locator('#held')).toContainText('300,014 characters');
  await expect(page.locator('#text')).toHaveValue(/^Typed before\. word/);
  await page.locator('#text').press('Control+a');
  await page.locator('#text').press('Delete');
  await expect(page.locator('#text')).toHaveValue('');
  await expect(page.locator('#held')).toBeHidden();
  await page.locator('#text').fill('Free again.');
  await expect(page.locator('#text')).toHaveValue('Free again.');
});

test('Ctrl+Enter in the address fetches it', async ({ page }) => {
  await page.goto('/');
  await page.locator('#url').fill('http://127.0.0.1:22/');
  await page.locator('#url').press('Control+Enter');
  await expect(page.locator('#trouble')).toContainText('not fetched');
});

test('once is once', async ({ page }) => {
  const text = `${POST} A sentence of its own about the plural.`;
  await assess(page, text);
  await assess(page, text);
  await expect(page.locator('.seen')).toContainText('was assessed once here');
});

test('Back and Reload find the text and its answer again', async ({ page }) => {
  await page.goto('/');
  await page.getByText('About this text').click();
  await page.locator('#outlet').fill('Moon Daily');
  await page.locator('#text').fill(POST);
  await again(page);
  await answered(page);
  const sentence = await page.locator('#status').textContent();
  await page.locator('.related a[href^="/cases/"]').first().click();
  await expect(page).toHaveURL(/\/cases\//);
  const request = sent(page);
  await page.goBack();
  expect(await request).toMatchObject({ text: POST, outlet: 'Moon Daily' });
  await expect(page.locator('#status')).toHaveText(sentence);
  await page.reload();
  await expect(page.locator('#status')).toHaveText(sentence);
  // A text that was not asked for yet stays, too, and nothing is asked.
  await change(page);
  await page.locator('#text').fill('Half a thought');
  await page.locator('#headline').fill('A headline');
  await expect.poll(() => page.evaluate(() => window.history.state?.about.inputs[2].value)).toBe('A headline');
  await page.reload();
  await expect(page.locator('#text')).toHaveValue('Half a thought');
  await expect(page.locator('#headline')).toHaveValue('A headline');
  await expect(page.locator('#status.outcome')).toBeHidden();
  // A text that no key typed is kept as well.
  await page.locator('#ask').evaluate((form) => {
    const data = new DataTransfer();
    data.setData('text/plain', 'Dropped from elsewhere');
    form.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect.poll(() => page.evaluate(() => window.history.state?.text)).toBe('Dropped from elsewhere');
  await page.reload();
  await expect(page.locator('#text')).toHaveValue('Dropped from elsewhere');
  // Another visit begins anew, and so does the page after the text was put away.
  await page.goto('/');
  await expect(page.locator('#text')).toHaveValue('');
  await assess(page, POST);
  await page.getByRole('button', { name: 'New text' }).click();
  await page.reload();
  await expect(page.locator('#text')).toHaveValue('');
});
