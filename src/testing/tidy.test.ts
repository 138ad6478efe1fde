import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readSources, tidy } from './tidy.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('the house is tidy', async () => {
  const sources = await readSources(ROOT, ['src/', 'bench/', 'bin/', 'vitest.config.ts']);
  expect(sources.length).toBeGreaterThan(50);
  expect(tidy(sources)).toEqual([]);
});

type House = Readonly<Record<string, string>>;

const findings = (house: House): readonly string[] =>
  tidy(Object.entries(house).map(([path, text]) => ({ path, text })));

const long = (lines: number): string => 'f();\n'.repeat(lines);

describe('a wall', () => {
  test.each<[string, House, readonly string[]]>([
    [
      'stands between rooms that no arrow joins',
      { 'src/proxy/a.ts': `import { b } from '../orchestrator/b.ts';\nb();` },
      ['src/proxy/a.ts:1 imports room "orchestrator"; proxy may not'],
    ],
    [
      'stops types and re-exports as well',
      {
        'src/policy/a.ts': `f();\nimport type { B } from '../control/b.ts';\nf<import('../wire/c.ts').C & B>();`,
        'src/wire/b.ts': `export { c } from '../proxy/c.ts';`,
        'src/wire/d.ts': `await import('../proxy/c.ts');`,
      },
      [
        'src/policy/a.ts:2 imports room "control"; policy may not',
        'src/policy/a.ts:3 imports room "wire"; policy may not',
        'src/wire/b.ts:1 imports room "proxy"; wire may not',
        'src/wire/b.ts:1 exports c, which nobody uses; delete it',
        'src/wire/d.ts:1 imports room "proxy"; wire may not',
      ],
    ],
    [
      'has the arrows as doors, and main may use them all but testing',
      {
        'src/orchestrator/a.ts': `import '../policy/b.ts'; import '../domain/b.ts'; import './b.ts';`,
        'src/main/a.ts': `import '../proxy/b.ts'; import '../api/b.ts';\nimport '../testing/b.ts';`,
      },
      ['src/main/a.ts:2 imports room "testing"; main may not'],
    ],
    [
      'lets tests into testing, and tests of real things anywhere',
      {
        'src/wire/a.test.ts': `import '../testing/b.ts';\nimport '../system/b.ts';`,
        'src/wire/a.pg.test.ts': `import '../system/b.ts'; import '../main/b.ts';`,
      },
      ['src/wire/a.test.ts:2 imports room "system"; wire may not'],
    ],
    [
      'surrounds every file',
      {
        'src/kitchen/a.ts': 'f();',
        'src/a.ts': 'f();',
        'src/api/b.ts': `import '../../bench/a.ts';`,
        'bench/a.ts': `import '../src/proxy/b.ts';`,
      },
      [
        'src/a.ts:1 lies in no room',
        'src/api/b.ts:1 imports "bench/a.ts", which is in no room',
        'src/kitchen/a.ts:1 lies in "kitchen", which is no room',
      ],
    ],
    [
      'keeps Node and packages out of rooms that get the world as arguments',
      {
        'src/control/a.ts': `import { connect } from 'node:net';\nconnect();`,
        'src/proxy/a.ts': `import pg from 'pg';\nimport 'node:net';\nnew pg();`,
        'src/sdk/a.ts': `import * as fs from 'node:fs';\nfs.rm();`,
      },
      [
        'src/control/a.ts:1 takes connect from "node:net"; control needs a port for that',
        'src/proxy/a.ts:1 takes default from "pg"; proxy needs a port for that',
        'src/proxy/a.ts:2 takes effects from "node:net"; proxy needs a port for that',
        'src/sdk/a.ts:1 takes rm from "node:fs"; sdk needs a port for that',
      ],
    ],
    [
      'lets types, bytes and tests through',
      {
        'src/proxy/a.ts': `import type { Socket } from 'node:net'; f<Socket>();`,
        'src/proxy/b.ts': `import { type Socket } from 'node:net'; f<Socket>();`,
        'src/proxy/a.test.ts': `import { connect } from 'node:net'; connect();`,
        'src/wire/a.ts': `import { createHmac } from 'node:crypto'; createHmac();`,
        'src/contract/a.ts': `import { Type } from 'typebox'; import V from 'typebox/value'; f(Type, V);`,
        'src/catalog/a.ts': `import { rm } from 'node:fs'; import pg from 'pg'; f(rm, pg);`,
      },
      [],
    ],
    [
      'lets wire take only the functions that are pure',
      { 'src/wire/a.ts': `import { createHmac, randomBytes } from 'node:crypto'; createHmac();` },
      ['src/wire/a.ts:1 takes randomBytes from "node:crypto"; wire needs a port for that'],
    ],
  ])('%s', (_, house, found) => {
    expect(findings(house)).toEqual(found);
  });
});

