// A browser for the tests: Debian's chromium with its own profile, and a page that remembers every complaint.
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const address = process.env.FETTLE_URL ?? 'http://127.0.0.1:5000';
const screenshots = process.env.FETTLE_SCREENSHOTS;

export async function openBrowser() {
  const profile = await mkdtemp(join(tmpdir(), 'fettle-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.FETTLE_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width: 1440, height: 900 },
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { page, complaints, close };
}

/** Goes to an address behind `#`, as a fresh reader would. */
export async function open(page, hash) {
  await page.goto('about:blank');
  await page.goto(`${address}/#${hash}`);
}

export async function shoot(page, name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(screenshots, `${name}-${scheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
