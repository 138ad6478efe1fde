/** Whether everybody can use a page: rules of WCAG 2.2 AA in both themes, and no more width than a phone has. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const PHONE = { width: 390, height: 844 };

/** What is in somebody's way on the page as it stands, with where it stands. */
export async function hurdles(page: Page): Promise<readonly string[]> {
  // Not as a script of the page: its policy allows none that is not its own.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = [...(await broken(page, RULES))];
  await page.emulateMedia({ colorScheme: 'dark' });
  found.push(...(await broken(page, ['color-contrast'])).map((one) => `dark: ${one}`));
  await page.emulateMedia({ colorScheme: 'light' });
  const size = page.viewportSize();
  await page.setViewportSize(PHONE);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  if (width > PHONE.width) found.push(`${width} pixels wide`);
  if (size !== null) await page.setViewportSize(size);
  return found;
}

/** Breaches of the rules once what moves for a while has come to rest; colours change with a theme in steps. */
async function broken(page: Page, rules: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
    .then(() => Promise.allSettled(document.getAnimations()
      .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
      .map((one) => one.finished)))`);
  return page.evaluate(`axe.run({ runOnly: ${JSON.stringify(rules)} }).then(({ violations }) =>
    violations.map((one) => one.id + ': ' + one.nodes.map((node) =>
      node.html.slice(0, 160) + ' ' + node.any.map((why) => why.message).join(' ')).join(' | ')))`);
}
