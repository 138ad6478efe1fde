/** The operator's pages with weeks of a fleet's life behind them: rules tried before they hold, and the ladder as it moves. */
import pg from 'pg';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, NO_BROWSER, openBrowser, openPage } from '../../testing/browser.ts';
import { livePast } from '../../testing/past-weeks.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { type RealServer, realServer } from '../../testing/real-server.ts';

const WIDE = { width: 1_440, height: 900 };

/** What a person does there takes that long: some seconds are waited for on purpose, and each page is drawn. */
const WATCHED_WITHIN_MS = 180_000;

const WATCHED = { timeout: 60_000 };

/** As long as a name may be. */
const LONG = `z${'o'.repeat(61)}o`;

describe.skipIf(browserPath() === undefined)(`in a browser (skipped: ${NO_BROWSER})`, () => {
  let postgres: RealPostgres;
  let server: RealServer;
  let browser: Browser;
  let page: Page;
  /** Of the office. */
  let uri: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    postgres = await realPostgres();
    await postgres.sql('create database catalog');
    const { socketDir, user, password } = postgres.connection;
    const DATABASE_URL = `postgresql://${user}:${password}@localhost/catalog?host=${socketDir}`;
    server = await realServer({
      env: { DYNABASE_DASHBOARD: 'true', DYNABASE_POLICY: 'demo', DATABASE_URL },
    });
    const { tenants } = server.client;
    uri = (await tenants.create({ name: 'office' })).connectionUri;
    for (const name of ['nightly', LONG]) await tenants.create({ name });
    await livePast(postgres, ['office', 'nightly', LONG], 'catalog');
    browser = await openBrowser();
    page = await openPage(browser, { theme: 'light', ...WIDE }, complaints);
    await page.goto(`${server.apiUrl}/login`);
    await page.getByLabel('API key').fill(server.apiKey);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  }, WATCHED_WITHIN_MS);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  });

  async function open(path: string, title: string): Promise<void> {
    await page.goto(server.apiUrl + path);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }

  const numbersOf = async (row: Locator): Promise<readonly number[]> =>
    (await row.getByRole('cell').allTextContents()).map((text) =>
      Number(text.replace(/[^\d.]/g, '')),
    );

  test('by sliders it is seen what another idle time would have meant, and the server says the same', async () => {
    await open('/tenants/office?tab=awake', 'office');
    await page.getByRole('button', { name: 'Replay' }).click();
    const line = page.getByRole('row', { name: /^Cold starts/ });
    await line.waitFor();
    const shortly = await numbersOf(line);
    const idle = page.getByLabel('Idle time');
    await idle.focus();
    for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowRight');
    await page.getByText('1 h', { exact: true }).waitFor();
    await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
    await expect.poll(() => numbersOf(line), WATCHED).not.toEqual(shortly);
    const told = await numbersOf(line);
    const wish = { tenant: 'office', days: 14, idleMs: 3_600_000 };
    const { coldStarts, verdict } = await server.client.economics.whatIf(wish);
    const { before, after } = coldStarts;
    expect(told.slice(0, 2)).toEqual([Math.round(before), Math.round(after)]);
    // Three times an hour while people are at work: within an hour somebody is there again.
    expect(after).toBeLessThan(before / 3);
    expect(verdict).toBe('dearer but quicker');
    await page.getByText(/^Dearer but quicker: each second less/).waitFor();
  });

  test('rules are tried on the last week, then put in force, and hold', async () => {
    await open('/policy', 'Policy');
    const rules = page.getByRole('region', { name: 'Change the rules' });
    await rules.getByRole('combobox').click();
    await page.getByRole('option', { name: 'preset vision' }).click();
    const put = rules.getByRole('button', { name: 'Put in force' });
    expect(await put.getAttribute('aria-disabled')).toBe('true');
    await rules.getByRole('button', { name: 'Try on the last week' }).click();
    await rules.getByText('3 tenants were replayed over 7 days').waitFor();
    const [before = 0, after = 0] = await numbersOf(
      rules.getByRole('row', { name: /^Cost of use/ }),
    );
    expect(after).toBeGreaterThan(before);
    // What was tried are those rules, and no others.
    await rules.getByRole('combobox').click();
    await page.getByRole('option', { name: 'preset machine' }).click();
    expect(await put.getAttribute('aria-disabled')).toBe('true');
    await rules.getByRole('combobox').click();
    await page.getByRole('option', { name: 'preset vision' }).click();
    await put.click();
    await page.getByRole('region', { name: 'In force' }).getByText('preset vision').waitFor();
    expect((await server.client.policy.get()).preset).toBe('vision');
    await server.client.policy.set({ preset: 'demo' });
  });

  test('a tenant has a budget of its own', async () => {
    await open('/tenants/office?tab=settings', 'office');
    const budget = page.getByRole('region', { name: 'Budget' });
    await budget.getByRole('button', { name: 'Set' }).click();
    await page.getByLabel('Amount').fill('12,5');
    const save = page.getByRole('dialog').getByRole('button', { name: 'Save' });
    expect(await save.getAttribute('aria-disabled')).toBe('true');
    await page.getByLabel('Amount').fill('12.50');
    await save.click();
    await budget.getByText('of $12.50').waitFor();
    const [kept] = await server.client.economics.budgets();
    expect(kept).toMatchObject({ name: 'office', measure: 'cost', amount: '12.50' });
    await open('/prices', 'Prices and budgets');
    await page
      .getByRole('region', { name: 'Budgets' })
      .getByRole('link', { name: 'office' })
      .click();
    await page.getByRole('heading', { name: 'office', level: 1 }).waitFor();
  });

  test('what cannot be done to one of many is told with its reason, and done to the others', async () => {
    await server.client.tenants.create({ name: 'doomed' });
    await open('/tenants', 'Tenants');
    for (const name of ['doomed', 'nightly', LONG])
      await page.getByLabel(`Choose ${name}`, { exact: true }).check();
    await server.client.tenants.delete('doomed');
    await page.getByRole('button', { name: 'Set tier' }).click();
    await page.getByRole('menuitem', { name: 'HOT' }).click();
    await page.getByText('2 changed, 1 not.').waitFor();
    await page.getByText('(doomed)').waitFor();
    await page.getByRole('button', { name: 'Choose that one again' }).click();
    await page.getByText('1 chosen').waitFor();
    const tiers = ['nightly', LONG].map(
      async (name) => (await server.client.tenants.get(name)).tier,
    );
    expect(await Promise.all(tiers)).toEqual(['HOT', 'HOT']);
  });

  test(
    'under preset demo the ladder is seen to move: down while nobody asks, and up again with who comes',
    async () => {
      await server.client.tenants.change('office', { tier: 'COLD' });
      const client = new pg.Client({ connectionString: uri });
      await client.connect();
      await client.query(
        'create table notes as select n, md5(n::text) from generate_series(1, 60000) n',
      );
      await open('/tenants/office', 'office');
      await page.evaluate('window.isSame = true');
      const levels = page.getByRole('region', { name: 'Where its data is' });
      const level = (name: string) => levels.getByRole('listitem').filter({ hasText: name });
      const moves = page.getByRole('table', { name: 'Moves on the ladder' });
      const bytesIn = async (name: string): Promise<string> =>
        (await level(name).locator('span').last().textContent()) ?? '';
      await level('L1').getByText('here now').waitFor();
      await expect.poll(() => bytesIn('L1'), WATCHED).toMatch(/^[3-9](\.\d+)? MB$/);
      await client.end();
      await moves.getByText('suspended').first().waitFor();
      await expect.poll(() => bytesIn('L1'), WATCHED).toBe('0 B');
      await levels.getByText(/^level L[23]$/).waitFor();
      await level('L1').getByText('here now').waitFor({ state: 'detached' });
      const other = new pg.Client({ connectionString: uri });
      await other.connect();
      await other.query('select count(*) from notes');
      await level('L1').getByText('here now').waitFor();
      await expect.poll(() => bytesIn('L1'), WATCHED).toMatch(/ MB$/);
      expect(await page.evaluate('window.isSame')).toBe(true);
      await other.end();
    },
    WATCHED_WITHIN_MS,
  );

  test('nothing on these pages complains', () => {
    // A request that is to fail is told of by the browser itself.
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});
