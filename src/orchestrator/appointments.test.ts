/** Sleeping tenants are asked about when they want to be. */
import { expect, test } from 'vitest';
import { fault } from '../domain/faults.ts';
import type { TenantId } from '../domain/ids.ts';
import { ms, seconds, timestamp } from '../domain/units.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { Appointments } from './appointments.ts';

const tenant = (n: number) => `tn_${String(n).padStart(12, '0')}` as TenantId;

function world(ask: (tenant: TenantId) => Promise<void> = async () => {}) {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const policyStore = new MemoryPolicyStore();
  const asked: { readonly who: TenantId; readonly at: number }[] = [];
  const keep = async (who: TenantId, askAt: number | null): Promise<void> => {
    const at = askAt === null ? null : timestamp(askAt);
    await policyStore.saveLearned([{ tenant: who, bytes: new Uint8Array(), askAt: at }]);
  };
  const appointments = new Appointments({
    world: { clock, log, policyStore },
    kept: async () => {},
    ask: async (who) => {
      asked.push({ who, at: clock.wall() });
      await keep(who, null);
      await ask(who);
    },
  });
  return { clock, log, policyStore, appointments, asked, keep };
}

test('each is asked about once, up to half a minute before its time, and not after the end', async () => {
  const { clock, appointments, asked, keep } = world();
  const start = clock.wall();
  await keep(tenant(1), start + 100_000);
  await keep(tenant(2), start + 20_000);
  await keep(tenant(3), null);
  appointments.start();
  await clock.advance(seconds(200));
  expect(asked).toEqual([
    { who: tenant(2), at: start + 30_000 },
    { who: tenant(1), at: start + 90_000 },
  ]);
  await keep(tenant(3), start);
  await appointments.close();
  await clock.advance(seconds(200));
  expect(asked).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test('one who cannot be asked about keeps nobody else waiting, nor does a store that is away', async () => {
  const { clock, log, policyStore, appointments, asked, keep } = world(async (who) => {
    if (who === tenant(1)) throw new Error('gone');
  });
  for (const n of [1, 2, 3]) await keep(tenant(n), clock.wall() + n);
  policyStore.failNext(fault('CATALOG_DOWN', {}));
  appointments.start();
  await clock.advance(seconds(31));
  expect(asked).toEqual([]);
  expect(log.alarming).toHaveLength(1);
  await clock.advance(seconds(30));
  expect(asked.map(({ who }) => who)).toEqual([tenant(1), tenant(2), tenant(3)]);
  await appointments.close();
});

test('a few are asked about at a time, and the end waits for them', async () => {
  const free: (() => void)[] = [];
  const { clock, appointments, asked, keep } = world(() => new Promise((done) => free.push(done)));
  for (let n = 0; n < 10; n++) await keep(tenant(n), clock.wall() + n);
  appointments.start();
  await clock.advance(seconds(31));
  expect(asked).toHaveLength(4);
  free.shift()?.();
  await clock.advance(ms(1));
  expect(asked).toHaveLength(5);
  let isClosed = false;
  const closed = appointments.close().then(() => {
    isClosed = true;
  });
  await clock.advance(ms(1));
  expect(isClosed).toBe(false);
  for (const done of free.splice(0)) done();
  await closed;
  expect(asked).toHaveLength(5);
});
