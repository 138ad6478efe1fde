import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { snapshotIdOf } from '../domain/ids.ts';
import type { LadderStep } from '../domain/levels.ts';
import { timestamp } from '../domain/units.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { buildProgram, runProgram } from './program.ts';
import { widthOf } from './words/width.ts';

const COLUMNS_MAX = 80;

let clock: VirtualClock;
let control: MemoryControl;
let api: Api;

beforeEach(async () => {
  clock = new VirtualClock();
  control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host: '127.0.0.1',
    port: 0,
  });
  await control.createTenant({ name: 'acme' });
});

afterEach(() => api.close());

function worldOf(options: FakeWorldOptions = {}) {
  const { files = {}, ...more } = options;
  return fakeWorld({
    fetch: globalThis.fetch,
    files: {
      '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${api.port}` }),
      '/home/me/.dynabase/api-key': 'key\n',
      ...files,
    },
    ...more,
  });
}

async function dynabase(args: readonly string[], world = worldOf()) {
  const program = buildProgram({ world, version: '1', up: () => Promise.resolve() });
  const status = await runProgram(program, args, world);
  return { status, out: world.stdout.text(), err: world.stderr.text() };
}

const outOf = async (...args: readonly string[]): Promise<string> => (await dynabase(args)).out;

describe('where a tenant is', () => {
  test('its tier is set, in letters of any size, and a wrong one refused', async () => {
    expect(await outOf('set-tier', 'acme', 'hot')).toBe('acme is HOT now, and suspended\n');
    expect(JSON.parse(await outOf('set-tier', 'acme', 'WARM', '--json')).tier).toBe('WARM');
    expect((await dynabase(['set-tier', 'acme', 'LUKEWARM'])).err).toBe(
      'error: option tier: "LUKEWARM" is not one of COLD, WARM, HOT, PERSISTENT, auto [BAD_OPTION]\n',
    );
  });

  test('it is archived, and shown to be', async () => {
    expect(await outOf('archive', 'acme')).toBe('acme is at L4, in the archive (0 ms)\n');
    expect(JSON.parse(await outOf('archive', 'acme', '--json'))).toMatchObject({
      home: 'archive',
      level: 'L4',
    });
    expect(await outOf('show', 'acme')).toMatch(/^level {7}L4, in the archive$/m);
  });

  test('one that is on its way down says how far it is', async () => {
    await control.wakeTenant('acme');
    control.descent = 'step 3 of 10 to sleep';
    const shown = await outOf('show', 'acme');
    expect(shown).toMatch(/^level {7}L1, awake$/m);
    expect(shown).toMatch(/^descent {5}step 3 of 10 to sleep$/m);
  });

  test('levels are shown with what was done, in 80 columns', async () => {
    await control.wakeTenant('acme');
    const bytes = { l1: 1_048_576, l2: null, l3: 32_212_254_720 };
    const share = 0.875;
    control.reading = {
      bytes,
      hits: { l1: 1, l2: null, l3: 1 },
      relations: [
        { database: 'acme', relation: 'public.orders', bytes, share },
        { database: 'acme', relation: `public.${'of_a_long_name_'.repeat(4)}`, bytes, share: 0.1 },
      ],
    };
    const hits = { hitsL1: 9_700_000, hitsL2: 100_000, hitsL3: 200_000 };
    control.totals = { l2: null, l3: 1, l4: 9_000, ...hits, wakesL2: 3, wakesL3: 12, wakesL4: 1 };
    const step = (kind: LadderStep['kind'], from: LadderStep['from'], because: string) => ({
      ...{ at: timestamp(Date.UTC(2029, 11, 31, 20)), kind, from, because },
      ...{ bytes: 31_457_280, ms: 340 },
    });
    control.steps = [
      step('wake', 'L4', 'a client of role acme came'),
      step('shed-l1', null, 'idle for 15 min and so on and on and on and on'),
    ];
    const out = await outOf('levels', 'acme');
    expect(out).toBe(
      [
        'acme is running, at L1',
        '',
        'LEVEL                BYTES      READS   SHARE  WAKES',
        'L1 shared buffers  1.00 MB  9,700,000  97.0 %      -',
        'L2 page cache      unknown    100,000   1.0 %      3',
        'L3 local disk      30.0 GB    200,000   2.0 %     12',
        'L4 archive         8.79 kB          -       -      1',
        '',
        'page reads from memory: 98.0 %, of 90 % wanted',
        '',
        'RELATION                                     L1       L2       L3     USE',
        'acme: public.orders                     1.00 MB  unknown  30.0 GB  87.5 %',
        'acme: public.of_a_long_name_of_a_long…  1.00 MB  unknown  30.0 GB  10.0 %',
        '',
        'WHEN     STEP       BYTES    TOOK  BECAUSE',
        '4 h ago  wake L4  30.0 MB  340 ms  a client of role acme came',
        '4 h ago  shed-l1  30.0 MB  340 ms  idle for 15 min and so on and…',
        '',
      ].join('\n'),
    );
    expect(Math.max(...out.split('\n').map(widthOf))).toBeLessThanOrEqual(COLUMNS_MAX);
    expect(JSON.parse(await outOf('levels', 'acme', '--json'))).toMatchObject({
      level: 'L1',
      hitRatio: 0.98,
      steps: [{ kind: 'wake', from: 'L4', at: '2029-12-31T20:00:00.000Z' }, { kind: 'shed-l1' }],
    });
  });

  test('status has the bytes of all, and how often memory was enough', async () => {
    const hits = { hitsL1: 800, hitsL2: 50, hitsL3: 150 };
    const wakes = { wakesL2: 0, wakesL3: 0, wakesL4: 0 };
    control.totals = { l2: 2_097_152, l3: 33_554_432, l4: 9_216, ...hits, ...wakes };
    const out = await outOf('status');
    expect(out).toMatch(
      /^bytes by level {6}L2 2.00 MB, L3 32.0 MB, L4 9.00 kB, as last measured$/m,
    );
    expect(out).toMatch(/^reads from memory {3}85.0 %, of 90 % wanted$/m);
  });
});

