/** Operations and webhooks, in the real catalog and in memory: the same promises. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../domain/ids.ts';
import type { Operation, OperationStore } from '../../domain/operation.ts';
import { timestamp } from '../../domain/units.ts';
import type { Delivery, StoredWebhook, WebhookStore } from '../../domain/webhook.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { draft } from '../../testing/drafts.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { MemoryOperations } from '../../testing/memory-operations.ts';
import { MemoryWebhooks } from '../../testing/memory-webhooks.ts';
import { type RealPostgres, realPostgres } from '../../testing/real-postgres.ts';
import { openCatalog } from '../open-catalog.ts';
import type { PgCatalog } from '../pg-catalog.ts';

let postgres: RealPostgres;
let catalog: PgCatalog;

beforeAll(async () => {
  postgres = await realPostgres();
  catalog = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

afterAll(async () => {
  await catalog.close();
  await postgres[Symbol.asyncDispose]();
});

const random = new SeededRandom(2);
const NOW = 1_900_000_000_000;

const OPERATIONS: Readonly<Record<string, () => OperationStore>> = {
  PostgreSQL: () => catalog.stores.operations,
  memory: () => new MemoryOperations(),
};

describe.each(Object.entries(OPERATIONS))('operations in %s', (_, open) => {
  const { id, name } = draft('acme');
  const operation = (age: number, change: Partial<Operation> = {}): Operation => ({
    ...{ id: newId('op', random), kind: 'archive', status: 'running', tenant: { id, name } },
    ...{ customer: null, caller: 'key key_1', progress: null, result: null, fault: null },
    ...{ begunAt: timestamp(NOW - age), endedAt: null },
    ...change,
  });
  const progress = { step: 'the data is being saved', doneBytes: 7, allBytes: 9 };

  test('are found as they were written, and an end is not written over', async () => {
    const store = open();
    const begun = operation(10);
    await store.save(begun);
    expect(await store.find(begun.id)).toEqual(begun);
    const endedAt = timestamp(NOW);
    const done: Operation = { ...begun, status: 'done', progress, result: { tenant: id }, endedAt };
    await store.save(done);
    await store.save(begun);
    expect(await store.find(begun.id)).toEqual(done);
    expect(await store.find(newId('op', random))).toBeUndefined();
  });

  test('are listed by page and filter, the latest first; what is cut off has failed; the old go', async () => {
    const store = open();
    const all = [1, 2, 2, 3].map((age) => operation(age, { kind: 'fork' }));
    for (const one of all) await store.save(one);
    const listed = async (after?: Operation) =>
      await store.list({ kind: 'fork', tenant: id, limit: 2, ...(after && { after }) });
    const first = await listed();
    const second = await listed(first[1]);
    const ages = [...first, ...second].map(({ begunAt }) => NOW - begunAt);
    expect(ages).toEqual([1, 2, 2, 3]);
    expect(new Set([...first, ...second].map((one) => one.id)).size).toBe(4);
    const fault = { code: 'OPERATION_CUT_OFF', message: 'gone' };
    expect(await store.cutOff(fault)).toBeGreaterThanOrEqual(4);
    const failed = await store.list({ kind: 'fork', status: 'failed', limit: 9 });
    expect(failed.map((one) => one.fault)).toEqual([fault, fault, fault, fault]);
    expect(await store.forget(timestamp(NOW - 2), 9)).toBeGreaterThanOrEqual(1);
    expect(await store.list({ kind: 'fork', limit: 9 })).toHaveLength(3);
  });
});

const WEBHOOKS: Readonly<Record<string, () => WebhookStore>> = {
  PostgreSQL: () => catalog.stores.webhooks,
  memory: () => new MemoryWebhooks(),
};

describe.each(Object.entries(WEBHOOKS))('webhooks in %s', (_, open) => {
  const hook = (): StoredWebhook => ({
    ...{ id: newId('wh', random), customer: null, url: 'https://a/', events: ['tenant.*', '*'] },
    ...{ secret: 'sealed', isActive: true, failingSince: null, createdAt: timestamp(NOW) },
  });
  const delivery = (webhook: StoredWebhook, due: number): Delivery => ({
    ...{ id: newId('dl', random), webhook: webhook.id, event: 'tenant.state', payload: '{"a":1}' },
    ...{ createdAt: timestamp(NOW), attempts: 0, nextAt: timestamp(NOW + due) },
    ...{ deliveredAt: null, lastStatus: null, lastError: null },
  });

  test('are kept, changed, bounded and removed', async () => {
    const store = open();
    const before = (await store.all()).length;
    const one = hook();
    await store.insert(one, before + 1);
    await expect(store.insert(hook(), before + 1)).rejects.toThrow('webhooks already');
    expect(await store.all()).toContainEqual(one);
    const change = {
      url: 'https://b/',
      isActive: false,
      failingSince: timestamp(NOW),
      secret: 's',
    };
    await store.change(one.id, change);
    await store.change(one.id, {});
    expect(await store.all()).toContainEqual({ ...one, ...change });
    await store.addDeliveries([delivery(one, 0)]);
    await store.remove(one.id);
    expect(await store.deliveries(one.id, { limit: 9 })).toEqual([]);
    await store.addDeliveries([delivery(one, 0)]);
    expect(await store.deliveries(one.id, { limit: 9 })).toEqual([]);
  });

  test('have what is due, a few of each, and not of those that are off', async () => {
    const store = open();
    const [one, two, off] = [hook(), hook(), { ...hook(), isActive: false }];
    for (const webhook of [one, two, off]) await store.insert(webhook, 99);
    const ofOne = [3, 1, 2].map((due) => delivery(one, due));
    const ofTwo = delivery(two, 2);
    await store.addDeliveries([...ofOne, ofTwo, delivery(two, 50), delivery(off, 0)]);
    const due = await store.due(timestamp(NOW + 10), 2);
    expect(due.map(({ nextAt }) => (nextAt ?? 0) - NOW)).toEqual([1, 2, 2]);
    const done = {
      ...ofTwo,
      attempts: 3,
      nextAt: null,
      deliveredAt: timestamp(NOW),
      lastStatus: 204,
    };
    await store.record(done);
    expect(await store.delivery(ofTwo.id)).toEqual(done);
    const page = await store.deliveries(one.id, { limit: 2 });
    const rest = await store.deliveries(one.id, { limit: 2, after: page[1] });
    expect([page.length, rest.length]).toEqual([2, 1]);
    expect(await store.forget(timestamp(NOW + 1), 9)).toBe(1);
    expect(await store.delivery(ofTwo.id)).toBeUndefined();
  });
});
