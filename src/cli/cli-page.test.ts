import { readFile, writeFile } from 'node:fs/promises';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import { cliPage } from '../testing/cli-page.ts';

const PAGE = new URL('../../docs/cli.md', import.meta.url);

test('docs/cli.md is what the program and its options say', async () => {
  if (env.UPDATE) await writeFile(PAGE, cliPage());
  expect(await readFile(PAGE, 'utf8')).toBe(cliPage());
});

test('it names every command that help does, and nothing that is hidden', () => {
  const page = cliPage();
  for (const name of ['up', 'doctor', 'init', 'top', 'sql', 'import', 'login', 'tenants create']) {
    expect(page).toMatch(new RegExp(`^### \`dynabase ${name}\\b`, 'm'));
  }
  expect(page).not.toContain('dynabase complete ');
  expect(page).not.toMatch(/undefined|\[object/);
});
