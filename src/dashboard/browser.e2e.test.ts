/** The dashboard in a real browser, over the whole program: one server, one fleet, everything that a page alone can show. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, NO_BROWSER, openBrowser, openPage } from '../testing/browser.ts';
import { hurdles } from '../testing/everybody.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

/** Every page is looked over: some seconds each on a machine that does much besides. */
const LOOKED_OVER_WITHIN_MS = 300_000;

const WIDE = { width: 1_440, height: 900 };

const PAGES: Readonly<Record<string, string>> = {
  '/': 'Overview',
  '/tenants': 'Tenants',
  '/tenants/acme': 'acme',
  '/tenants/acme?tab=awake': 'acme',
  '/tenants/acme?tab=pattern': 'acme',
  '/tenants/acme?tab=queries': 'acme',
  '/tenants/acme?tab=sessions': 'acme',
  '/tenants/acme?tab=snapshots': 'acme',
  '/tenants/acme?tab=decisions': 'acme',
  '/tenants/acme?tab=connect': 'acme',
  '/tenants/acme?tab=settings': 'acme',
  '/costs': 'Costs and margins',
  '/operations': 'Operations',
  '/audit': 'Audit log',
  '/customers': 'Customers',
  '/prices': 'Prices and budgets',
  '/invoices': 'Invoices',
  '/keys': 'Keys and people',
  '/webhooks': 'Webhooks',
  '/policy': 'Policy',
  '/plans': 'Plans and tiers',
  '/settings': 'Settings',
};

