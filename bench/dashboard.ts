/**
 * The dashboard over a large fleet: how soon pages are there, what one waits for a key that is pressed, and how much moves.
 *
 *   node bench/dashboard.ts [TENANTS]
 *   node bench/dashboard.ts --api URL --key KEY      of a server that runs already
 *
 * Bars: what is pressed or typed is answered on the screen within 100 ms, whatever the server does meanwhile; nothing of a
 * page moves (a layout shift below 0.02) though each answer of the server comes 1.5 s late.
 */
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { openBrowser, openPage } from '../src/testing/browser.ts';
import { realPostgres } from '../src/testing/real-postgres.ts';
import { freshDataDir, realServer, removeDataDir } from '../src/testing/real-server.ts';
import { fillFleet } from './large-fleet.ts';
import { fixed, printMachine, printTable, verdict } from './measure.ts';

const INTERACTION_BAR_MS = 100;
const SHIFT_BAR = 0.02;
const LATE_MS = 1_500;

const WIDE = { theme: 'light', width: 1_440, height: 900 } as const;

const PAGES: readonly string[] = [
  ...[
    '/',
    '/tenants',
    '/tenants/TENANT',
    '/tenants/TENANT?tab=awake',
    '/tenants/TENANT?tab=pattern',
  ],
  ...[
    '/tenants/TENANT?tab=queries',
    '/tenants/TENANT?tab=sessions',
    '/tenants/TENANT?tab=snapshots',
  ],
  ...[
    '/tenants/TENANT?tab=decisions',
    '/tenants/TENANT?tab=connect',
    '/tenants/TENANT?tab=settings',
  ],
  ...['/costs', '/operations', '/audit', '/customers', '/customers/CUSTOMER'],
  ...[
    '/customers/CUSTOMER?tab=billing',
    '/customers/CUSTOMER?tab=limits',
    '/customers/CUSTOMER?tab=access',
  ],
  ...['/prices', '/invoices', '/keys', '/webhooks', '/policy', '/plans', '/settings'],
];

type Place = { readonly url: string; readonly key: string };

const { values, positionals } = parseArgs({
  options: { api: { type: 'string' }, key: { type: 'string' }, only: { type: 'string' } },
  allowPositionals: true,
});

printMachine();
if (values.api !== undefined && values.key !== undefined) {
  await measure({ url: values.api, key: values.key });
} else {
  await measureFleetOf(Number(positionals[0] ?? 100_000));
}

async function measureFleetOf(tenants: number): Promise<void> {
  await using postgres = await realPostgres(['shared_buffers=64MB']);
  const { user, password, socketDir, database } = postgres.connection;
  const DATABASE_URL = `postgresql://${user}:${password}@localhost/${database}?host=${socketDir}`;
  const env = { DATABASE_URL, DYNABASE_DASHBOARD: 'true' };
  const dataDir = await freshDataDir();
  try {
    await (await realServer({ env, dataDir })).end();
    await fillFleet(postgres, tenants);
    await using server = await realServer({ env, dataDir });
    await measure({ url: server.apiUrl, key: server.apiKey });
  } finally {
    await removeDataDir(dataDir);
  }
}

async function measure(place: Place): Promise<void> {
  const browser = await openBrowser();
  try {
    const page = await openPage(browser, WIDE);
    await watch(page);
    await page.goto(`${place.url}/login`);
    await page.getByLabel('API key').fill(place.key);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('#page h1').first().waitFor();
    if (values.only !== 'late') await interactions(page, place);
    await lateAnswers(page, place);
  } finally {
    await browser.close();
  }
}

/** Presses and keys by the time until the next frame is painted, and what moved without anybody's doing. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(`
    window.seen = { slowest: 0, shift: 0, moved: [] };
    new PerformanceObserver((list) => {
      for (const one of list.getEntries()) {
        if (one.interactionId > 0) window.seen.slowest = Math.max(window.seen.slowest, one.duration);
      }
    }).observe({ type: 'event', durationThreshold: 16, buffered: true });
    new PerformanceObserver((list) => {
      for (const one of list.getEntries()) {
        if (one.hadRecentInput) continue;
        window.seen.shift += one.value;
        for (const { node, previousRect: was, currentRect: is } of one.sources ?? []) {
          const name = node?.nodeType === 1 ? node.tagName + '.' + String(node.className).slice(0, 40) + ':' + String(node.textContent).slice(0, 30) : String(node?.textContent).slice(0, 30);
          window.seen.moved.push(one.value.toFixed(3) + ' ' + name + ' ' + [was.y, was.height, is.y, is.height].map(Math.round).join(','));
        }
      }
    }).observe({ type: 'layout-shift', buffered: true });`);
}

/** Asks how many milliseconds of processor the page has taken: other programs do not disturb that. */
async function workOf(page: Page): Promise<() => Promise<number>> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  };
}

