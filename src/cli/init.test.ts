import { describe, expect, test } from 'vitest';
import { fakeWorld } from '../testing/fake-world.ts';
import { configText } from './init.ts';
import { parseJsonc } from './jsonc.ts';
import { optionNames, optionOf, serverOptionNames } from './options/options.ts';
import { readConfigFile, readOptions } from './options/read-options.ts';
import { buildProgram, runProgram } from './program.ts';

async function init(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const world = fakeWorld({ files });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  const status = await runProgram(program, ['init', ...args], world);
  return { world, status, out: world.stdout.text(), err: world.stderr.text() };
}

const FILE = '/work/dynabase.config.json';

describe('dynabase init', () => {
  test('writes a file that is read, and changes nothing', async () => {
    const { world, status, out } = await init([]);
    expect({ status, out }).toEqual({
      status: 0,
      out: `wrote ${FILE}; take away the // before what you change\n`,
    });
    const file = await readConfigFile(world, {});
    expect(file).toEqual({ path: FILE, values: {} });
  });

  test('names every option but the one that names the file', () => {
    const named = [...configText().matchAll(/^ {2}\/\/ "(\w+)": /gm)].map(([, name]) => name);
    expect(named).toEqual(optionNames.filter((name) => name !== 'config'));
  });

  test('says the defaults: with all of them in force nothing changes', async () => {
    const inForce = configText()
      .split('\n')
      .map((line) => line.replace(/^ {2}\/\/ (?="\w+": )/, '  '))
      .filter((line) => !/^ {2}"\w+": ("\.\.\."|1),$/.test(line))
      .join('\n');
    const world = fakeWorld({ files: { [FILE]: inForce } });
    const file = await readConfigFile(world, {});
    expect(Object.keys(file?.values ?? {})).toEqual(
      optionNames.filter((name) => {
        const { default: byDefault } = optionOf(name);
        return byDefault !== undefined && byDefault !== '1';
      }),
    );
    const sources = { flags: {}, env: {}, homeDir: '/home/me', cwd: '/work' };
    expect(readOptions({ ...sources, file }, serverOptionNames)).toEqual(
      readOptions({ ...sources, file: null }, serverOptionNames),
    );
  });

  test('leaves a file that is there, unless it is told to replace it', async () => {
    const refused = await init([], { [FILE]: '{}' });
    expect(refused).toMatchObject({
      status: 1,
      err: 'error: dynabase.config.json is there already; say --force to replace it [BAD_REQUEST]\n',
    });
    expect(refused.world.files.get(FILE)).toBe('{}');
    const replaced = await init(['--force', '--json'], { [FILE]: '{}' });
    expect(JSON.parse(replaced.out)).toEqual({ file: FILE });
    expect(replaced.world.files.get(FILE)).toBe(configText());
  });
});

describe('JSON with comments', () => {
  test.each([
    ['{"a": 1, // one\n "b": [1, 2,], /* two\n lines */ }', { a: 1, b: [1, 2] }],
    ['{"url": "http://x/*y*/", "q": "\\"// no"}', { url: 'http://x/*y*/', q: '"// no' }],
    ['\uFEFF// nothing\n{}', {}],
    ['{"a": ",}", "b": 2, // last\n}', { a: ',}', b: 2 }],
  ])('%s is read', (text, value) => {
    expect(parseJsonc(text)).toEqual(value);
  });

  test.each(['{"a": 1,, }', '{"a": 1 /* open', '{"a" 1}', '// only'])('%s is refused', (text) => {
    expect(() => parseJsonc(text)).toThrow();
  });
});