describe.skipIf(browserPath() === undefined)(`in a browser (skipped: ${NO_BROWSER})`, () => {
  let server: RealServer;
  let browser: Browser;
  let complaints: string[];
  let customer: string;
  let page: Page;

  beforeAll(async () => {
    server = await realServer({ env: { DYNABASE_DASHBOARD: 'true' } });
    browser = await openBrowser();
    customer = (await server.client.customers.create({ name: 'Northwind', plan: 'starter' })).id;
    await server.client.tenants.create({ name: 'acme' });
    await server.client.tenants.create({ name: 'beta' });
    complaints = [];
    page = await openPage(browser, { theme: 'light', ...WIDE }, complaints);
    await login(page, server.apiKey);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  async function login(at: Page, key: string): Promise<void> {
    await at.goto(`${server.apiUrl}/tenants?tier=COLD`);
    await at.getByLabel('API key').fill(key);
    await at.getByRole('button', { name: 'Log in' }).click();
    await at.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  }

  async function open(at: Page, path: string, title: string): Promise<void> {
    await at.goto(server.apiUrl + path);
    await at.getByRole('heading', { name: title, level: 1 }).waitFor();
    await at.locator('[aria-label="Loading"]').first().waitFor({ state: 'detached' });
  }

  test('who is not logged in is asked to, and comes to the page that was meant', async () => {
    expect(new URL(page.url()).search).toBe('?tier=COLD');
    const cookies = await page.context().cookies();
    expect(cookies).toMatchObject([{ name: 'dynabase', httpOnly: true, sameSite: 'Lax' }]);
    const kept = await page.evaluate<string>('JSON.stringify([localStorage, sessionStorage])');
    expect(kept).not.toContain(server.apiKey);
  });

  test('a wake is seen as it happens, with nothing loaded again', async () => {
    await open(page, '/tenants', 'Tenants');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.evaluate('window.isSame = true');
    const row = page.getByRole('row', { name: /acme/ });
    await row.getByText('suspended').waitFor();
    await server.client.tenants.wake('acme');
    await row.getByText('running').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    const awake = page.getByRole('table', { name: 'Tenants that are awake' });
    await awake.getByText('acme').waitFor();
    await server.client.tenants.wake('beta');
    await awake.getByText('beta').waitFor();
    expect(await page.evaluate('window.isSame')).toBe(true);
  });

  test('a tenant is suspended, and what cannot be done says why', async () => {
    await open(page, '/tenants/acme', 'acme');
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('button', { name: 'Wake' }).waitFor();
    expect((await server.client.tenants.get('acme')).state).toBe('suspended');
    await page.getByRole('button', { name: 'More actions' }).click();
    const restart = page.getByRole('menuitem', { name: /Restart/ });
    expect(await restart.getAttribute('aria-disabled')).toBe('true');
    expect(await restart.textContent()).toContain('can be done while it is running');
    await page.keyboard.press('Escape');
  });

  test('the slowest statements are those that were run, each taken to the editor, and are counted from zero', async () => {
    const sql = 'select n\nfrom generate_series(1, 100) n where n > 41';
    await server.client.inside.query('beta', { sql });
    await open(page, '/tenants/beta?tab=queries', 'beta');
    const panel = page.getByRole('region', { name: 'Slowest statements' });
    const shown = /select n from generate_series\(\$1, \$2\) n where n > \$3/;
    await panel.getByRole('button', { name: shown }).click();
    const whole = page.getByRole('dialog', { name: 'A statement' });
    await whole.getByText('59, 59 a call').waitFor();
    await page.keyboard.press('Escape');
    await panel.getByRole('button', { name: 'Count from zero' }).click();
    const sure = page.getByRole('dialog', { name: 'Count statements from zero' });
    await sure.getByRole('button', { name: 'Count from zero' }).click();
    await panel.getByText('Nothing was asked yet').waitFor();

    await server.client.inside.query('beta', { sql });
    await open(page, '/databases/beta?tab=queries&by=rows', 'beta');
    await panel.getByText('Sort: rows').waitFor();
    await panel.getByRole('button', { name: shown }).click();
    await whole.getByRole('button', { name: 'Open in the editor' }).click();
    const editor = page.getByRole('textbox', { name: 'SQL' });
    await editor.getByText('from generate_series').waitFor();
    expect(new URL(page.url()).search).toBe('?tab=sql');
  });

  test('a tenant that has been running since before statements were counted is restarted once', async () => {
    const nothing = { since: null, dropped: 0, known: 0, calls: 0, totalMs: 0, statements: [] };
    const before = { uncounted: 'restart', ...nothing };
    const asked = '**/v1/tenants/beta/statements*';
    await page.route(asked, (route) => route.fulfill({ json: before }));
    await open(page, '/tenants/beta?tab=queries', 'beta');
    const restart = page.getByRole('button', { name: 'Restart beta' });
    await restart.waitFor();
    await page.unroute(asked);
    await restart.click();
    const panel = page.getByRole('region', { name: 'Slowest statements' });
    await panel.getByRole('button', { name: 'Count from zero' }).waitFor();
  });

  test('a tenant is deleted by who has typed its name', async () => {
    await server.client.tenants.create({ name: 'doomed' });
    await open(page, '/tenants/doomed', 'doomed');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const button = page.getByRole('button', { name: 'Delete for ever' });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await page.getByLabel('Type doomed to confirm').fill('doomed');
    await button.click();
    await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
    await expect(server.client.tenants.get('doomed')).rejects.toMatchObject({
      code: 'TENANT_UNKNOWN',
    });
  });

  test('a product is made one’s own, and a tenant and a customer are given what is theirs', async () => {
    await open(page, '/settings', 'Settings');
    const brand = page.getByRole('region', { name: 'Your own product' });
    await brand.getByLabel('Name').fill('Acme Cloud');
    await brand.getByLabel('Colour of links and buttons').fill('#ffd400');
    const logo = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    const file = { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: logo };
    await brand.getByLabel('Logo').setInputFiles(file);
    await brand.getByAltText('Your logo').waitFor();
    await brand.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Acme Cloud' }).waitFor();
    const kept = await server.client.settings.branding();
    expect(kept.logo).toBe(`data:image/svg+xml;base64,${logo.toString('base64')}`);

    await open(page, '/tenants/beta?tab=settings', 'beta');
    await page.getByLabel('Size, GB, ends at').fill('2');
    await page.getByRole('button', { name: 'Save limits' }).click();
    await page.getByText('The limits hold at once').waitFor();
    const { operator } = await server.client.limits.quota('beta');
    expect(operator).toEqual({ logicalSizeBytes: { soft: null, hard: 2_000_000_000 } });

    await open(page, '/customers', 'Customers');
    await page.getByRole('link', { name: 'Northwind' }).click();
    await page.getByRole('tab', { name: 'Access' }).click();
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    await page.getByLabel('E-mail address').fill('ann@northwind.example');
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await page.getByRole('table', { name: 'People' }).getByText('ann@northwind.example').waitFor();
  });

  test('the palette goes anywhere by keyboard', async () => {
    await open(page, '/', 'Overview');
    await page.keyboard.press('Control+k');
    await page.getByLabel('Go to a page or a tenant').fill('bet');
    await page.getByRole('option', { name: 'beta' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'beta', level: 1 }).waitFor();
  });

  test(
    'every page can be used by everybody, in both themes, and is no wider than a phone',
    async () => {
      const found: string[] = [];
      const pages = { ...PAGES, [`/customers/${customer}?tab=access`]: 'Northwind' };
      for (const [path, title] of Object.entries(pages)) {
        await open(page, path, title);
        found.push(...(await hurdles(page)).map((one) => `${path} ${one}`));
      }
      expect(found).toEqual([]);
    },
    LOOKED_OVER_WITHIN_MS,
  );

  test('the page keeps to its policy, and complains of nothing', async () => {
    const answer = await page.goto(`${server.apiUrl}/`);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-");
    // A request that is to fail is told of by the browser itself.
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});
