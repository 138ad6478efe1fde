/**
 * A real browser, for what only one can show.
 *
 * Chromium is no package of npm here: it is the system's (`apt-get install chromium`), or the one that CHROMIUM_PATH names.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** How long one step may keep a test waiting: a busy machine draws a page in seconds. Less than a test may take. */
const WITHIN_MS = 60_000;

/** What to do where there is none. */
export const NO_BROWSER =
  'no Chromium: install one ("apt-get install -y chromium") or name it by CHROMIUM_PATH';

/** Undefined where there is none. */
export const browserPath = (): string | undefined =>
  [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));

export async function openBrowser(): Promise<Browser> {
  const executablePath = browserPath();
  if (executablePath === undefined) throw new Error(NO_BROWSER);
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=en-GB'];
  return await chromium.launch({ executablePath, args });
}

export type Screen = {
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
};

/** A page of its own, with no cookies but its own. What the page complains of is kept in `complaints`. */
export async function openPage(
  browser: Browser,
  { theme, width, height }: Screen,
  complaints: string[] = [],
): Promise<Page> {
  const context = await browser.newContext({
    ...{ colorScheme: theme, viewport: { width, height }, reducedMotion: 'reduce' },
    ...{ timezoneId: 'UTC', locale: 'en-GB' },
  });
  context.setDefaultTimeout(WITHIN_MS);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return page;
}
