import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram, runProgram } from '../cli/program.ts';
import { fakeWorld } from '../testing/fake-world.ts';
import { createFile, readParts } from './local-files.ts';
import { simulate } from './simulate.ts';

let directory = '';
const path = (name: string): string => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulate-'));
  const lines = Array.from({ length: 12 }, (_, tenant) => {
    const gaps = Array.from({ length: 60 }, (__, i) => (i % 6 === 0 ? 9_000 + 500 * tenant : 40));
    return `t${tenant}\t${gaps.join(' ')}`;
  });
  const trace = [`#{"name":"small","span_s":172800}`, ...lines].join('\n');
  writeFileSync(path('small.tsv'), trace);
  writeFileSync(path('small.tsv.gz'), gzipSync(trace));
  writeFileSync(path('cut.gz'), gzipSync(trace).subarray(0, 40));
  const groups = [{ kind: 'timer', tenants: 3, everyMinutes: 50 }];
  writeFileSync(path('fleet.json'), JSON.stringify({ name: 'timers', days: 2, groups }));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs `dynabase simulate` with these words. */
async function run(...words: readonly string[]) {
  const world = { ...fakeWorld(), readFile: readParts, createFile };
  const program = buildProgram({ world, version: '1', up: () => Promise.resolve(), simulate });
  const status = await runProgram(program, ['simulate', ...words], world);
  return { status, out: world.stdout.text(), err: world.stderr.text() };
}

test('a policy is judged on a trace, packed or not', async () => {
  const plain = await run('--trace', path('small.tsv'), '--policy', 'fixed:15m');
  const packed = await run('--trace', path('small.tsv.gz'), '--policy', 'fixed:15m');
  expect(packed.out).toBe(plain.out);
  expect(plain.out).toMatch(/tenants +12\n/);
  expect(plain.out).toContain('cold starts');
  expect(plain.err).toContain('small: fixed:15m');
});

test('by itself the learned policy is brought to its budget', async () => {
  const { out } = await run('--trace', path('small.tsv'), '--budget', '90', '--json');
  const { adaptive } = JSON.parse(out);
  expect(adaptive.aim).toBe(90);
  expect(adaptive.score.costReduction).toBeGreaterThanOrEqual(90);
});

test('a comparison has every baseline, and a picture', async () => {
  const words = ['--trace', path('small.tsv'), '--svg', path('small.svg'), '--json'];
  const { out, status } = await run(...words);
  expect(status).toBe(0);
  const { comparison, predictions } = JSON.parse(out);
  expect(comparison.ours.pairs.map(({ rival }: { rival: string }) => rival)).toEqual([
    ...['fixed:5m', 'fixed:10m', 'fixed:15m', 'fixed:60m', 'fixed:240m', 'hybrid:1h', 'hybrid:4h'],
  ]);
  expect(predictions.returns.asked).toBeGreaterThan(1_000);
  const picture = readFileSync(path('small.svg'), 'utf8');
  expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(picture).not.toMatch(/NaN|Infinity|undefined/);
  for (const label of ['DynaBase, adaptive', 'hazard reference', 'small: 12 tenants']) {
    expect(picture).toContain(label);
  }
});

test('the real orchestrator runs a made-up fleet and keeps its promises', async () => {
  const { out } = await run('--fleet', path('fleet.json'), '--policy', 'vision', '--orchestrate');
  expect(out).toContain('the orchestrator, vision');
  expect(out).toMatch(/promises +all kept/);
});

test.each([
  [[], 'simulate needs --trace FILE or --fleet FILE'],
  [['--trace', 'nowhere.tsv'], 'there is no file nowhere.tsv'],
  [['--trace', '<fleet.json>'], 'line 1 is no tenant'],
  [['--trace', '<cut.gz>'], 'begins as a gzip file and is none, or is cut short'],
  [['--fleet', '<small.tsv>'], 'this is no JSON'],
  [['--trace', '<small.tsv>', '--policy', 'magic'], 'there is no policy "magic"'],
  [['--trace', '<small.tsv>', '--policy', 'hybrid:4h', '--orchestrate'], 'knows no policy'],
  [['--trace', '<small.tsv>', '--budget', '101'], 'is not a percentage below 100'],
  [['--trace', '<small.tsv>', '--warmup', '3d'], 'nothing would be scored'],
  [['--trace', '<small.tsv>', '--sample', '0'], 'is not a whole number'],
])('%j is refused', async (words, message) => {
  const named = words.map((word) => word.replace(/^<(.*)>$/, (_, name) => path(name)));
  const { status, err } = await run(...named);
  expect(err).toContain(message);
  expect(status).toBe(1);
});
