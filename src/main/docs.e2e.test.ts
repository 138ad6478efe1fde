/** The examples of README.md and docs/*.md, run as they stand there. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Command, examplesIn, isAsShown, learn } from '../testing/doc-examples.ts';
import { DocShell } from '../testing/doc-shell.ts';
import { runs } from '../testing/installed.ts';
import { type RealServer, realServer } from '../testing/real-server.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

const PAGES = ['README.md', ...readdirSync(join(REPOSITORY, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, examples: examplesIn(readFileSync(join(REPOSITORY, name), 'utf8')) }))
  .map(({ name, examples }) => ({ name, examples, run: examples.filter((one) => !one.excuse) }))
  .filter(({ examples }) => examples.length > 0);

/** Not everybody has these; a command with one is left out then. */
const MISSING = ['psql', 'curl', 'jq'].filter((program) => !runs(program, '--version'));

/** A page is many commands, each a process. */
const PAGE_WITHIN_MS = 180_000;

const ran = promisify(execFile);

test.each(PAGES)('each example of $name that is left out says why', ({ examples }) => {
  for (const { excuse } of examples) expect(excuse ?? 'it is run').toMatch(/\w{2,} \w{2,}/);
});

let server: RealServer;

beforeAll(async () => {
  server = await realServer({ env: { DYNABASE_POLICY: 'adaptive' } });
});

afterAll(() => server[Symbol.asyncDispose]());

/** Each page begins with no tenants. */
async function clear(): Promise<void> {
  for await (const { id } of server.client.tenants.list()) await server.client.tenants.delete(id);
}

describe.each(PAGES.filter(({ run }) => run.length > 0))('$name', ({ name, run }) => {
  test(
    'its examples do what it says',
    async () => {
      await clear();
      await using shell = await DocShell.open(server);
      const known = new Map<string, string>();
      const programs: string[] = [];
      for (const example of run) {
        const where = `${name}:${example.line}`;
        if (example.kind === 'ts') programs.push(await runCode(shell, where, example.code));
        else for (const command of example.commands) await runCommand(shell, where, command, known);
      }
      if (programs.length > 0) await expectTypes(shell, programs);
    },
    PAGE_WITHIN_MS,
  );
});

async function runCommand(
  shell: DocShell,
  where: string,
  { command, prints }: Command,
  known: Map<string, string>,
): Promise<void> {
  if (MISSING.some((program) => new RegExp(`\\b${program}\\b`).test(command))) return;
  const now = [...known].reduce((text, [page, real]) => text.replaceAll(page, real), command);
  const { status, printed } = await shell.run(now);
  const told = `${where}: $ ${command}\n${printed}`;
  // What fails on purpose shows how.
  if (prints === null || !/error|\[[A-Z_]+\]/.test(prints)) expect(status, told).toBe(0);
  if (prints === null) return;
  if (!isAsShown(printed, prints)) expect(printed, told).toBe(prints);
  learn(known, printed, prints);
}

async function runCode(shell: DocShell, where: string, code: string): Promise<string> {
  const file = await shell.place(`example-${where.split(':')[1]}.ts`, code);
  const { status, printed } = await shell.run(`node ${file}`);
  expect(status, `${where}: ${printed}`).toBe(0);
  return file;
}

/** As strictly as our own code. */
async function expectTypes(shell: DocShell, files: readonly string[]): Promise<void> {
  const config = join(shell.directory, 'tsconfig.json');
  const compilerOptions = {
    ...{ noUnusedLocals: false, typeRoots: ['node_modules/@types'] },
    rewriteRelativeImportExtensions: false,
  };
  const whole = { extends: join(REPOSITORY, 'tsconfig.json'), compilerOptions, files, include: [] };
  await writeFile(config, JSON.stringify(whole));
  const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const told = await ran(execPath, [tsc, '-p', config]).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? String(error) }),
  );
  expect(told.stdout).toBe('');
}
