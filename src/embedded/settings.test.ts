import { expect, test } from 'vitest';
import type { SizeClass, Tier } from '../domain/tier.ts';
import { featuresOf } from './engine-version.ts';
import { asArguments, settingsOf } from './settings.ts';

const size = (
  sharedBuffersMb: number,
  workMemKb: number,
  maintenanceWorkMemMb: number,
  connectionsMax: number,
): SizeClass => ({ sharedBuffersMb, workMemKb, maintenanceWorkMemMb, connectionsMax });

const SIZES: Readonly<Record<Tier, SizeClass>> = {
  COLD: size(1, 4_096, 16, 200),
  WARM: size(8, 4_096, 32, 200),
  HOT: size(32, 8_192, 64, 200),
  PERSISTENT: size(128, 16_384, 128, 400),
};

const namesFor = (major: number, tier: Tier = 'COLD'): Map<string, string> =>
  new Map(
    settingsOf({
      features: featuresOf({ major, minor: 1 }),
      size: SIZES[tier],
      clusterName: 'tn_000000000001',
      onLinux: true,
      countsStatements: true,
    }),
  );

/** Settings of `newer` that `older` does not have. */
const gained = (older: number, newer: number): string[] =>
  [...namesFor(newer).keys()].filter((name) => !namesFor(older).has(name)).sort();

test('a major is given no setting that came later', () => {
  expect(gained(15, 16)).toEqual([]);
  expect(gained(16, 17)).toEqual([
    'allow_alter_system',
    'multixact_member_buffers',
    'serializable_buffers',
  ]);
  expect(gained(17, 18)).toEqual(['autovacuum_worker_slots', 'io_max_concurrency', 'io_method']);
});

test('nothing is set twice', () => {
  const settings = settingsOf({
    features: featuresOf({ major: 18, minor: 4 }),
    size: SIZES.HOT,
    clusterName: 'x',
    onLinux: true,
    countsStatements: true,
  });
  expect(new Set(settings.map(([name]) => name)).size).toBe(settings.length);
});

test.each([
  ['COLD', 2_000],
  ['WARM', 2_000],
  ['HOT', 6_400],
  ['PERSISTENT', 6_400],
] as const)('tier %s has room for its connections, and for %i locks', (tier, locksMin) => {
  const settings = namesFor(18, tier);
  const connections = Number(settings.get('max_connections'));
  expect(connections).toBe(SIZES[tier].connectionsMax + 3);
  const locks = connections * Number(settings.get('max_locks_per_transaction'));
  expect(locks).toBeGreaterThanOrEqual(locksMin);
});

test('every connection has buffers to hold, whatever the tier', () => {
  expect(namesFor(18, 'COLD').get('shared_buffers')).toBe(`${203 * 32}kB`);
  expect(namesFor(18, 'PERSISTENT').get('shared_buffers')).toBe(`${128 * 1_024}kB`);
});

test('a commit is durable in every tier', () => {
  for (const tier of ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const) {
    const settings = namesFor(18, tier);
    const durability = ['fsync', 'synchronous_commit', 'full_page_writes'];
    expect(durability.map((name) => settings.get(name))).toEqual(['on', 'on', 'on']);
  }
});

test('a large compute always vacuums itself, and a small one when its settings file says so', () => {
  const tiers = ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const;
  const told = tiers.map((tier) => namesFor(18, tier).get('autovacuum'));
  expect(told).toEqual([undefined, undefined, 'on', 'on']);
});

test('a machine without syncfs is not asked for it', () => {
  const settings = settingsOf({
    features: featuresOf({ major: 18, minor: 4 }),
    size: SIZES.COLD,
    clusterName: 'x',
    onLinux: false,
    countsStatements: false,
  });
  expect(settings.map(([name]) => name)).not.toContain('recovery_init_sync_method');
});

test('settings become arguments one by one', () => {
  expect(asArguments([['datestyle', 'ISO, MDY']])).toEqual(['-c', 'datestyle=ISO, MDY']);
});

test('statements are counted where that was asked for, and never their passwords', () => {
  const told = (countsStatements: boolean) =>
    settingsOf({
      features: featuresOf({ major: 18, minor: 4 }),
      size: SIZES.COLD,
      clusterName: 'x',
      onLinux: true,
      countsStatements,
    }).filter(([name]) => /^(shared_preload|pg_stat_)/.test(name));
  expect(told(false)).toEqual([['shared_preload_libraries', '']]);
  expect(told(true)).toEqual([
    ['shared_preload_libraries', 'pg_stat_statements'],
    ['pg_stat_statements.max', '100'],
    ['pg_stat_statements.track', 'top'],
    ['pg_stat_statements.track_utility', 'off'],
    ['pg_stat_statements.save', 'on'],
  ]);
  expect(namesFor(18, 'PERSISTENT').get('pg_stat_statements.max')).toBe('1000');
});
