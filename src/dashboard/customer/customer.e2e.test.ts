/** What a customer does with the dashboard, in a real browser over the whole program: one server, from nothing to the first rows. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, NO_BROWSER, openBrowser, openPage } from '../../testing/browser.ts';
import { eventually } from '../../testing/eventually.ts';
import { hurdles } from '../../testing/everybody.ts';
import { type RealServer, realServer } from '../../testing/real-server.ts';

/** Every page is looked over: some seconds each on a machine that does much besides. */
const LOOKED_OVER_WITHIN_MS = 300_000;

const WIDE = { width: 1_440, height: 900 };

const PAGES: Readonly<Record<string, string>> = {
  '/': 'Databases',
  '/welcome': 'A new database',
  '/databases/shop': 'shop',
  '/databases/shop?tab=connect': 'shop',
  '/databases/shop?tab=sql': 'shop',
  '/databases/shop?tab=tables&schema=shop&table=orders': 'shop',
  '/databases/shop?tab=queries': 'shop',
  '/databases/shop?tab=backups': 'shop',
  '/databases/shop?tab=settings': 'shop',
  '/billing': 'Billing',
  '/members': 'Members and keys',
};

describe.skipIf(browserPath() === undefined)(`in a browser (skipped: ${NO_BROWSER})`, () => {
  let server: RealServer;
  let browser: Browser;
  let page: Page;
  let customer: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await realServer({ env: { DYNABASE_DASHBOARD: 'true' } });
    browser = await openBrowser();
    const { customers, settings, tenants } = server.client;
    await settings.change({ branding: { name: 'Acme Cloud', accent: '#ffd400' } });
    customer = (await customers.create({ name: 'Northwind', plan: 'starter' })).id;
    await tenants.create({ name: 'ours' });
    page = await openPage(browser, { theme: 'light', ...WIDE }, complaints);
    await login(page, await keyFor('admin'));
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  async function keyFor(role: 'admin' | 'viewer' | 'billing'): Promise<string> {
    const scope = { kind: 'customer', customer } as const;
    return (await server.client.keys.create({ name: role, role, scope })).secret;
  }

  async function login(at: Page, key: string): Promise<void> {
    await at.goto(`${server.apiUrl}/login`);
    await at.getByRole('heading', { name: 'Log in to Acme Cloud' }).waitFor();
    await at.getByLabel('API key').fill(key);
    await at.getByRole('button', { name: 'Log in' }).click();
    await at.getByRole('heading', { name: 'Databases', level: 1 }).waitFor();
  }

  async function open(at: Page, path: string, title: string): Promise<void> {
    await at.goto(server.apiUrl + path);
    await at.getByRole('heading', { name: title, level: 1 }).waitFor();
    await at.locator('[aria-label="Loading"]').first().waitFor({ state: 'detached' });
  }

  /** In place of what stands in the editor. */
  async function write(sql: string): Promise<void> {
    await page.getByRole('textbox', { name: 'SQL' }).click();
    await page.keyboard.press('Control+A');
    // Typed over coloured text, Chromium would try to keep its colour by an inline style, which is not let in.
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(sql);
  }

  const run = () => page.keyboard.press('Control+Enter');

  test('from nothing to the first rows, with a client that is seen as it comes', async () => {
    await page.getByText('No database yet').waitFor();
    await page.getByRole('button', { name: 'New database' }).first().click();
    await page.getByLabel('Name').fill('shop');
    await page.getByRole('button', { name: 'Create the database' }).click();
    await page.getByText('Waiting for your first connection').waitFor();
    const uri = await page.getByText(/^postgresql:\/\/shop:/).textContent();
    const client = new pg.Client({
      ...{ connectionString: uri ?? '', application_name: 'inventory' },
    });
    await client.connect();
    await page.getByText('Connected: inventory is here').waitFor();
    await client.end();
    await page.getByRole('button', { name: 'Load sample data' }).click();
    await page.getByRole('textbox', { name: 'SQL' }).waitFor();
    await page.getByRole('button', { name: 'Run' }).click();
    const result = page.getByRole('grid', { name: 'Result' });
    await result.getByText('Kitchen').waitFor();
    expect(await result.getByRole('row').count()).toBe(5);
  });

  test('the editor marks where an error is, tells of several statements, and takes NULL apart', async () => {
    await write('select 1;\nselect nothing from shop.orders');
    await run();
    await page.getByText('column "nothing" does not exist').waitFor();
    expect(await page.locator('.cm-sql-error').textContent()).toBe('nothing');
    await write(
      'create table t (a int, b text); insert into t values (1, null), (2, $$x$$); table t',
    );
    await page.keyboard.press('Control+A');
    await run();
    await page.getByRole('button', { name: '3: SELECT' }).waitFor();
    const result = page.getByRole('grid', { name: 'Result' });
    await result.getByRole('gridcell', { name: 'NULL' }).waitFor();
    await page.getByRole('button', { name: '2: INSERT' }).click();
    await page.getByText('2 rows.').waitFor();
  });

  test('names of every schema are offered, and habits of psql answered', async () => {
    await write('select ');
    await page.keyboard.type('* from ord');
    const offers = page.getByRole('listbox', { name: 'Completions' });
    await offers.getByText('shop.orders').waitFor();
    await page.keyboard.press('Escape');
    await write('\\dt');
    await run();
    await page.getByText('All tables and views stand under Tables.').waitFor();
    await write('begin; insert into t values (9)');
    await page.keyboard.press('Control+A');
    await run();
    await page.getByText('The transaction was left open').waitFor();
    await write('select 1, repeat($$long $$, 200000) as body');
    await run();
    await page.getByRole('grid', { name: 'Result' }).getByText('long long').dblclick();
    await page.getByRole('dialog', { name: 'body' }).getByText('1,000,000 characters').waitFor();
    await page.keyboard.press('Escape');
  });

  test('what only reads writes nothing, and what takes long is cancelled', async () => {
    await page.getByLabel('Read only').check();
    await write("insert into t values (3, 'no')");
    await run();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Read only').uncheck();
    await write('select pg_sleep(100)');
    await run();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    const ask = async (sql: string) => (await server.client.inside.query('shop', { sql })).rows;
    const sleeping = `select pid from pg_stat_activity where state = 'active' and query ~ '^select pg_sl'`;
    await eventually('the statement ends', async () => (await ask(sleeping)).length === 0);
    expect(await ask('select count(*)::int as n from t')).toEqual([{ n: 2 }]);
  });

  test('rows are taken along as CSV and as JSON', async () => {
    await write('select a, b from t order by a');
    await run();
    await page.getByText('2 rows').waitFor();
    const save = async (format: string): Promise<string> => {
      const coming: Promise<Download> = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('menuitem', { name: format }).click();
      return await readFile((await (await coming).path()) ?? '', 'utf8');
    };
    expect(await save('As CSV')).toBe('a,b\r\n1,\r\n2,x\r\n');
    expect(JSON.parse(await save('As JSON'))).toEqual([
      { a: 1, b: null },
      { a: 2, b: 'x' },
    ]);
    await page.getByRole('button', { name: 'History' }).click();
    await page.getByRole('menuitem', { name: /pg_sleep/ }).waitFor();
    await page.keyboard.press('Escape');
  });

  test('a row is changed by its key, and what will be done can be read before', async () => {
    await open(page, '/databases/shop?tab=tables&schema=shop&table=customers', 'shop');
    const rows = page.getByRole('grid', { name: 'Rows of customers' });
    await rows.getByText('Ada Moreau', { exact: true }).click();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByLabel(/^name/).fill("Ada O'Hara");
    await page.getByText(`"name" = 'Ada O''Hara' where "id" = '1'`).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await rows.getByText("Ada O'Hara").waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await rows.getByText('101', { exact: true }).first().waitFor();
  });

  test('rows are sorted by a column, page by page, and a link leads to the same', async () => {
    const rows = page.getByRole('grid', { name: 'Rows of customers' });
    const names = () => rows.getByRole('gridcell').allTextContents();
    await server.client.inside.query('shop', {
      sql: 'alter table shop.customers alter country drop not null; update shop.customers set country = null where id > 110',
    });
    await rows.getByRole('button', { name: 'Sort by country' }).click();
    await page.getByText('Page 1').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Page 2').waitFor();
    await rows.getByText('NULL').first().waitFor();
    const seen = await names();
    expect(new URL(page.url()).searchParams.get('sort')).toBe('country');
    await page.reload();
    await page.getByText('Page 2').waitFor();
    await rows.getByText('NULL').first().waitFor();
    expect(await names()).toEqual(seen);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await rows.getByText('BR').first().waitFor();
  });

  test('what somebody else has changed meanwhile is not written over, and what was typed stays', async () => {
    const ask = (sql: string) => server.client.inside.query('shop', { sql });
    await ask(
      `create table public.odd (id int primary key, note text, data jsonb, tags int[], raw bytea);
       insert into public.odd values (1, E'two\\nlines', '{"a": 1}', '{1,2}', '\\x0aff')`,
    );
    await open(page, '/databases/shop?tab=tables&table=odd', 'shop');
    const rows = page.getByRole('grid', { name: 'Rows of odd' });
    await rows.getByText('{1,2}').click();
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByRole('textbox', { name: /^data/ }).fill('{"a": 2');
    const doIt = page.getByRole('button', { name: 'Save' });
    expect(await doIt.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('textbox', { name: /^data/ }).fill('{"a": 2}');
    await page.getByRole('textbox', { name: /^tags/ }).fill('');
    await page.getByLabel('tags is NULL').check();
    await ask("update public.odd set raw = '\\x01' where id = 1");
    await doIt.click();
    await page.getByText("Somebody has changed the row meanwhile: raw is '\\x01' now.").waitFor();
    await doIt.click();
    await doIt.waitFor({ state: 'detached' });
    const { rows: found } = await ask('select note, data, tags, raw::text from public.odd');
    expect(found).toEqual([{ note: 'two\nlines', data: { a: 2 }, tags: null, raw: '\\x01' }]);
  });

  test('what was lost comes back by who has typed the name', async () => {
    const { inside, tenants } = server.client;
    const { id } = await tenants.snapshot('shop', { name: 'before' });
    await inside.query('shop', { sql: 'drop schema shop cascade' });
    await open(page, '/databases/shop?tab=backups', 'shop');
    await page.getByRole('button', { name: `Actions of ${id}` }).click();
    await page.getByRole('menuitem', { name: 'Restore' }).click();
    await page.getByLabel('Type shop to confirm').fill('shop');
    await page.getByRole('button', { name: 'Restore' }).click();
    await page.getByText('shop is as it was').waitFor();
    const sql = 'select count(*)::int as n from shop.orders';
    expect((await inside.query('shop', { sql })).rows).toEqual([{ n: 1_500 }]);
    await page.getByRole('button', { name: 'Fork shop' }).click();
    await page.getByLabel('Name of the new database').fill('shop-try');
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.getByRole('dialog', { name: 'The fork is ready' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('heading', { name: 'shop-try', level: 1 }).waitFor();
    expect((await inside.query('shop-try', { sql })).rows).toEqual([{ n: 1_500 }]);
  });

  test('a customer sees nothing of the operator and of others, and a viewer is told what it may not', async () => {
    for (const path of ['/tenants', '/costs', '/customers', '/policy', '/settings']) {
      await open(page, path, 'Databases');
    }
    const texts = await page.getByRole('navigation', { name: 'Pages' }).textContent();
    expect(texts).not.toMatch(/Tenants|Policy|Customers|Costs/);
    await page.goto(`${server.apiUrl}/tenants/ours`);
    await page.getByText('TENANT_UNKNOWN').waitFor();
    expect(new URL(page.url()).pathname).toBe('/databases/ours');
    const theirs = await openPage(browser, { theme: 'light', ...WIDE });
    await login(theirs, await keyFor('viewer'));
    const create = theirs.getByRole('button', { name: 'New database' });
    expect(await create.getAttribute('aria-disabled')).toBe('true');
    await open(theirs, '/databases/shop?tab=sql', 'shop');
    expect(await theirs.getByLabel('Read only').isDisabled()).toBe(true);
    await theirs.context().close();
    const payer = await openPage(browser, { theme: 'light', ...WIDE });
    await login(payer, await keyFor('billing'));
    await open(payer, '/databases/shop?tab=sql', 'shop');
    const run = payer.getByRole('button', { name: 'Run' });
    expect(await run.getAttribute('aria-disabled')).toBe('true');
    await open(payer, '/databases/shop?tab=tables', 'shop');
    await payer.getByText('Your role is billing, which reads no data.').waitFor();
    await payer.context().close();
  });

  test(
    'every page can be used by everybody, in both themes, and is no wider than a phone',
    async () => {
      const found: string[] = [];
      for (const [path, title] of Object.entries(PAGES)) {
        await open(page, path, title);
        found.push(...(await hurdles(page)).map((one) => `${path} ${one}`));
      }
      expect(found).toEqual([]);
    },
    LOOKED_OVER_WITHIN_MS,
  );

  test('the pages keep to their policy, and complain of nothing', () => {
    // A request that is to fail is told of by the browser itself.
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});