describe('a ban', () => {
  test.each([
    ['Date.now();', 'reads the time; use your Clock'],
    ['const now = globalThis.Date.now;', 'reads the time; use your Clock'],
    ['new Date();', 'reads the time; use your Clock'],
    ['Date();', 'reads the time; use your Clock'],
    ['performance.now();', 'reads the time; use your Clock'],
    ['process.hrtime.bigint();', 'reads the time; use your Clock'],
    ['setTimeout(f, 1);', 'sets a timer; use your Clock'],
    ['globalThis.setInterval(f, 1);', 'sets a timer; use your Clock'],
    ['Math.random();', 'takes a chance; use your Random'],
    ['crypto.randomUUID();', 'takes a chance; use your Random'],
    ['randomUUID();', 'takes a chance; use your Random'],
  ])('keeps %s out of timeless rooms and their tests only', (text, says) => {
    expect(
      findings({
        'src/domain/a.ts': text,
        'src/sim/a.test.ts': text,
        'src/proxy/a.pg.test.ts': text,
        'src/system/a.ts': text,
      }),
    ).toEqual([`src/domain/a.ts:1 ${says}`, `src/sim/a.test.ts:1 ${says}`]);
  });

  test.each([
    ['new Date(0);'],
    [`f('Date.now()');`],
    ['f(`new Date()`);'],
    ['// Date.now()'],
    ['/Math.random()/.test(f);'],
    ['clock.setTimeout(1);'],
    ['f({ setTimeout: 1 });'],
  ])('does not hold for %s', (text) => {
    expect(findings({ 'src/domain/a.ts': `${text}\nf();` })).toEqual([]);
  });

  test.each([
    ['process.env.HOME;', 'reads the environment; take options'],
    [`import { env } from 'node:process'; env;`, 'reads the environment; take options'],
    ['console.log(1);', 'writes to the console; use your Log'],
  ])('keeps %s in main', (text, says) => {
    const house = { 'src/api/a.ts': text, 'src/main/a.ts': text, 'bench/a.ts': text };
    expect(findings(house)).toEqual([`src/api/a.ts:1 ${says}`]);
  });

  test.each([
    ['export default 1;', 'has a default export; give it a name'],
    ['f(a!.b);', 'asserts with "!"; guard, or make the type say it'],
    ['let a!: string;', 'asserts with "!"; guard, or make the type say it'],
    [`export * from './b.ts';`, 'exports what another file has; import that file'],
    ['f(); // TODO later', 'is unfinished by its own word'],
    ['/** FIXME */ f();', 'is unfinished by its own word'],
  ])('keeps %s out of src', (text, says) => {
    expect(findings({ 'src/cli/a.ts': text, 'vitest.config.ts': text })).toContain(
      `src/cli/a.ts:1 ${says}`,
    );
    expect(findings({ 'vitest.config.ts': 'export default 1;' })).toEqual([]);
  });
});

