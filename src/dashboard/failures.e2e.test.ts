/** The dashboard when things go wrong, in a real browser over the whole program: told in plain words, and over by itself. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { browserPath, NO_BROWSER, openBrowser, openPage } from '../testing/browser.ts';
import { FAILURES, type Failure, problem } from '../testing/failed-answers.ts';
import { OidcDouble } from '../testing/oidc-double.ts';
import {
  freshDataDir,
  type RealServer,
  realServer,
  removeDataDir,
} from '../testing/real-server.ts';

const WIDE = { theme: 'light', width: 1_440, height: 900 } as const;

/** All pages are walked. */
const WALKED_WITHIN_MS = 180_000;

const A_MINUTE_MS = 60_000;

const env = { DYNABASE_DASHBOARD: 'true' };

const OPERATORS = [
  ...['/', '/tenants', '/tenants/acme', '/costs', '/operations', '/audit', '/customers', '/prices'],
  ...['/invoices', '/keys', '/webhooks', '/policy', '/plans', '/settings'],
  ...[
    'awake',
    'pattern',
    'queries',
    'sessions',
    'snapshots',
    'decisions',
    'connect',
    'settings',
  ].map((tab) => `/tenants/acme?tab=${tab}`),
];

const CUSTOMERS = [
  ...['/', '/welcome', '/billing', '/members', '/databases/shop'],
  ...['connect', 'queries', 'backups', 'settings'].map((tab) => `/databases/shop?tab=${tab}`),
];

/** What tells who one is, and what is to be kept up beside what fails. */
const SPARED = /\/v1\/(whoami|branding|auth|events|tenants\/[^/]+\/events)/;

