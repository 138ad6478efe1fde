import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { sdkPage } from '../testing/sdk-page.ts';

const PAGE = new URL('../../docs/sdk.md', import.meta.url);

test('docs/sdk.md is what the source says, and says something of every method', async () => {
  const page = await sdkPage();
  if (env.UPDATE) await writeFile(PAGE, page);
  expect(await readFile(PAGE, 'utf8')).toBe(page);
  for (const method of ['create(', 'query(', 'run<N', 'listen(', 'redeliver(', 'setQuota(']) {
    expect(page).toContain(`- \`${method}`);
  }
  expect(page).not.toContain('undefined`');
});
