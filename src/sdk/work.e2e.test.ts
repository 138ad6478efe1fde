import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { DynaBase } from './index.ts';

let api: Api;
let client: DynaBase;

beforeEach(async () => {
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  await control.createTenant({ name: 'acme' });
  const parts = await memoryApiParts({ clock, control });
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  client = new DynaBase({ apiUrl: `http://127.0.0.1:${api.port}`, apiKey: 'key' });
});

afterEach(() => api.close());

const all = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

test('work is begun, waited for, listed, and hands over its answer', async () => {
  const { id } = await client.operations.begin('forkTenant', {
    params: { ref: 'acme' },
    body: { name: 'beta' },
  });
  const ended = await client.operations.ended(id);
  expect(ended).toMatchObject({ status: 'done', answer: { name: 'beta' } });
  expect((await client.operations.get(id)).answer).toBeUndefined();
  expect((await all(client.operations.list({ kind: 'fork' }))).map((one) => one.id)).toEqual([id]);
  await expect(client.operations.cancel(id)).rejects.toMatchObject({ code: 'CANNOT_CANCEL' });
});

test('a webhook is made, tried, changed and deleted; settings are set', async () => {
  const { id, secret } = await client.webhooks.create({ url: 'https://example.com/' });
  expect(secret).toMatch(/^whsec_/);
  const sent = await client.webhooks.test(id);
  expect((await all(client.webhooks.deliveries(id))).map((one) => one.id)).toEqual([sent.id]);
  await client.webhooks.redeliver(id, sent.id);
  expect((await client.webhooks.rotateSecret(id)).secret).not.toBe(secret);
  expect((await client.webhooks.change(id, { isActive: false })).isActive).toBe(false);
  expect(await all(client.webhooks.list())).toEqual([await client.webhooks.get(id)]);
  await client.webhooks.delete(id);
  expect(await all(client.webhooks.list())).toEqual([]);
  const { defaultPlan } = await client.settings.change({ defaultPlan: 'starter' });
  expect([defaultPlan, (await client.settings.get()).defaultPlan]).toEqual(['starter', 'starter']);
});
