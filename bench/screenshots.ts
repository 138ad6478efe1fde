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
import { livePast } from '../src/testing/past-weeks.ts';
import { type RealPostgres, realPostgres } from '../src/testing/real-postgres.ts';
import {
  freshDataDir,
  type RealServerOptions,
  realServer,
  removeDataDir,
} from '../src/testing/real-server.ts';
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
  customer: '/customers/CUSTOMER',
  'customer-limits': '/customers/CUSTOMER?tab=limits',
  keys: '/keys',
  webhooks: '/webhooks',
  policy: '/policy',
  plans: '/plans',
  settings: '/settings',
};

/** What a customer sees, logged in with a key of its own. */
const DATABASE = '/databases/aurora-books';

const OWN_PAGES: Readonly<Record<string, string>> = {
  'own-home': '/',
  'own-welcome': '/welcome',
  'own-database': DATABASE,
  'own-connect': `${DATABASE}?tab=connect`,
  'own-sql': `${DATABASE}?tab=sql`,
  'own-tables': `${DATABASE}?tab=tables&table=orders`,
  'own-queries': `${DATABASE}?tab=queries`,
  'own-backups': `${DATABASE}?tab=backups`,
  'own-settings': `${DATABASE}?tab=settings`,
  'own-billing': '/billing',
  'own-members': '/members',
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
  await using postgres = await realPostgres();
  await postgres.sql('create database catalog');
  const { socketDir, user, password } = postgres.connection;
  const DATABASE_URL = `postgresql://${user}:${password}@localhost/catalog?host=${socketDir}`;
  const env = { DYNABASE_DASHBOARD: 'true', DYNABASE_POLICY: 'demo', DATABASE_URL };
  const dataDir = await freshDataDir();
  try {
    await shootAged({ env, dataDir }, postgres);
  } finally {
    await removeDataDir(dataDir);
  }
}

/** Weeks are written while no server runs: the next one finds the days that are over, and settles them. */
async function shootAged(options: RealServerOptions, postgres: RealPostgres): Promise<void> {
  const names: string[] = [];
  {
    await using server = await realServer(options);
    await makeFleet(server.client);
    for await (const { name } of server.client.tenants.list()) names.push(name);
  }
  await livePast(postgres, names, 'catalog');
  await using server = await realServer(options);
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

async function shoot(browser: Browser, place: Place, theme: 'light' | 'dark') {
  const server = new DynaBase({ apiUrl: place.url, apiKey: place.key });
  const customer = await firstCustomer(server);
  for (const size of Object.entries(SCREENS)) {
    const [page, done] = await loggedIn(browser, place, { theme, size });
    await shootPages(page, {
      url: place.url,
      pages: PAGES,
      customer,
      suffix: `${size[0]}-${theme}`,
    });
    await done();
  }
  const own = { ...place, key: await ownKey(server) };
  for (const size of Object.entries(SCREENS)) {
    const [page, done] = await loggedIn(browser, own, { theme, size });
    await shootPages(page, {
      url: place.url,
      pages: OWN_PAGES,
      customer,
      suffix: `${size[0]}-${theme}`,
    });
    await done();
  }
}

type Size = readonly [name: string, size: { readonly width: number; readonly height: number }];

async function loggedIn(
  browser: Browser,
  { url, key }: Place,
  { theme, size: [name, size] }: { readonly theme: 'light' | 'dark'; readonly size: Size },
) {
  const complaints: string[] = [];
  const page = await openPage(browser, { theme, ...size }, complaints);
  await page.goto(`${url}/login`);
  await settled(page);
  if (values.only === undefined)
    await page.screenshot({ path: `${PLACE}/login-${name}-${theme}.png` });
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.locator('#page h1').first().waitFor();
  const done = async (): Promise<void> => {
    for (const complaint of new Set(complaints)) process.stderr.write(`${name}: ${complaint}\n`);
    await page.context().close();
  };
  return [page, done] as const;
}

type Shots = {
  readonly url: string;
  readonly pages: Readonly<Record<string, string>>;
  readonly customer: string;
  readonly suffix: string;
};

async function shootPages(page: Page, { url, pages, customer, suffix }: Shots): Promise<void> {
  for (const [title, path] of Object.entries(pages)) {
    if (values.only !== undefined && !title.startsWith(values.only)) continue;
    await page.goto(url + path.replace('CUSTOMER', customer));
    await settled(page);
    await page.screenshot({ path: `${PLACE}/${title}-${suffix}.png` });
  }
}

/** Of the customer whose database the pages show. */
async function ownKey(server: DynaBase): Promise<string> {
  const { customer } = await server.tenants.get('aurora-books');
  if (customer === null) throw new Error('aurora-books is of no customer');
  const scope = { kind: 'customer', customer } as const;
  return (await server.keys.create({ name: 'Ada', role: 'admin', scope })).secret;
}

async function firstCustomer(server: DynaBase): Promise<string> {
  for await (const { id } of server.customers.list()) return id;
  return '';
}

/** Everything that was asked for has come: nothing holds a place any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  // What draws charts comes after the page, too.
  for (const room of ['[aria-label="Loading"]', '.h-\\[204px\\]'])
    await page.locator(room).first().waitFor({ state: 'detached' });
}
