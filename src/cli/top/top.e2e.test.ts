import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../../api/listen.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from '../../testing/fake-world.ts';
import { memoryApiParts } from '../../testing/memory-api.ts';
import { MemoryControl } from '../../testing/memory-control.ts';
import { buildProgram, runProgram } from '../program.ts';
import { pageSize, pressed, type View } from './view.ts';

let control: MemoryControl;
let api: Api;
let isDown = false;

beforeEach(async () => {
  const clock = new VirtualClock();
  control = new MemoryControl(clock);
  const parts = await memoryApiParts({ clock, control });
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
});

afterEach(() => api.close());

function start(args: readonly string[], options: FakeWorldOptions = {}) {
  const asked: string[] = [];
  const world = fakeWorld({
    fetch: (input, init) => {
      asked.push(new URL(String(input)).pathname + new URL(String(input)).search);
      if (isDown) return Promise.reject(new TypeError('fetch failed'));
      return globalThis.fetch(input, init);
    },
    env: { NO_COLOR: '1' },
    files: {
      '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${api.port}` }),
      '/home/me/.dynabase/api-key': 'key\n',
    },
    ...options,
  });
  const program = buildProgram({ world, version: '1.2.3', up: () => Promise.resolve() });
  return { world, asked, ended: runProgram(program, ['top', ...args], world) };
}

async function made(count: number, awake: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const name = `t${String(i).padStart(3, '0')}`;
    await control.createTenant({ name });
    if (i < awake) await control.wakeTenant(name);
  }
}

test('--json is one picture for programs', async () => {
  await made(3, 2);
  const { world, ended } = start(['--json', '--show', 'all']);
  expect(await ended).toBe(0);
  const read = JSON.parse(world.stdout.text());
  expect(read).toMatchObject({ status: { tenants: { running: 2, suspended: 1 } }, next: null });
  expect(read.tenants.map(({ name }: { name: string }) => name)).toEqual(['t000', 't001', 't002']);
  expect(read.tenants[0].measured).toHaveProperty('l1');
  expect(read.tenants[2].measured).toBeNull();
});

test('without a terminal one picture is printed, of those awake', async () => {
  await made(3, 1);
  const { world, ended } = start([]);
  expect(await ended).toBe(0);
  const lines = world.stdout.text().split('\n');
  expect(lines[0]).toMatch(/^DynaBase \S+, up .*PostgreSQL /);
  expect(lines[1]).toBe('3 tenants: 2 suspended, 1 running; no sessions');
  expect(lines[5]).toMatch(
    /^NAME +STATE +SINCE +TIER +PLAN +SESSIONS +BOUND +BUFFERS +CACHE +WAKE$/,
  );
  expect(lines[6]).toMatch(/^t000 +running/);
  expect(world.stdout.text()).not.toContain('t001');
  expect(world.stdout.text()).not.toContain('\u001b');
});

describe('in a terminal', () => {
  test('it draws over itself, and gives the screen back', async () => {
    await made(2, 1);
    const { world, ended } = start(['--every', '1h'], { tty: true });
    await world.stdout.shows('\u001b[?1049h');
    await world.stdout.shows('t000');
    world.type('a');
    await world.stdout.shows('\u001b[H');
    await world.stdout.shows('t001');
    world.type('f');
    await world.stdout.shows('no tenant has failed');
    world.type('q');
    expect(await ended).toBe(0);
    expect(world.stdout.text().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(world.stdout.text()).not.toContain('\u001b[2J');
  });

  test('of many tenants only the page on the screen is asked for', async () => {
    await made(60, 0);
    const { world, asked, ended } = start(['--every', '1h', '--show', 'all'], { tty: true });
    world.stdout.rows = 17;
    await world.stdout.shows('page 1: n next');
    world.type('n');
    await world.stdout.shows('page 2');
    world.type('q');
    expect(await ended).toBe(0);
    const pages = asked.filter((path) => path.startsWith('/v1/tenants'));
    expect(pages).toHaveLength(2);
    for (const page of pages) expect(page).toMatch(/limit=(10|17)\b/);
    expect(world.stdout.text()).not.toContain('t059');
  });

  test('a server that does not answer for a while is told, and the picture stays', async () => {
    await made(1, 1);
    const { world, ended } = start(['--every', '200ms'], { tty: true });
    await world.stdout.shows('t000');
    isDown = true;
    await world.stdout.shows('DynaBase does not answer');
    await world.stdout.shows('t000');
    isDown = false;
    await world.stdout.shows('\u001b[H');
    world.type('\u0003');
    expect(await ended).toBe(0);
  });
});

describe('a key', () => {
  const view: View = { filter: 'awake', sort: 'name', before: [] };

  test.each([
    ['a', view, null, { ...view, filter: 'all' }],
    ['s', view, null, { ...view, sort: 'memory' }],
    ['s', { ...view, sort: 'since' }, null, view],
    ['n', view, 'm', { ...view, before: ['m'] }],
    ['n', view, null, undefined],
    ['p', { ...view, before: ['m'] }, null, view],
    ['p', view, null, undefined],
    ['f', { ...view, before: ['m'] }, null, { ...view, filter: 'failed' }],
    ['\u0003', view, null, 'quit'],
    ['x', view, null, undefined],
  ] as const)('%j does what it says', (key, before, next, after) => {
    expect(pressed(key, before as View, next)).toEqual(after);
  });

  test('a page is as long as the terminal, and never longer than the server gives', () => {
    expect([pageSize(5), pageSize(24), pageSize(500)]).toEqual([1, 17, 100]);
  });
});
