import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { SCRIPTS } from './commands/completion-scripts.ts';
import { buildProgram, runProgram } from './program.ts';

const CREDENTIALS = '/home/me/.config/dynabase/credentials.json';

let control: MemoryControl;
let api: Api;
let apiUrl: string;

beforeEach(async () => {
  const clock = new VirtualClock();
  control = new MemoryControl(clock);
  const parts = await memoryApiParts({ clock, control });
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  apiUrl = `http://127.0.0.1:${api.port}`;
});

afterEach(() => api.close());

async function dynabase(args: readonly string[], options: FakeWorldOptions = {}) {
  const world = fakeWorld({ fetch: globalThis.fetch, ...options });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  const status = await runProgram(program, args, world);
  return { status, out: world.stdout.text(), err: world.stderr.text(), files: world.files };
}

const loggedIn = (profile = 'default', apiKey = 'key') => ({
  [CREDENTIALS]: JSON.stringify({ profiles: { [profile]: { apiUrl, apiKey } } }),
});

describe('login', () => {
  test('keeps a key that works, and says it nowhere', async () => {
    const { status, out, err, files } = await dynabase(['login', '--api-url', apiUrl], {
      stdin: 'key\n',
    });
    expect({ status, out, err }).toEqual({
      status: 0,
      out: `logged in to ${apiUrl} as profile default; kept in ${CREDENTIALS}\n`,
      err: '',
    });
    expect(JSON.parse(files.get(CREDENTIALS) ?? '')).toEqual({
      profiles: { default: { apiUrl, apiKey: 'key' } },
    });
  });

  test('adds a profile to those there are, and takes the key from the variable', async () => {
    const args = ['login', '--api-url', apiUrl, '--profile', 'work', '--json'];
    const { out, files } = await dynabase(args, {
      env: { DYNABASE_API_KEY: 'key' },
      files: loggedIn(),
    });
    expect(JSON.parse(out)).toEqual({ profile: 'work', apiUrl, file: CREDENTIALS });
    expect(Object.keys(JSON.parse(files.get(CREDENTIALS) ?? '').profiles)).toEqual([
      'default',
      'work',
    ]);
  });

  test('keeps no key that does not work', async () => {
    const { status, err, files } = await dynabase(['login', '--api-url', apiUrl], {
      stdin: 'wrong-key\n',
    });
    expect(status).toBe(1);
    expect(err).not.toContain('wrong-key');
    expect(files.has(CREDENTIALS)).toBe(false);
  });

  test('needs to know where, and not from a file that lies around', async () => {
    const files = { '/work/dynabase.config.json': JSON.stringify({ apiUrl }) };
    expect((await dynabase(['login'], { stdin: 'key\n', files })).status).toBe(1);
    expect((await dynabase(['login'], { stdin: 'key\n' })).err).toBe(
      'error: option --api-url: must say where the server is [BAD_OPTION]\n',
    );
  });
});

test('commands go where somebody logged in, until he logs out', async () => {
  await control.createTenant({ name: 'acme' });
  const files = loggedIn('work');
  const args = ['tenants', 'list', '--profile', 'work', '--json'];
  expect(JSON.parse((await dynabase(args, { files })).out)).toMatchObject([{ name: 'acme' }]);
  const out = await dynabase(['logout', '--profile', 'work', '--json'], { files });
  expect(JSON.parse(out.out)).toEqual({ profiles: ['work'], file: CREDENTIALS });
  expect(JSON.parse(out.files.get(CREDENTIALS) ?? '')).toEqual({ profiles: {} });
  expect(await dynabase(['logout'], { files })).toMatchObject({ status: 1 });
  expect((await dynabase(['logout', '--all'], { files })).out).toBe('forgot work\n');
});

describe('a slip of the fingers', () => {
  test('in the name of a tenant is told with the name that was meant', async () => {
    for (const name of ['acme', 'globex', 'zeta']) await control.createTenant({ name });
    const files = loggedIn();
    expect(await dynabase(['tenants', 'show', 'golbex'], { files })).toMatchObject({
      status: 1,
      err: 'error: there is no tenant "golbex" [TENANT_UNKNOWN]\nhint: did you mean globex?\n',
    });
    const { err } = await dynabase(['wake', 'acmee', '--json'], { files });
    expect(JSON.parse(err)).toMatchObject({ code: 'TENANT_UNKNOWN', didYouMean: 'acme' });
    expect((await dynabase(['wake', 'quite-another'], { files })).err).not.toContain('mean');
  });

  test.each([
    [['tenant', 'list'], 'did you mean tenants?'],
    [['tenants', 'lst'], 'did you mean one of list, ls?'],
    [['tenants', 'create', 'x', '--paln', 'free'], 'Did you mean --plan?'],
  ])('in %j too', async (args, hint) => {
    const { status, err } = await dynabase(args);
    expect(status).toBe(1);
    expect(err.toLowerCase()).toContain(hint.toLowerCase());
  });
});

describe('completion offers', () => {
  const wordsFor = async (words: readonly string[], files = loggedIn()) => {
    const { out } = await dynabase(['complete', '--', ...words], { files });
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0]);
  };

  test('commands, and those below them', async () => {
    expect(await wordsFor(['te'])).toEqual(['tenants']);
    expect(await wordsFor(['tenants', 'c'])).toEqual(expect.arrayContaining(['create']));
    expect(await wordsFor([''])).not.toContain('complete');
  });

  test('options of the command, and those of all', async () => {
    const offered = await wordsFor(['tenants', 'create', 'x', '--']);
    expect(offered).toEqual(expect.arrayContaining(['--plan', '--json', '--data-dir', '--help']));
    expect(await wordsFor(['tenants', 'create', 'x', '--pl'])).toEqual(['--plan']);
  });

  test('values, and files where a file is wanted', async () => {
    expect(await wordsFor(['tenants', 'create', 'x', '--plan', ''])).toContain('enterprise');
    expect(await wordsFor(['completion', ''])).toEqual(['bash', 'zsh', 'fish']);
    expect(await wordsFor(['import', 'x', ''])).toEqual([':files']);
    expect(await wordsFor(['--config', ''])).toEqual([':files']);
  });

  test('tenants that are there, also behind options', async () => {
    for (const name of ['acme', 'acorn', 'globex']) await control.createTenant({ name });
    expect(await wordsFor(['sql', 'ac'])).toEqual(['acme', 'acorn']);
    expect(await wordsFor(['--profile', 'work', 'wake', ''], loggedIn('work'))).toEqual([
      'acme',
      'acorn',
      'globex',
    ]);
  });

  test('nothing, and says nothing, where no server is', async () => {
    const { status, out, err } = await dynabase(['complete', '--', 'wake', '']);
    expect({ status, out, err }).toEqual({ status: 0, out: '', err: '' });
  });
});

test('bash completes by the script', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dynabase-bash-'));
  try {
    const program = join(directory, 'dynabase');
    const real = resolve(import.meta.dirname, '../../bin/dynabase.js');
    await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${real} "$@"\n`);
    await chmod(program, 0o755);
    const script = `${SCRIPTS.bash}
      COMP_WORDS=(${program} tenants cre); COMP_CWORD=2; _dynabase; echo "\${COMPREPLY[*]}"
      cd ${directory}; COMP_WORDS=(${program} export x dyn); COMP_CWORD=3; _dynabase; echo "\${COMPREPLY[*]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script]);
    expect(stdout).toBe('create\ndynabase\n');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test.each(['bash', 'zsh', 'fish'] as const)('the script of %s is printed', async (shell) => {
  expect((await dynabase(['completion', shell])).out).toBe(SCRIPTS[shell]);
});