type Seen = { readonly slowest: number; readonly shift: number; readonly moved: readonly string[] };

function seen(page: Page): Promise<Seen> {
  return page.evaluate<Seen>('window.seen');
}

async function interactions(page: Page, { url }: Place): Promise<void> {
  const rows: (readonly string[])[] = [['tenants', 'ms of work', 'until painted', 'bar']];
  const worked = await workOf(page);
  const measured = async (what: string, act: () => Promise<unknown>, answer = false) => {
    await page.evaluate('window.seen.slowest = 0');
    const before = await worked();
    await Promise.all([answer ? answered() : null, act()]);
    // Entries are told of a frame or two later.
    await page.evaluate('new Promise((done) => setTimeout(done, 300))');
    const work = (await worked()) - before;
    const { slowest } = await seen(page);
    rows.push([what, fixed(work, 0), fixed(slowest, 0), verdict(slowest <= INTERACTION_BAR_MS)]);
  };
  const body = page.getByRole('table', { name: 'Tenants' });
  const answered = () => page.waitForResponse((one) => one.url().includes('/v1/tenants?'));
  const begun = performance.now();
  await page.goto(`${url}/tenants`);
  await body.getByRole('row').nth(10).waitFor();
  rows.push(['first load', fixed(await worked(), 0), fixed(performance.now() - begun, 0), '']);
  const search = page.getByRole('searchbox');
  await search.click();
  for (const letter of 'shop') {
    await measured(`key "${letter}"`, () => page.keyboard.press(letter));
  }
  await measured('eight keys at once', () => page.keyboard.type('-0a'), true);
  await search.fill('');
  await body.getByRole('row').nth(10).waitFor();
  for (const name of ['Since', 'Created', 'State', 'Name']) {
    await measured(`sort by ${name}`, () => body.getByRole('button', { name }).click(), true);
  }
  await measured('all that are loaded', () =>
    page.getByLabel('Choose all that are loaded').click(),
  );
  await measured('one of them', () => body.getByRole('checkbox').nth(3).click());
  await measured('none', () => page.getByRole('button', { name: 'Choose none' }).click());
  await page.evaluate('document.querySelector("[role=table]").scrollTop = 0');
  let frames = 0;
  for (; frames < 100; frames++) {
    await body.evaluate((one: { scrollTop: number }) => {
      one.scrollTop += 2_000;
    });
    await page.evaluate('new Promise(requestAnimationFrame)');
  }
  const loaded = await page.locator('text=/loaded/').first().textContent();
  rows.push([`scrolled: ${loaded}`, '', '', '']);
  await measured('one more, scrolled', () => body.getByRole('checkbox').nth(5).click());
  const heap = await page.evaluate<number>('performance.memory.usedJSHeapSize');
  rows.push(['heap, MB', fixed(heap / 2 ** 20), '', '']);
  printTable(rows);
  console.log();
}

/** Each page, fresh, with every answer late. */
async function lateAnswers(page: Page, { url }: Place): Promise<void> {
  const rows: (readonly string[])[] = [
    ['each answer 1.5 s late', 'shown after s', 'layout shift', 'bar'],
  ];
  const tenant = await nameOf(page, `${url}/v1/tenants?limit=1`, 'tenants', 'name');
  const customer = await nameOf(page, `${url}/v1/customers?limit=1`, 'customers', 'id');
  await page.route(/\/v1\//, async (route) => {
    if (!route.request().url().includes('/events')) {
      await new Promise((done) => setTimeout(done, LATE_MS));
    }
    await route.continue().catch(() => undefined);
  });
  for (const path of PAGES) {
    if (values.only !== undefined && values.only !== 'late' && !path.includes(values.only))
      continue;
    const begun = performance.now();
    await page.goto(url + path.replace('TENANT', tenant).replace('CUSTOMER', customer));
    await page.locator('#page h1').first().waitFor();
    await page
      .locator('[aria-label="Loading"]')
      .first()
      .waitFor({ state: 'detached' })
      .catch(() => undefined);
    const took = performance.now() - begun;
    await page.evaluate('new Promise((done) => setTimeout(done, 600))');
    const { shift, moved } = await seen(page);
    rows.push([path, fixed(took / 1_000), fixed(shift, 3), verdict(shift <= SHIFT_BAR)]);
    if (shift > SHIFT_BAR) for (const one of moved.slice(0, 6)) console.error(`  ${path}: ${one}`);
  }
  printTable(rows);
}

async function nameOf(page: Page, url: string, list: string, field: string): Promise<string> {
  const found = await page.request.get(url);
  const rows = ((await found.json()) as Record<string, Record<string, string>[]>)[list];
  return rows?.[0]?.[field] ?? 'none';
}