describe('a shape', () => {
  test.each<[string, House, readonly string[]]>([
    [
      'of more than 400 lines is a file too long',
      { 'src/api/a.ts': long(400), 'src/api/b.ts': long(401) },
      ['src/api/b.ts:1 has 401 lines; 400 is the wall'],
    ],
    [
      'of more than 70 lines is a function too long',
      {
        'src/api/a.ts': `f(() => {\n${long(68)}});`,
        'src/api/b.ts': `f();\nf(function () {\n${long(69)}});`,
        'src/api/c.ts': `class C {\n  m() {\n${long(69)}}\n}\nnew C();`,
      },
      [
        'src/api/b.ts:2 has a function of 71 lines; 70 is the wall',
        'src/api/c.ts:2 has a function of 71 lines; 70 is the wall',
      ],
    ],
    [
      'of a suite may be longer, since its tests are measured one by one',
      {
        'src/api/a.test.ts': `describe('a', () => {\n${long(100)}});`,
        'src/api/b.test.ts': `describe.each([1])('a', () => {\n${long(100)}});`,
        'src/api/c.test.ts': `test('a b c', () => {\n${long(100)}});`,
      },
      ['src/api/c.test.ts:1 has a function of 102 lines; 70 is the wall'],
    ],
    [
      'of a name is kebab-case',
      {
        'src/api/goodName.ts': 'f();',
        'src/api/good-name.pg.test.ts': 'f();',
        'src/dashboard/page.web.test.tsx': 'f();',
      },
      ['src/api/goodName.ts:1 has a name that is not kebab-case'],
    ],
    [
      'of a name says something',
      { 'src/api/http-utils.ts': 'f();', 'src/api/service.test.ts': 'f();' },
      [
        'src/api/http-utils.ts:1 is called "utils", which says nothing of what it is for',
        'src/api/service.test.ts:1 is called "service", which says nothing of what it is for',
      ],
    ],
    [
      'of a barrel is the sdk’s alone',
      {
        'src/sdk/index.ts': `export * from './a.ts'; export const b = 1;`,
        'src/api/index.ts': 'f();',
      },
      ['src/api/index.ts:1 is a barrel; import the files themselves'],
    ],
    [
      'of a comment alone is no file',
      { 'src/api/a.ts': '/** Later. */' },
      ['src/api/a.ts:1 has no code'],
    ],
    [
      'of a test name is a sentence',
      {
        'src/api/a.test.ts': [
          `test('works', f);`,
          `it.only('wakes', f);`,
          `test.each([1])('%s works', f);`,
          `test.each(table)('works', f);`,
          'test.each`table`("works", f);',
          `test('wakes once for many', f);`,
          'test(name, f);',
        ].join('\n'),
        'src/api/a.ts': `test('works', f);`,
      },
      [
        'src/api/a.test.ts:1 has a test called "works"; say in a sentence what is so',
        'src/api/a.test.ts:2 has a test called "wakes"; say in a sentence what is so',
        'src/api/a.test.ts:4 has a test called "works"; say in a sentence what is so',
        'src/api/a.test.ts:5 has a test called "works"; say in a sentence what is so',
      ],
    ],
  ])('%s', (_, house, found) => {
    expect(findings(house)).toEqual(found);
  });
});

describe('an export', () => {
  const DEAD = 'export const [a, { b, x: [c = f(), ...d] }]: Readonly<T> = f();';

  test('that nobody uses is dead, whatever declares it', () => {
    const house = {
      'src/api/a.ts': DEAD,
      'src/api/b.ts': 'export function e() {}\nexport class G {}\nexport type H = 1;',
      'src/api/c.ts': 'const i = 1;\nexport { i as j };',
    };
    expect(findings(house).map((finding) => finding.split(',')[0])).toEqual([
      ...['a', 'b', 'c', 'd'].map((name) => `src/api/a.ts:1 exports ${name}`),
      'src/api/b.ts:1 exports e',
      'src/api/b.ts:2 exports G',
      'src/api/b.ts:3 exports H',
      'src/api/c.ts:2 exports j',
    ]);
  });

  test('lives by an import of its name, by its namespace, by its path, or in its own file', () => {
    expect(
      findings({
        'src/api/a.ts': DEAD,
        'src/api/b.ts': `import { a, type b as z } from './a.ts'; f<z>(a);`,
        'src/api/c.test.ts': `import * as all from './a.ts'; f<all.c>(all.d);`,
        'src/api/d.ts': 'export type D = 1; f<D>();',
        'src/api/e.ts': 'export const e = 1;',
        'bench/e.ts': `new Worker(new URL('../src/api/e.ts', import.meta.url));`,
        'src/sdk/index.ts': 'export const forStrangers = 1;',
      }),
    ).toEqual([]);
  });

  test('is not kept alive by its own name elsewhere, nor by another file’s', () => {
    const house = {
      'src/api/a.ts': 'export const a = 1;',
      'src/api/b.ts': `import { a } from './c.ts'; f(a);`,
      'src/api/c.ts': 'export const a = 1;',
    };
    expect(findings(house)).toEqual(['src/api/a.ts:1 exports a, which nobody uses; delete it']);
  });

  test('may be excused with a reason, for as long as it needs one', () => {
    const files = [{ path: 'src/api/a.ts', text: 'export const a = 1;' }];
    expect(tidy(files, { 'src/api/a.ts a': 'for plugins' })).toEqual([]);
    expect(tidy(files, { 'src/api/a.ts a': 'for plugins', 'src/api/a.ts b': 'once' })).toEqual([
      'src/api/a.ts:1 is excused for b, which needs no excuse; delete that',
    ]);
  });
});

test('findings come by path and line', () => {
  const house = { 'src/api/b.ts': 'a!;\nb!;', 'src/api/a.ts': 'f();\na!;' };
  expect(findings(house).map((finding) => finding.split(' ')[0])).toEqual([
    'src/api/a.ts:2',
    'src/api/b.ts:1',
    'src/api/b.ts:2',
  ]);
});