describe.skipIf(browserPath() === undefined)(`in a browser (skipped: ${NO_BROWSER})`, () => {
  let dataDir: string;
  let server: RealServer;
  let browser: Browser;
  let page: Page;
  let customerKey: string;
  let oidc: OidcDouble | undefined;
  /** What the API answers in place of itself; null for itself. */
  let failure: Failure | null = null;
  const complaints: string[] = [];

  beforeAll(async () => {
    dataDir = await freshDataDir();
    server = await realServer({ dataDir, env });
    browser = await openBrowser();
    const { customers, keys, tenants } = server.client;
    const customer = (await customers.create({ name: 'Northwind', plan: 'starter' })).id;
    await tenants.create({ name: 'acme' });
    await tenants.create({ name: 'beta' });
    await tenants.wake('beta');
    await tenants.create({ name: 'shop', customer });
    const scope = { kind: 'customer', customer } as const;
    customerKey = (await keys.create({ name: 'theirs', role: 'admin', scope })).secret;
    page = await opened(server.apiKey);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await oidc?.[Symbol.asyncDispose]();
    await removeDataDir(dataDir);
  });

  beforeEach(() => {
    failure = null;
  });

  /** Somebody who has logged in, and whose API fails as `failure` says. */
  async function opened(key: string): Promise<Page> {
    const at = await openPage(browser, WIDE, complaints);
    await at.clock.install();
    await at.route('**/v1/**', async (route) => {
      if (failure === null || SPARED.test(route.request().url())) return await route.fallback();
      await failure.answer(route);
    });
    await at.goto(server.apiUrl);
    await login(at, key);
    await at.getByRole('navigation', { name: 'Pages' }).waitFor();
    return at;
  }

  async function login(at: Page, key: string): Promise<void> {
    await at.getByLabel('API key').fill(key);
    await at.getByRole('button', { name: 'Log in' }).click();
  }

  const alerts = (at: Page) => at.locator('main').getByRole('alert');

  /** Lets the page's own waits pass until `holds`. */
  async function passing(at: Page, what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 150; turn++) {
      if (await holds()) return;
      await at.clock.fastForward(400);
      await at.waitForTimeout(20);
    }
    throw new Error(`never came to pass: ${what}: ${await at.locator('main').textContent()}`);
  }

  const isQuiet = async (at: Page) =>
    (await alerts(at).count()) === 0 &&
    (await at.getByLabel('Loading').count()) === 0 &&
    (await at.getByRole('heading', { level: 1 }).count()) === 1;

  async function fails(at: Page, path: string, { says, isPassing }: Failure): Promise<void> {
    await at.goto(server.apiUrl + path);
    await passing(at, `${path} tells of it`, async () => (await alerts(at).count()) > 0);
    expect((await alerts(at).allInnerTexts()).map(flat), path).toContainEqual(
      expect.stringMatching(says),
    );
    expect(await at.getByRole('navigation', { name: 'Pages' }).isVisible(), path).toBe(true);
    failure = null;
    await passing(at, `${path} is well again`, async () => {
      const again = alerts(at).getByRole('button', { name: 'Try again' }).first();
      // It may be well before it is pressed.
      if (!isPassing && (await again.isVisible()))
        await again.click({ timeout: 1_000 }).catch(() => undefined);
      return await isQuiet(at);
    });
  }

  const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

  async function walk(at: Page, paths: readonly string[]): Promise<void> {
    const kinds = Object.values(FAILURES);
    for (const [index, path] of paths.entries()) {
      const kind = kinds[index % kinds.length];
      if (kind === undefined) continue;
      failure = kind;
      await fails(at, path, kind);
    }
  }

  test(
    'every page says what has failed and what to do, and comes back',
    async () => {
      await walk(page, OPERATORS);
      const theirs = await opened(customerKey);
      await walk(theirs, CUSTOMERS);
      await theirs.context().close();
    },
    WALKED_WITHIN_MS,
  );

  test('answers of another version take down what they are in, and show nobody a stack', async () => {
    const answer = (route: Route) => route.fulfill({ status: 200, json: {} });
    failure = { answer, says: /./, isPassing: false };
    for (const path of ['/', '/tenants', '/tenants/acme', '/customers', '/plans', '/settings']) {
      await page.goto(server.apiUrl + path);
      await passing(page, `${path} tells of it`, async () => (await alerts(page).count()) > 0);
      expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible(), path).toBe(true);
      const text = flat((await page.locator('main').textContent()) ?? '');
      expect(text, path).toContain('This part of the page has failed.It is a mistake of ours.');
      expect(text, path).not.toMatch(/undefined|TypeError|at .*js:/);
    }
    // Told to who looks for the mistake, and to nobody else.
    complaints.length = 0;
  });

  test('a session that ends in the middle is opened again, and what was typed is sent after all', async () => {
    await page.goto(`${server.apiUrl}/tenants`);
    await page.getByRole('button', { name: 'Create a tenant' }).click();
    const name = page.getByLabel('Name', { exact: true });
    await name.fill('Not a name');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    await name.fill('typed');
    await page.context().clearCookies();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const ended = page.getByRole('alertdialog', { name: 'Your session has ended' });
    await ended.waitFor();
    await login(page, 'dyna_wrong');
    await ended.getByRole('alert').getByText('That key is not valid').waitFor();
    await login(page, server.apiKey);
    await ended.waitFor({ state: 'detached' });
    expect(await name.inputValue()).toBe('typed');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('dialog', { name: 'It is ready' }).waitFor();
    expect((await server.client.tenants.get('typed')).name).toBe('typed');
  });

  test('who logs out is out in every tab, and who comes back is back in every tab', async () => {
    const other = await page.context().newPage();
    await other.goto(`${server.apiUrl}/plans`);
    await other.getByRole('heading', { name: 'Plans and tiers', level: 1 }).waitFor();
    await page.goto(`${server.apiUrl}/keys`);
    await other.getByRole('button', { name: 'Log out' }).click();
    const isOut = (at: Page) => at.getByRole('heading', { name: /^Log in to/ }).waitFor();
    await Promise.all([isOut(page), isOut(other)]);
    await login(other, server.apiKey);
    await page.getByRole('heading', { name: 'Keys and people', level: 1 }).waitFor();
    await other.close();
  });

  /** Answers what changes something so, until the test is over. */
  async function refuse(url: string, answer: Failure['answer']): Promise<void> {
    await page.route(url, (route) =>
      route.request().method() === 'GET' ? route.fallback() : answer(route),
    );
  }

  test.each([
    ['is taken', problem(409, 'TENANT_EXISTS', 'never'), /told of TENANT_EXISTS/],
    ['was changed meanwhile', problem(412, 'CHANGED_SINCE', 'never'), /Load the page again/],
    ['is no name', problem(422, 'BAD_REQUEST', 'never'), /told of BAD_REQUEST/],
    ['was never heard', (route: Route) => route.abort(), /cannot be reached. ?Try again in a/],
  ])('what %s is told beside it, and stays as it was typed', async (_, answer, says) => {
    await page.goto(`${server.apiUrl}/tenants/acme?tab=settings`);
    const most = page.getByLabel('Most sessions at once');
    await most.fill('7');
    await refuse('**/v1/tenants/acme', answer);
    const form = page.locator('form', { has: most });
    const save = form.getByRole('button', { name: 'Save' });
    await save.click();
    await passing(page, 'it is told', async () => (await form.getByRole('alert').count()) > 0);
    expect(flat((await form.getByRole('alert').textContent()) ?? '')).toMatch(says);
    expect(await most.inputValue()).toBe('7');
    await page.unroute('**/v1/tenants/acme');
    await save.click();
    await form.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByText('Saved', { exact: true }).first().waitFor();
    await server.client.tenants.change('acme', { sessionsMax: null });
  });

  test('what takes long is sent once, however often it is pressed', async () => {
    let sent = 0;
    let go = (): void => {};
    const held = new Promise<void>((done) => {
      go = done;
    });
    const hold = async (route: Route): Promise<void> => {
      sent++;
      await held;
      await route.fallback();
    };
    await page.goto(`${server.apiUrl}/tenants/acme`);
    await refuse('**/v1/tenants/acme/wake*', hold);
    const wake = page.getByRole('button', { name: 'Wake' });
    await wake.dblclick();
    expect(await wake.getAttribute('aria-busy')).toBe('true');
    await page.goto(`${server.apiUrl}/settings`);
    await refuse('**/v1/settings', hold);
    const brand = page.getByRole('region', { name: 'Your own product' });
    await brand.getByLabel('Name').fill('Ours');
    for (let press = 0; press < 3; press++) await brand.getByLabel('Name').press('Enter');
    await brand.locator('[aria-busy=true]').waitFor();
    go();
    await page.getByText('Saved', { exact: true }).first().waitFor();
    expect(sent).toBe(2);
    await page.unroute('**/v1/tenants/acme/wake*');
    await page.unroute('**/v1/settings');
  });

  const sign = (at: Page, word: string) => at.getByText(word, { exact: true }).waitFor();

  test('without the stream of events the page asks by itself, and goes on when it comes back', async () => {
    await page.route('**/v1/events*', problem(503, 'CATALOG_DOWN', 'soon'));
    await page.goto(`${server.apiUrl}/tenants/beta`);
    await page.getByRole('button', { name: 'Suspend' }).waitFor();
    await passing(page, 'it is seen', () => page.getByText(/Not connected to the/).isVisible());
    await server.client.tenants.suspend('beta');
    const wake = page.getByRole('button', { name: 'Wake' });
    await passing(page, 'it is asked again', () => wake.isVisible());
    await page.unroute('**/v1/events*');
    await passing(page, 'it is live again', () => page.getByText('Live').isVisible());
    expect(await page.getByText(/Not connected to the/).count()).toBe(0);
  });

  test('a server that says nothing is found out, and what was missed is asked for', async () => {
    await page.goto(`${server.apiUrl}/tenants/beta`);
    await sign(page, 'Live');
    process.kill(server.pid, 'SIGSTOP');
    try {
      await page.clock.fastForward(60_000);
      await passing(page, 'it is seen', () => page.getByText(/Not connected to the/).isVisible());
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await passing(page, 'it is live again', () => page.getByText('Live').isVisible());
  });

  test('a part that is gone after an upgrade is fetched by loading the page anew, once', async () => {
    let loads = 0;
    page.on('load', () => {
      loads++;
    });
    await page.goto(server.apiUrl);
    await page.route('**/assets/webhooks-*.js', (route) => route.fulfill({ status: 404 }));
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await alerts(page).getByText('A part of this page cannot be loaded. Try again').waitFor();
    expect(loads).toBe(2);
    await page.unroute('**/assets/webhooks-*.js');
    await alerts(page).getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor();
  });

  test('a server that was away is back by itself: what was missed is seen, what was typed is there', async () => {
    await page.goto(`${server.apiUrl}/tenants`);
    await sign(page, 'Live');
    await page.getByRole('button', { name: 'Create a tenant' }).click();
    await page.getByLabel('Name', { exact: true }).fill('typed-before');
    const { port } = new URL(server.apiUrl);
    await server.end();
    await passing(page, 'it is seen', () => page.getByText(/Not connected to the/).isVisible());
    oidc = await OidcDouble.open(`http://localhost:${port}/v1/auth/callback`);
    await writeFile(join(dataDir, 'client-secret'), 'client-secret-of-the-test\n');
    const provider = ['--oidc-issuer', oidc.issuer, '--oidc-client-id', 'dynabase'];
    const secret = ['--oidc-client-secret-file', join(dataDir, 'client-secret')];
    const place = ['--api-port', port, '--public-url', `http://localhost:${port}`];
    server = await realServer({ dataDir, env, args: [...provider, ...secret, ...place] });
    await server.client.tenants.create({ name: 'missed' });
    await passing(page, 'it is live again', () => page.getByText('Live').isVisible());
    await passing(page, 'it is there', () => page.getByText('missed', { exact: true }).isVisible());
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('typed-before');
  });

  test('who is not let in by their organisation is told why where they log in; who may sign up has rows in a minute', async () => {
    const at = await openPage(browser, WIDE, complaints);
    const origin = `http://localhost:${new URL(server.apiUrl).port}`;
    await at.goto(`${origin}/login`);
    const alert = at.getByRole('main').getByRole('alert');
    await at.getByRole('link', { name: 'Continue with your organisation' }).click();
    await alert.getByText(/does not know your address yet/).waitFor();
    await at.goto(`${origin}/v1/auth/callback?error=access_denied&state=forged`);
    await alert.getByText('The login was not finished').waitFor();
    await server.client.settings.change({ signUp: { enabled: true } });
    await at.goto(`${origin}/login`);
    const begun = performance.now();
    await at.getByRole('link', { name: 'Create an account' }).click();
    await at.getByLabel('Name').fill('first');
    await at.getByRole('button', { name: 'Create the database' }).click();
    await at.getByRole('button', { name: 'Load sample data' }).click();
    await at.getByRole('button', { name: 'Run' }).click();
    await at.getByRole('grid', { name: 'Result' }).getByText('Kitchen').waitFor();
    expect(performance.now() - begun).toBeLessThan(A_MINUTE_MS);
    expect((await server.client.tenants.get('first')).customer).not.toBeNull();
    await at.context().close();
  });

  test('the pages complain of nothing but what was to fail', () => {
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});
