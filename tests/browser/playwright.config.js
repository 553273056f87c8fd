// One server with a fresh store, one browser: Debian's Chromium, or another one named by CHROMIUM.
import { defineConfig } from '@playwright/test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;
const program = process.env.LEITMOTIF ?? join(root, 'target/debug/leitmotif');
const port = process.env.LEITMOTIF_TEST_PORT ?? '7893';
// Workers read this file again: only the first reading makes the folder.
process.env.LEITMOTIF_TEST_STORE ??= join(mkdtempSync(join(tmpdir(), 'leitmotif-browser-')), 'store.db');

export default defineConfig({
  testDir: '.',
  fullyParallel: false,
  workers: 1,
  timeout: 40_000,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  outputDir: join(root, 'target/browser-tests'),
  use: {
    actionTimeout: 10_000,
    baseURL: `http://127.0.0.1:${port}`,
    locale: 'en-GB',
    viewport: { width: 1280, height: 860 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Without it Chromium does not start as root, as it must in a container.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
  webServer: {
    command: `${program} serve --bind 127.0.0.1:${port} --store ${process.env.LEITMOTIF_TEST_STORE}`,
    url: `http://127.0.0.1:${port}/readyz`,
    timeout: 60_000,
    reuseExistingServer: false,
  },
});
