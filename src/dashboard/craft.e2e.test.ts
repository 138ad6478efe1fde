/** What everybody needs of every page, in a real browser: the keyboard, other zones, few colours, paper, and nothing that jumps. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, NO_BROWSER, openBrowser, openPage } from '../testing/browser.ts';
import { hurdles } from '../testing/everybody.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

const WIDE = { width: 1_280, height: 800 };

/** As 1,280 pixels are at 400 %. */
const NARROW = { width: 320, height: 256 };

/** Source: WCAG 2.2, success criterion 1.4.12. */
const SPACED = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
  p { margin-bottom: 2em !important }`;

/** Half an hour after clocks are put forward in New York: what was 2 o'clock there is 3. */
const ENDS = '2027-03-14T07:30:00.000Z';

/** The second time that it is half past one in New York that night. */
const MADE = '2026-11-01T06:30:00.000Z';

const ROWS = 500;

/** Most that may move by itself. A page is good below 0.1. Source: web.dev, "Cumulative Layout Shift". */
const SHIFT_MAX = 0.02;

const PAGES = ['/', '/tenants', '/tenants/acme', '/costs', '/keys', '/operations', '/plans'];

type Zone = readonly [zone: string, locale: string, made: string, ends: string];

const ZONES: readonly Zone[] = [
  ['Asia/Kolkata', 'de-DE', '1 Nov 2026, 12:00:00 GMT+5:30', '2027-03-14T13:00'],
  ['America/St_Johns', 'ar', '1 Nov 2026, 03:00:00 GMT-3:30', '2027-03-14T05:00'],
  ['Pacific/Kiritimati', 'ja-JP', '1 Nov 2026, 20:30:00 GMT+14', '2027-03-14T21:30'],
  ['America/New_York', 'en-US', '1 Nov 2026, 01:30:00 GMT-5', '2027-03-14T03:30'],
];

describe.skipIf(browserPath() === undefined)(`in a browser (skipped: ${NO_BROWSER})`, () => {
  let server: RealServer;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await realServer({ env: { DYNABASE_DASHBOARD: 'true' } });
    browser = await openBrowser();
    await server.client.tenants.create({ name: 'acme', expiresAt: ENDS });
    page = await openPage(browser, { theme: 'light', ...WIDE }, complaints);
    await page.goto(`${server.apiUrl}/login`);
    await page.getByLabel('API key').fill(server.apiKey);
    await page.getByRole('button', { name: 'Log in' }).click();
    await heading(page, 'Overview');
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const heading = (at: Page, name: string) => at.getByRole('heading', { name, level: 1 }).waitFor();

  async function open(path: string, at = page): Promise<void> {
    await at.goto(server.apiUrl + path);
    await at.locator('h1').first().waitFor();
    await at.locator('[aria-label="Loading"]').first().waitFor({ state: 'detached' });
  }

  /** The element itself, once it has the focus. */
  const focused = (selector: string) => page.locator(`${selector}:focus`).waitFor();

  /** Another window of who is logged in. */
  async function windowOf(options: BrowserContextOptions): Promise<Page> {
    const storageState = await page.context().storageState();
    const context = await browser.newContext({ viewport: WIDE, ...options, storageState });
    return await context.newPage();
  }

  test('who goes elsewhere begins at the page that is named, and by Escape is where they were', async () => {
    await open('/');
    await page.getByRole('link', { name: 'Operations' }).press('Enter');
    await heading(page, 'Operations');
    await focused('main#page');
    await page.getByRole('main', { name: 'Operations' }).waitFor();
    expect(await page.title()).toMatch(/^Operations · /);
    await page.keyboard.press('Control+k');
    await focused('[role="combobox"]');
    await page.keyboard.press('Escape');
    await focused('main#page');
    await open('/nowhere');
    await heading(page, 'There is no such page');
    expect(await page.title()).toMatch(/^There is no such page · /);
  });

  test('a dialog begins where something is filled in, ends by one Escape, and gives the focus back', async () => {
    await open('/tenants/acme');
    const more = page.getByRole('button', { name: 'More actions' });
    expect(await more.getAttribute('aria-expanded')).toBe('false');
    await more.press('ArrowDown');
    await focused('[role="menuitem"]');
    expect(await more.getAttribute('aria-expanded')).toBe('true');
    await page.getByRole('menuitem', { name: 'Delete' }).press('Enter');
    await focused('[role="dialog"] input');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await focused('[aria-label="More actions"]');
  });

  test('a button that becomes another keeps the focus, and says why it can do nothing', async () => {
    await open('/tenants/acme');
    await page.getByRole('button', { name: 'Wake' }).press('Enter');
    await page.getByRole('button', { name: 'Suspend' }).waitFor();
    await focused('button:has-text("Suspend")');
    await page.getByText('acme is awake').waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const button = page.getByRole('button', { name: 'Delete for ever' });
    expect(await button.getAttribute('aria-description')).toBe('Type acme first.');
    expect(await hurdles(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('the focus on a row stays with it however far it is scrolled away', async () => {
    const one = await server.client.tenants.get('acme');
    const tenants = Array.from({ length: ROWS }, (_, at) => ({ ...one, name: `t${at}` }));
    await page.route('**/v1/tenants?*', (route) =>
      route.fulfill({ json: { tenants, next: null } }),
    );
    await open('/tenants');
    const table = page.getByRole('table', { name: 'Tenants' });
    expect(await table.getAttribute('aria-rowcount')).toBe(String(ROWS + 1));
    await page.getByLabel('Choose t2', { exact: true }).focus();
    await page.evaluate(`document.querySelector('[role="table"]').scrollTo(0, 1e6)`);
    await table.getByText(`t${ROWS - 1}`, { exact: true }).waitFor();
    await focused('[aria-label="Choose t2"]');
    await page.keyboard.press('Space');
    await page.getByText('1 chosen').waitFor();
    await table.getByRole('button', { name: 'Name' }).waitFor();
    expect(await table.locator('[aria-sort]').textContent()).toBe('Name');
    await page.unroute('**/v1/tenants?*');
  });

  test('the focus on a row that is gone is on its table, or on what stands there in its place', async () => {
    await open('/keys');
    await server.client.keys.create({ name: 'gone', role: 'viewer' });
    const menu = page.getByRole('button', { name: 'Actions of gone' });
    await menu.press('Enter');
    await page.getByRole('menuitem', { name: 'Revoke' }).press('Enter');
    await menu.waitFor({ state: 'detached' });
    await focused('[role="table"][aria-label="Keys"]');
  });

  test('each reads in their own zone when something was, and sets when it ends', async () => {
    for (const [timezoneId, locale, made, ends] of ZONES) {
      const there = await windowOf({ timezoneId, locale });
      await there.route('**/v1/tenants?*', async (route) => {
        const answer = (await (await route.fetch()).json()) as { tenants: object[] };
        const tenants = answer.tenants.map((one) => ({ ...one, createdAt: MADE }));
        await route.fulfill({ json: { ...answer, tenants } });
      });
      await open('/tenants', there);
      const time = there.locator(`time[datetime="${MADE}"]`);
      expect((await time.getAttribute('title'))?.split(' (')[0]).toBe(made);
      expect(await time.textContent()).toMatch(/^\d+ d ago$/);
      await open('/tenants/acme?tab=settings', there);
      const end = there.getByLabel('Deleted by itself at');
      expect(await end.inputValue()).toBe(ends);
      await there.context().close();
    }
  });

  test('all is read at 400 %, with the spaces that a reader sets', async () => {
    await page.setViewportSize(NARROW);
    for (const path of PAGES) {
      await open(path);
      await page.evaluate(
        `{ const sheet = new CSSStyleSheet(); sheet.replaceSync(${JSON.stringify(SPACED)}); document.adoptedStyleSheets = [sheet]; }`,
      );
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect({ path, width }).toEqual({ path, width: NARROW.width });
    }
    await page.setViewportSize(WIDE);
  });

  test('with few colours what is drawn is told apart, and what is chosen has a line around it', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await open('/');
    const fills = await page.evaluate<string[]>(
      `[...document.querySelectorAll('figure[aria-label="Tenants by tier"] [style*="background"]')]
        .map((one) => getComputedStyle(one).backgroundColor)`,
    );
    expect(new Set(fills).size).toBeGreaterThan(1);
    await open('/tenants/acme');
    await page.getByRole('button', { name: 'More actions' }).press('ArrowDown');
    await focused('[role="menuitem"]');
    const line = await page.evaluate<string>(
      'getComputedStyle(document.activeElement).outlineStyle',
    );
    expect(line).toBe('solid');
    await page.emulateMedia({ forcedColors: 'none' });
  });

  test('on paper there is the page alone, dark on white in every theme', async () => {
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await open('/costs');
    const paper = await page.evaluate<object>(`(() => {
      const { left, right } = document.querySelector('main').getBoundingClientRect();
      const { backgroundColor, color } = getComputedStyle(document.documentElement);
      const menu = getComputedStyle(document.querySelector('aside')).display;
      return { left, isWide: right > 0.95 * innerWidth, backgroundColor, color, menu };
    })()`);
    expect(paper).toEqual({
      ...{ left: 0, isWide: true, menu: 'none' },
      ...{ backgroundColor: 'rgb(255, 255, 255)', color: 'rgb(18, 22, 29)' },
    });
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  });

  test('nothing jumps when answers come late', async () => {
    const slow = await windowOf({});
    await slow.addInitScript(`
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
      }).observe({ type: 'layout-shift', buffered: true });`);
    // Later than what holds the place is painted.
    await slow.route('**/v1/**', async (route) => {
      await slow.evaluate(PAINTED).catch(() => {});
      await route.continue();
    });
    for (const path of PAGES) {
      await open(path, slow);
      await slow.evaluate(PAINTED);
      const shifted = await slow.evaluate<number>('window.shifted');
      expect({ path, jumps: shifted > SHIFT_MAX }).toEqual({ path, jumps: false });
    }
    await slow.context().close();
  });

  test('the page complains of nothing', () => {
    // A request that is to fail is told of by the browser itself.
    expect(complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([]);
  });
});

const PAINTED = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))`;
