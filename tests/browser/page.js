// What the tests share: a page that must stay free of errors, a text, accessibility, screenshots.
import { test as base, expect } from '@playwright/test';
import { AxeBuilder } from '@axe-core/playwright';
import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url).pathname;
export const POST = readFileSync(`${root}examples/post.txt`, 'utf8').trim();

// Everyday news around a text, a paragraph each.
export function article(text) {
  const records = readFileSync(`${root}training-data/background.jsonl`, 'utf8').trim().split('\n').map(JSON.parse);
  const news = records.filter((r) => r.language === 'en' && r.kind === 'everyday').slice(0, 6).map((r) => r.text);
  return [...news.slice(0, 3), text, ...news.slice(3)].join('\n\n');
}

// SCREENSHOTS=1 renews those of the documentation; otherwise they are left with the results of the tests.
const shots = process.env.SCREENSHOTS ? `${root}docs/screenshots` : `${root}target/browser-tests/screenshots`;

export const test = base.extend({
  page: async ({ page }, use) => {
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') wrong.push(`request to ${request.url()}`);
    });
    await use(page);
    // A problem answered by the API is logged by the browser, and expected where a test asks for it.
    expect(wrong.filter((w) => !w.includes('status of 4') && !w.includes('status of 5'))).toEqual([]);
  },
});

export async function assess(page, text) {
  await page.goto('/');
  await page.locator('#text').fill(text);
  await page.locator('#text').press('Control+Enter');
  await page.locator('.related').waitFor();
}

export async function accessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('\n')}`)).toEqual([]);
}

// Still, and without what differs from run to run.
export async function shot(page, name, options = {}) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.screenshot({ path: `${shots}/${name}.png`, animations: 'disabled', ...options });
}

export { expect };
