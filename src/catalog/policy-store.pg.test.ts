/** What the policy keeps, in the real catalog and in the simulated one: the same promises. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Decision } from '../domain/decision.ts';
import type { TenantId } from '../domain/ids.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import { timestamp } from '../domain/units.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

let postgres: RealPostgres;
let catalog: PgCatalog;
let made = 0;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

const STORES: Readonly<Record<string, () => PolicyStore>> = {
  PostgreSQL: () => catalog,
  memory: () => new MemoryPolicyStore(),
};

async function tenant(): Promise<TenantId> {
  made += 1;
  return (await catalog.insertTenant(draft(`tenant-${made}`))).id;
}

/** Recent enough to be kept. */
const NOW = Date.now();

const decision = (ago: number, because: string): Decision => ({
  at: timestamp(NOW - ago),
  kind: 'tier',
  from: 'WARM',
  to: 'HOT',
  because,
  inputs: { queries: 240, tiers: ['WARM', 'HOT'], is: { nested: null } },
});

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

describe.each(Object.keys(STORES))('the store in %s', (kind) => {
  const store = (): PolicyStore => STORES[kind]?.() ?? catalog;

  test('gives back what was learned last, and says who is to be asked about when', async () => {
    const kept = store();
    const [one, other, third] = [await tenant(), await tenant(), await tenant()];
    expect(await kept.learned(one)).toBeUndefined();
    await kept.saveLearned([
      { tenant: one, bytes: bytes(0, 1, 255), askAt: timestamp(2_000) },
      { tenant: other, bytes: bytes(), askAt: null },
      { tenant: third, bytes: bytes(3), askAt: timestamp(1_000) },
    ]);
    expect(Buffer.from((await kept.learned(one)) ?? [])).toEqual(Buffer.from([0, 1, 255]));
    expect(Buffer.from((await kept.learned(other)) ?? [9])).toEqual(Buffer.from([]));
    expect(await kept.dueToAsk(timestamp(2_001), 10)).toEqual([
      { tenant: third, askAt: 1_000 },
      { tenant: one, askAt: 2_000 },
    ]);
    expect(await kept.dueToAsk(timestamp(2_000), 10)).toHaveLength(1);
    expect(await kept.dueToAsk(timestamp(2_001), 1)).toHaveLength(1);
    await kept.saveLearned([
      { tenant: one, bytes: bytes(4), askAt: null },
      { tenant: third, bytes: bytes(5), askAt: null },
    ]);
    expect(await kept.dueToAsk(timestamp(NOW), 10)).toEqual([]);
    expect(Buffer.from((await kept.learned(one)) ?? [])).toEqual(Buffer.from([4]));
    await kept.saveLearned([]);
  });

  test('keeps what belongs to the fleet until it is taken away', async () => {
    const kept = store();
    expect(await kept.fleet('population')).toBeUndefined();
    await kept.saveFleet('population', bytes(1, 2));
    await kept.saveFleet('population', bytes(3));
    await kept.saveFleet('steering', bytes(4));
    expect(Buffer.from((await kept.fleet('population')) ?? [])).toEqual(Buffer.from([3]));
    await kept.saveFleet('population', null);
    expect(await kept.fleet('population')).toBeUndefined();
    expect(Buffer.from((await kept.fleet('steering')) ?? [])).toEqual(Buffer.from([4]));
  });

  test('tells decisions the latest first, page by page, those of one moment in their order', async () => {
    const kept = store();
    const [one, other] = [await tenant(), await tenant()];
    await kept.recordDecisions([
      { tenant: one, decision: decision(30, 'first') },
      { tenant: one, decision: decision(20, 'second') },
      { tenant: other, decision: decision(10, 'of another') },
      { tenant: one, decision: decision(20, 'third') },
    ]);
    const all = await kept.decisions(one, { before: null, limit: 10 });
    expect(all.map(({ because }) => because)).toEqual(['third', 'second', 'first']);
    expect(all[0]).toEqual(decision(20, 'third'));
    const next = await kept.decisions(one, { before: timestamp(NOW - 20), limit: 10 });
    expect(next.map(({ because }) => because)).toEqual(['first']);
    expect(await kept.decisions(one, { before: null, limit: 1 })).toHaveLength(1);
  });
});

test('what PostgreSQL cannot hold is left out of what is kept, and the rest is kept', async () => {
  const one = await tenant();
  const odd: Decision = { ...decision(5, 'a zero \0 byte'), inputs: { text: 'a\0b' } };
  await catalog.recordDecisions([{ tenant: one, decision: odd }]);
  expect(await catalog.decisions(one, { before: null, limit: 1 })).toEqual([
    { ...odd, because: 'a zero  byte', inputs: { text: 'ab' } },
  ]);
});

test('nothing is kept of a tenant that is gone, and its going is no failure', async () => {
  const one = await tenant();
  const gone = await tenant();
  await postgres.sql(`delete from dynabase.tenants where id = '${gone}'`);
  await catalog.saveLearned([
    { tenant: gone, bytes: bytes(1), askAt: timestamp(1) },
    { tenant: one, bytes: bytes(2), askAt: null },
  ]);
  await catalog.recordDecisions([{ tenant: gone, decision: decision(1, 'too late') }]);
  expect(await catalog.learned(gone)).toBeUndefined();
  expect(Buffer.from((await catalog.learned(one)) ?? [])).toEqual(Buffer.from([2]));
});

test('decisions of long ago are forgotten', async () => {
  const one = await tenant();
  const old = decision(91 * 86_400_000, 'long ago');
  await catalog.recordDecisions([{ tenant: one, decision: old }]);
  await catalog.recordDecisions([{ tenant: one, decision: decision(1, 'now') }]);
  const kept = await catalog.decisions(one, { before: null, limit: 10 });
  expect(kept.map(({ because }) => because)).toEqual(['now']);
});