describe('snapshots', () => {
  test('are taken, with a name or without, and listed', async () => {
    expect(await outOf('snapshots', 'list', 'acme')).toBe('no snapshots\n');
    expect(await outOf('snapshots', 'create', 'acme')).toBe(
      'took sn_000000000001 of acme: 28.6 MB, 8.79 kB of it new (0 ms)\n',
    );
    const named = ['snapshots', 'create', 'acme', '--called', 'before 2.0', '--json'];
    expect(JSON.parse(await outOf(...named))).toMatchObject({
      id: 'sn_000000000002',
      name: 'before 2.0',
    });
    control.snapshots = control.snapshots.map((one) =>
      one.name === null ? { ...one, damage: 'a chunk is missing' } : one,
    );
    expect(await outOf('snapshots', 'list', 'acme')).toBe(
      [
        'ID               NAME        TAKEN        SIZE   STORED    ADDED',
        'sn_000000000002  before 2.0  just now  28.6 MB  8.79 kB  8.79 kB',
        'sn_000000000001  -           just now  28.6 MB  8.79 kB  8.79 kB  damaged: a chunk is missing',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['restore', 'restoring "acme" must be confirmed', 'restore snapshot'],
    ['delete', 'deleting a snapshot of "acme" must be confirmed', 'delete snapshot'],
  ])('%s must be confirmed', async (command, said, called) => {
    const { id } = await control.createSnapshot('acme', 'kept');
    const args = ['snapshots', command, 'acme', id];
    expect(await dynabase(args)).toMatchObject({
      status: 1,
      err: `error: ${said}; say --yes [BAD_REQUEST]\n`,
    });
    expect(control.calls.some((call) => call.startsWith(called))).toBe(false);
    expect((await dynabase([...args, '--yes'])).status).toBe(0);
    expect(control.calls).toContain(`${called} ${id} of tn_000000000001`);
  });

  test('that are not there are said so', async () => {
    const args = ['snapshots', 'restore', 'acme', snapshotIdOf(9), '--yes'];
    expect((await dynabase(args)).err).toBe(
      'error: there is no snapshot "sn_000000000009" of this tenant [SNAPSHOT_UNKNOWN]\n',
    );
  });

  test('a restore that finds somebody at work is not tried again by itself', async () => {
    await control.createSnapshot('acme', 'kept');
    control.restoreSnapshot = async () => {
      control.calls.push('restore');
      control.failNext('TENANT_BUSY', { tenant: 'acme', why: 'is held awake' });
      return await control.showTenant('acme');
    };
    const args = ['snapshots', 'restore', 'acme', snapshotIdOf(1), '--yes'];
    expect((await dynabase(args)).err).toContain('[TENANT_BUSY]');
    expect(control.calls.filter((call) => call === 'restore')).toHaveLength(1);
  });

  test('fork prints how to connect to the new tenant', async () => {
    expect(await outOf('fork', 'acme', 'acme-test', '--plan', 'starter')).toMatch(
      /^forked acme as acme-test \(tn_000000000002, plan starter, tier WARM\)\n\n {2}postgresql:/,
    );
  });
});

describe('files', () => {
  test('export writes the tenant to a file, and to no file that is there', async () => {
    const world = worldOf({ files: { 'old.tar.zst': 'old' } });
    expect(await dynabase(['export', 'acme', 'new.tar.zst'], world)).toMatchObject({
      status: 0,
      out: 'wrote acme to new.tar.zst: 8 B (0 ms)\n',
    });
    expect(await dynabase(['export', 'acme', 'old.tar.zst'], world)).toMatchObject({
      status: 1,
      err: 'error: old.tar.zst is there already; say --force to replace it [BAD_REQUEST]\n',
    });
    expect(world.files.get('old.tar.zst')).toBe('old');
    await dynabase(['export', 'acme', 'old.tar.zst', '--force'], world);
    expect(['new.tar.zst', 'old.tar.zst'].map((file) => world.files.get(file))).toEqual([
      'exported',
      'exported',
    ]);
  });

  test('an export that fails leaves no part of the file, and the one before', async () => {
    control.exported = async function* () {
      yield Buffer.from('the beginning');
      throw new Error('no more');
    };
    const world = worldOf({ files: { 'old.tar.zst': 'old' } });
    for (const file of ['new.tar.zst', 'old.tar.zst']) {
      expect((await dynabase(['export', 'acme', file, '--force'], world)).status).toBe(1);
    }
    expect([world.files.has('new.tar.zst'), world.files.get('old.tar.zst')]).toEqual([
      false,
      'old',
    ]);
  });

  test('what a person can mend about a file is said in words', async () => {
    const failing = (code: string) => async () => {
      throw Object.assign(new Error('of the system'), { code });
    };
    const said = async (args: readonly string[], trouble: object) =>
      (await dynabase(args, Object.assign(worldOf(), trouble))).err;
    expect(await said(['export', 'acme', 'away/acme'], { createFile: failing('ENOENT') })).toBe(
      'error: away/acme cannot be written: there is no such directory; make it, or name a file elsewhere [BAD_REQUEST]\n',
    );
    const nothing = async () => {};
    const sink = { write: failing('ENOSPC'), keep: nothing, discard: nothing };
    expect(await said(['export', 'acme', 'full'], { createFile: async () => sink })).toBe(
      'error: full cannot be written: its disk is full; make room, or name a file elsewhere [BAD_REQUEST]\n',
    );
    expect(await said(['import', 'acme2', 'files'], { readFile: failing('EISDIR') })).toBe(
      'error: files cannot be read: it is a directory; name a file [BAD_REQUEST]\n',
    );
  });

  test('an export that is stopped leaves no part of the file', async () => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    control.exported = async function* () {
      try {
        yield Buffer.from('the beginning');
        begun.resolve();
        await new Promise<never>(() => {});
      } finally {
        ended.resolve();
      }
    };
    const world = worldOf();
    const running = dynabase(['export', 'acme', 'new.tar.zst'], world);
    await begun.promise;
    world.interrupt();
    expect(await running).toMatchObject({
      status: 1,
      err: 'error: stopped; nothing is kept [BAD_REQUEST]\n',
    });
    expect([world.files.has('new.tar.zst'), world.interrupts.size]).toEqual([false, 0]);
  });

  test('"-" is standard output, alone on it, and never a terminal', async () => {
    expect(await dynabase(['export', 'acme', '-'])).toMatchObject({ out: 'exported', err: '' });
    const world = worldOf({ tty: true });
    expect((await dynabase(['export', 'acme', '-'], world)).status).toBe(1);
    expect(world.stdout.text()).toBe('');
  });

  test('import makes a tenant of a file or of standard input', async () => {
    const world = worldOf({ files: { 'acme.tar.zst': 'exported' }, stdin: 'piped' });
    expect((await dynabase(['import', 'copy', 'acme.tar.zst'], world)).out).toMatch(
      /^imported copy \(tn_000000000002, plan free, tier COLD\)/,
    );
    const { out } = await dynabase(['import', 'other', '-', '--json'], worldOf({ stdin: 'piped' }));
    expect([JSON.parse(out).name, control.imported]).toEqual(['other', ['exported', 'piped']]);
    expect((await dynabase(['import', 'third', 'nothing'])).err).toBe(
      'error: there is no file nothing [BAD_REQUEST]\n',
    );
  });
});
