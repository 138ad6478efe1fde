/**
 * Every page of the dashboard in both themes, wide and as on a phone, into `screenshots/`, over a demo fleet.
 *
 * `npm run screenshots`; with `--api URL --key KEY` of a server that runs already, with `--only NAME` of one page.
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { DynaBase } from '../src/sdk/index.ts';
import { openBrowser, openPage } from '../src/testing/browser.ts';
import { realServer } from '../src/testing/real-server.ts';
import { makeFleet } from './demo-fleet.ts';

const TENANT = '/tenants/aurora-books';

const PAGES: Readonly<Record<string, string>> = {
  overview: '/',
  tenants: '/tenants',
  tenant: TENANT,
  'tenant-awake': `${TENANT}?tab=awake`,
  'tenant-pattern': `${TENANT}?tab=pattern`,
  'tenant-queries': `${TENANT}?tab=queries&hours=1`,
  'tenant-sessions': `${TENANT}?tab=sessions`,
  'tenant-snapshots': `${TENANT}?tab=snapshots`,
  'tenant-decisions': `${TENANT}?tab=decisions`,
  'tenant-connect': `${TENANT}?tab=connect`,
  'tenant-settings': `${TENANT}?tab=settings`,
  costs: '/costs',
  operations: '/operations',
  audit: '/audit',
  customers: '/customers',
  prices: '/prices',
  invoices: '/invoices',
  keys: '/keys',
  webhooks: '/webhooks',
  policy: '/policy',
  plans: '/plans',
  settings: '/settings',
};

const SCREENS = { wide: { width: 1_440, height: 900 }, phone: { width: 390, height: 844 } };

const PLACE = 'screenshots';

type Place = { readonly url: string; readonly key: string };

const { values } = parseArgs({
  options: { api: { type: 'string' }, key: { type: 'string' }, only: { type: 'string' } },
});

await mkdir(PLACE, { recursive: true });
if (values.api !== undefined && values.key !== undefined) {
  await shootAll({ url: values.api, key: values.key });
} else {
  const env = { DYNABASE_DASHBOARD: 'true', DYNABASE_POLICY: 'demo' };
  await using server = await realServer({ env });
  await makeFleet(server.client);
  await shootAll({ url: server.apiUrl, key: server.apiKey });
}

async function shootAll(place: Place): Promise<void> {
  if (values.only === 'fleet') {
    await makeFleet(new DynaBase({ apiUrl: place.url, apiKey: place.key }));
    return;
  }
  const browser = await openBrowser();
  try {
    for (const theme of ['light', 'dark'] as const) await shoot(browser, place, theme);
  } finally {
    await browser.close();
  }
}

async function shoot(browser: Browser, { url, key }: Place, theme: 'light' | 'dark') {
  for (const [name, size] of Object.entries(SCREENS)) {
    const complaints: string[] = [];
    const page = await openPage(browser, { theme, ...size }, complaints);
    await page.goto(`${url}/login`);
    await settled(page);
    if (values.only === undefined)
      await page.screenshot({ path: `${PLACE}/login-${name}-${theme}.png` });
    await page.getByLabel('API key').fill(key);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    for (const [title, path] of Object.entries(PAGES)) {
      if (values.only !== undefined && !title.startsWith(values.only)) continue;
      await page.goto(url + path);
      await settled(page);
      await page.screenshot({ path: `${PLACE}/${title}-${name}-${theme}.png` });
    }
    for (const complaint of new Set(complaints)) process.stderr.write(`${name}: ${complaint}\n`);
    await page.context().close();
  }
}

/** Everything that was asked for has come: nothing holds a place any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('[aria-label="Loading"]').first().waitFor({ state: 'detached' });
}
