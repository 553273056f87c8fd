// Keyboard only, dark, phone, right to left, and pastes that mean harm.
import { test, expect, assess, accessible, shot, POST } from './page.js';

const ARABIC = 'السفارات الغربية أعدت السيناريو مسبقا: الاحتجاجات في كازاخستان كانت ثورة ملونة يمولها الغرب لزعزعة استقرار روسيا، كما حدث في ميدان كييف. الناتو يريد حربا جديدة على حدود روسيا.';

// As a browser does it on Ctrl+V.
async function paste(page, text) {
  await page.locator('#text').focus();
  await page.evaluate((value) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', value);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.getElementById('text').dispatchEvent(event);
  }, text);
}

test('by keyboard alone', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.locator('.skip')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.locator('#text')).toBeFocused();
  await page.keyboard.insertText(POST);
  await page.keyboard.press('Control+Enter');
  await page.locator('.related').waitFor();
  // Into the text: the first passage is a tab stop, arrows go on from there.
  for (let i = 0; i < 60 && !(await page.locator('.passage:focus').count()); i += 1) await page.keyboard.press('Tab');
  await expect(page.locator('.passage').first()).toBeFocused();
  await expect(page.locator('.weights')).toContainText('Passage 1 of');
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.passage').nth(1)).toBeFocused();
  await expect(page.locator('.weights')).toContainText('Passage 2 of');
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('.passage').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.locator('.weights')).toBeHidden();
  // On to a verdict and back.
  const right = page.locator('.narrative[data-id="colour-revolutions"] .verdict button').first();
  for (let i = 0; i < 60 && !(await right.evaluate((b) => b === document.activeElement)); i += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const undo = page.locator('.narrative[data-id="colour-revolutions"]').getByRole('button', { name: 'Undo' });
  await expect(undo).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('.narrative[data-id="colour-revolutions"] .said')).toHaveText('Taken back.');
});

test('the outcome is announced', async ({ page }) => {
  await assess(page, POST);
  await expect(page.locator('#status')).toHaveAttribute('role', 'status');
  await expect(page.locator('#status')).toHaveAttribute('aria-live', 'polite');
});

test.describe('dark', () => {
  test.use({ colorScheme: 'dark' });
  test('every page', async ({ page }) => {
    await assess(page, POST);
    await accessible(page);
    await shot(page, 'answer-dark', { fullPage: true });
    for (const path of ['/', '/cases', '/cases/new', '/overview', '/model', '/api']) {
      await page.goto(path);
      await accessible(page);
    }
  });
});

test.describe('phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  test('every page, without sideways scrolling', async ({ page }) => {
    for (const path of ['/', '/cases', '/cases/new', '/overview', '/model', '/api']) {
      await page.goto(path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(390);
    }
    await assess(page, POST);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.locator('.passage').first().tap();
    await expect(page.locator('.weights')).toBeVisible();
    await accessible(page);
    await shot(page, 'answer-phone');
  });
});

test.describe('narrow phone', () => {
  test.use({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  test('every page, without sideways scrolling', async ({ page }) => {
    await page.request.post('/v1/assess', { data: { text: POST, outlet: 'The Very Long Name of an Outlet' } });
    for (const path of ['/', '/cases', '/cases/new', '/overview', '/model', '/api', '/nope']) {
      await page.goto(path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
    }
    await assess(page, POST);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  });
});

test('right to left', async ({ page }) => {
  await assess(page, ARABIC);
  const body = page.locator('.reading .body');
  await expect(body).toHaveText(ARABIC);
  expect(await body.evaluate((b) => getComputedStyle(b).direction)).toBe('rtl');
  await expect(page.locator('.answer > .facts')).toContainText('language ar');
  await accessible(page);
  await shot(page, 'right-to-left');
});

test('markup in a paste stays text', async ({ page }) => {
  const evil = `<script>window.hurt = 1</script><img src=x onerror="window.hurt = 2"><svg onload="window.hurt = 3"></svg> ${POST} "><iframe srcdoc="<script>parent.hurt = 4</script>"></iframe>{{7*7}} javascript:alert(1)`;
  await assess(page, evil);
  await expect(page.locator('.reading .body')).toHaveText(evil);
  expect(await page.evaluate(() => window.hurt)).toBeUndefined();
  expect(await page.locator('.reading img, .reading script, .reading iframe').count()).toBe(0);
  await page.locator('.passage').first().hover();
  expect(await page.evaluate(() => window.hurt)).toBeUndefined();
});

test('emoji and other letters beyond 16 bits do not shift the marks', async ({ page }) => {
  await assess(page, `😀😀😀 𝕿𝖗𝖚𝖙𝖍! 👩‍👩‍👧‍👦 ${POST}`);
  await expect(page.locator('.passage').first()).toHaveText(/^The unrest in Kazakhstan|^Western embassies/);
});

test('five megabytes', async ({ page }) => {
  const filler = 'The gardeners of Quellenburg planted turnips on a quiet Tuesday morning. ';
  const half = filler.repeat(Math.ceil(2_500_000 / filler.length));
  await page.goto('/');
  await paste(page, `${half}${POST} ${half}`);
  await expect(page.locator('#held')).toContainText('characters');
  await page.getByRole('button', { name: /^Assess/ }).click();
  await expect(page.locator('#status.outcome')).toBeVisible({ timeout: 45_000 });
  await expect(page.locator('.cut').first()).toBeVisible();
  expect(await page.locator('.reading .body').evaluate((b) => b.textContent.length)).toBeLessThan(100_000);
});

test('too much is said to be too much', async ({ page }) => {
  await page.goto('/');
  await paste(page, 'word '.repeat(2_200_000));
  await page.getByRole('button', { name: /^Assess/ }).click();
  await expect(page.locator('#trouble')).toContainText('too large', { timeout: 30_000 });
});
