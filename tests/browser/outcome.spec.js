// The outcome in a sentence: it agrees with the stance, with the command line, and names what was decided.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test, expect, assess, accessible, article, POST } from './page.js';

const program = process.env.LEITMOTIF ?? new URL('../../target/debug/leitmotif', import.meta.url).pathname;
const cases = fs.readFileSync('../../training-data/cases.jsonl', 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const { claim, disproof } = Object.fromEntries(['claim', 'disproof'].map((field) => [field, (id) => cases.find((c) => c.id === id)[field]]));

const TEXTS = {
  spreads: POST,
  'long, from one passage': article(POST),
  'known and reported': disproof('mh17-denial-10'),
  'a parent that is surer than its child': claim('poisonings-denied-pl-m3'),
  'a parent alone, reported': disproof('holocaust-distorted-fr-m1'),
  'a parent alone, unclear': disproof('ww2-west-guilty-fr-m3'),
  'unknown and unclear': disproof('mh17-denial-02'),
  'unknown and reported': disproof('atrocities-staged-01'),
  'a parent alone': 'Vaccines save lives.',
  'too short': 'biolabs Ukraine',
  'not supported': 'qwrtz plmkn xcvbb ghjkl zzzzt wrtzp',
  unknown: 'The gardeners of Quellenburg planted turnips on Tuesday, and the mayor brought cake for everyone.',
};

for (const [name, text] of Object.entries(TEXTS)) {
  test(`page and command line say the same: ${name}`, async ({ page }) => {
    await assess(page, text);
    const said = execFileSync(program, ['classify', '-'], { input: text, encoding: 'utf8' }).split('\n')[0];
    await expect(page.locator('#status')).toHaveText(said);
  });
}

test('a debunk of a known narrative is told to be one, and near the top', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await assess(page, TEXTS['known and reported']);
  await expect(page.locator('#status')).toHaveText(/^(Perhaps about|About): .* It seems to report or debunk/);
  await expect(page.locator('#status')).not.toHaveText(/say the same|says the same|arries/);
  await expect(page.locator('.stance-said')).toContainText('Reports on it or debunks it');
  await expect(page.locator('.stance-said')).toBeInViewport();
  await accessible(page);
});

test('an unclear stance is not told to be a clear one, and goes into the summary', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await assess(page, TEXTS['unknown and unclear']);
  await expect(page.locator('#status')).toContainText('is unclear');
  await expect(page.locator('#status')).not.toContainText('seems to');
  await page.getByRole('button', { name: 'Copy summary' }).click();
  await expect(page.locator('.take .said')).toHaveText('Copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('Unclear whether it spreads or reports');
});

test('a parent that was decided alone is carried, shown in the text and taken into a case', async ({ page }) => {
  const text = TEXTS['a parent alone, reported'];
  await assess(page, text);
  const { narratives } = await (await page.request.post('/v1/assess', { data: { text } })).json();
  const decided = narratives.filter((n) => n.decision !== 'weak');
  const named = decided.filter((n) => !decided.some((c) => c.parent === n.id));
  const parents = named.filter((n) => narratives.some((c) => c.parent === n.id));
  expect(parents).toHaveLength(1);
  await expect(page.locator('#status')).toContainText(`a form of ${parents[0].name}`);
  await expect(page.locator('.score-box .voices')).toContainText(parents[0].name);
  await page.getByRole('button', { name: 'Make it a case' }).click();
  await expect(page.locator('[name=narratives]')).toHaveValues(named.map((n) => n.id));
  await expect(page.locator('[name=claim]')).toHaveValue(named[0].evidence.map((e) => e.text.trim()).join(' '));
  await expect(page.locator('[name=languages]')).toHaveValue('French');
});

test('of a text that is too short no case is said to say the same', async ({ page }) => {
  await assess(page, TEXTS['too short']);
  await expect(page.locator('#status')).toHaveText('Too short to say: give at least a sentence.');
});

test('the focus goes to the outcome, and the title names it', async ({ page }) => {
  await page.goto('/');
  const plain = await page.title();
  await assess(page, POST);
  await expect(page.locator('#status')).toBeFocused();
  await expect(page).toHaveTitle(/^Carries|^May carry/);
  await page.getByRole('button', { name: 'Change the text' }).click();
  await expect(page).toHaveTitle(plain);
});

test('the weights add up, and their box goes with the focus', async ({ page }) => {
  await assess(page, POST);
  await page.locator('.passage').first().focus();
  const note = page.locator('.weights');
  const number = (text) => Math.round(Number(text.match(/[−-]?\d+\.\d\d$/)[0].replace('−', '-')) * 100);
  const total = number(await note.locator('.speaks').first().innerText());
  const rows = await note.locator('table').first().locator('tbody td').allInnerTexts();
  expect(rows.map((r) => number(r.trim())).reduce((a, b) => a + b, 0)).toBe(total);
  await expect(note).toContainText('all other words');
  // A click into the box keeps it open, Escape and the focus elsewhere close it.
  await note.locator('.which').click();
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
  await expect(note).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(note).toBeHidden();
  await page.locator('.passage').first().blur();
  await page.locator('.passage').first().focus();
  await expect(note).toBeVisible();
  await page.mouse.move(0, 0);
  await page.getByRole('button', { name: 'Change the text' }).focus();
  await expect(note).toBeHidden();
});
