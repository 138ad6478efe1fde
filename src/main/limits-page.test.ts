import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { limitsPage } from '../testing/limits-page.ts';

const PAGE = new URL('../../docs/limits.md', import.meta.url);

test('docs/limits.md is what the constants of the program say', async () => {
  if (env.UPDATE) await writeFile(PAGE, limitsPage());
  expect(await readFile(PAGE, 'utf8')).toBe(limitsPage());
  expect(limitsPage()).not.toMatch(/undefined|NaN|\[object/);
});
