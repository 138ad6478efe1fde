import { beforeEach, expect, test } from 'vitest';
import { BILLING_DEFAULT } from '../domain/billing.ts';
import type { Caller } from '../domain/caller.ts';
import type { CustomerId } from '../domain/ids.ts';
import { type DurationMs, hours, minutes, seconds } from '../domain/units.ts';
import type { Receipt } from '../domain/webhook.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { MemorySender, MemoryWebhooks } from '../testing/memory-webhooks.ts';
import { Deliveries } from './deliveries.ts';
import { EventBus } from './event-bus.ts';
import { StoredSettings } from './settings.ts';
import { WebhookDesk } from './webhooks.ts';

const ONE = 'cu_000000000001' as CustomerId;
const OPERATOR: Caller = {
  ...{ kind: 'admin-key', id: 'admin', name: 'admin', role: 'admin', isReadOnly: false },
  scope: { kind: 'operator' },
};
const CUSTOMER: Caller = { ...OPERATOR, kind: 'key', scope: { kind: 'customer', customer: ONE } };
const secrecy = {
  seal: (_: string, text: string) => text,
  unseal: (_: string, text: string) => text,
};

let clock: VirtualClock;
let store: MemoryWebhooks;
let sender: MemorySender;
let events: EventBus;
let deliveries: Deliveries;
let desk: WebhookDesk;

async function opened(): Promise<void> {
  const log = new MemoryLog();
  const random = new SeededRandom(5);
  const settings = await StoredSettings.open(new MemoryPolicyStore(), async () => BILLING_DEFAULT);
  events = new EventBus({ clock, log });
  const world = { clock, random, log, events, settings, secrecy, store, sender };
  deliveries = await Deliveries.open(world);
  desk = new WebhookDesk({ ...world, deliveries });
}

const settle = (wait: DurationMs = seconds(0)) => clock.advance(wait);
const sentTo = (host: string) => sender.sent.filter(({ url }) => url.includes(host));

beforeEach(async () => {
  clock = new VirtualClock();
  store = new MemoryWebhooks();
  sender = new MemorySender();
  await opened();
});

const hook = async (host: string, customer: CustomerId | null = null, patterns = ['*']) =>
  (await desk.create({ url: `https://${host}/`, events: patterns, customer })).webhook;

test('each webhook gets what it asked for and may hear', async () => {
  await hook('all');
  await hook('one', ONE);
  await hook('work', null, ['operation.*']);
  events.publish({ type: 'tenant.created', customer: ONE, data: { plan: 'free' } });
  events.publish({ type: 'operation.begun' });
  await settle();
  const types = (host: string) =>
    sentTo(host)
      .map(({ payload }) => JSON.parse(payload).type)
      .sort();
  expect(types('all')).toEqual(['operation.begun', 'tenant.created']);
  expect(types('one')).toEqual(['tenant.created']);
  expect(types('work')).toEqual(['operation.begun']);
  expect(JSON.parse(sentTo('one')[0]?.payload ?? '').data.data).toEqual({ plan: 'free' });
});

test('a deleted customer is told nothing more, and others are', async () => {
  await hook('all');
  await hook('one', ONE);
  events.publish({ type: 'customer.deleted', customer: ONE });
  events.publish({ type: 'tenant.created', customer: ONE });
  await settle();
  expect(sentTo('one')).toEqual([]);
  expect(sentTo('all')).toHaveLength(2);
});

test('what arrives while the catalog is asked what is due is not sent again', async () => {
  await hook('once');
  const answered = Promise.withResolvers<void>();
  sender.answer = async () => {
    await answered.promise;
    return { status: 200 };
  };
  events.publish({ type: 'tenant.created' });
  await settle();
  const asked = Promise.withResolvers<void>();
  const due = store.due.bind(store);
  store.due = async (...args) => {
    const found = await due(...args);
    await asked.promise;
    return found;
  };
  await settle(seconds(6));
  answered.resolve();
  await settle();
  asked.resolve();
  await settle(seconds(6));
  expect(sentTo('once')).toHaveLength(1);
});

test('what is not taken comes again, later and later, and after three days no more', async () => {
  sender.answer = async () => ({ status: 500 });
  const { id } = await hook('down');
  events.publish({ type: 'tenant.created' });
  await settle();
  await settle(hours(24 * 5));
  const [delivery] = await store.deliveries(id, { limit: 10 });
  expect(delivery).toMatchObject({
    attempts: 10,
    nextAt: null,
    deliveredAt: null,
    lastStatus: 500,
  });
  const waits = sender.sent.map(({ at }) => at).map((at, i, all) => at - (all[i - 1] ?? at));
  expect(waits.slice(1)).toEqual(waits.slice(1).toSorted((a, b) => a - b));
  expect(new Set(sender.sent.map((parcel) => parcel.id)).size).toBe(1);
});

test('one that is dead for days, or says that it is gone, is told of and left alone', async () => {
  const disabled: unknown[] = [];
  events.subscribe({ types: ['webhook.disabled'] }, ({ data }) => disabled.push(data.why));
  sender.answer = async ({ url }) => ({ status: url.includes('gone') ? 410 : 503 });
  const dead = await hook('dead', null, ['tenant.*']);
  await hook('gone', null, ['tenant.*']);
  for (let day = 0; day < 7; day++) {
    events.publish({ type: 'tenant.created' });
    await settle(hours(24));
  }
  expect(disabled).toEqual(['it said that it is gone', 'nothing arrived there for five days']);
  expect(sentTo('gone')).toHaveLength(1);
  expect(desk.find(dead.id, OPERATOR)).toMatchObject({ isActive: false });
  sender.answer = async () => ({ status: 200 });
  await desk.change(dead.id, OPERATOR, { isActive: true });
  events.publish({ type: 'tenant.created' });
  await settle(minutes(1));
  expect(desk.find(dead.id, OPERATOR)).toMatchObject({ isActive: true, failingSince: null });
});

test('one that does not answer delays no other', async () => {
  sender.answer = ({ url }) =>
    url.includes('dead') ? new Promise<Receipt>(() => {}) : Promise.resolve({ status: 200 });
  await hook('dead');
  await hook('live');
  for (let i = 0; i < 50; i++) events.publish({ type: 'tenant.created', data: { i } });
  await settle();
  await settle(seconds(30));
  expect([sentTo('dead').length, sentTo('live').length]).toEqual([2, 50]);
});

test('a restart goes on with what has not arrived', async () => {
  sender.answer = async () => ({ error: 'it refuses connections' });
  await hook('late');
  events.publish({ type: 'tenant.created' });
  await settle();
  await deliveries.close();
  sender.sent.length = 0;
  sender.answer = async () => ({ status: 204 });
  await opened();
  await settle(minutes(10));
  expect(sender.sent).toHaveLength(1);
  await settle(hours(24));
  expect(sender.sent).toHaveLength(1);
});

test('who is silent keeps no server from its end, and is asked again by the next', async () => {
  sender.answer = ({ signal }) =>
    new Promise((done) => {
      signal.addEventListener('abort', () => done({ error: 'it was ended' }), { once: true });
    });
  const { id } = await hook('silent');
  events.publish({ type: 'tenant.created' });
  await settle();
  const [before] = await store.deliveries(id, { limit: 1 });
  await deliveries.close();
  expect(await store.deliveries(id, { limit: 1 })).toEqual([before]);
  sender.answer = async () => ({ status: 204 });
  await opened();
  await settle(minutes(1));
  const [after] = await store.deliveries(id, { limit: 1 });
  expect(after).toMatchObject({ id: before?.id, attempts: 1, nextAt: null, lastStatus: 204 });
});

test('what arrives while the server ends is written down', async () => {
  sender.answer = ({ signal }) =>
    new Promise((done) => {
      signal.addEventListener('abort', () => done({ status: 200 }), { once: true });
    });
  const { id } = await hook('slow');
  events.publish({ type: 'tenant.created' });
  await settle();
  await deliveries.close();
  expect(await store.deliveries(id, { limit: 1 })).toMatchObject([{ attempts: 1, nextAt: null }]);
});

test('a rotated secret and the one before sign for a day', async () => {
  const { webhook, secret } = await desk.create({
    url: 'https://a/',
    events: ['*'],
    customer: null,
  });
  const rotated = await desk.rotate(webhook.id, OPERATOR);
  await desk.test(webhook.id, OPERATOR);
  await settle();
  expect(sender.sent.at(-1)?.secrets).toEqual([rotated.secret, secret]);
  await settle(hours(25));
  await desk.test(webhook.id, OPERATOR);
  await settle();
  expect(sender.sent.at(-1)?.secrets).toEqual([rotated.secret]);
});

test('what has arrived can be sent again, and a customer sees only its own', async () => {
  const theirs = await hook('one', ONE);
  const ours = await hook('ours');
  const { id } = await desk.test(theirs.id, CUSTOMER);
  await settle();
  await desk.redeliver(theirs.id, id, CUSTOMER);
  await settle();
  expect(sender.sent.map((parcel) => parcel.id)).toEqual([id, id]);
  expect(() => desk.find(ours.id, CUSTOMER)).toThrow('there is no webhook');
  expect(desk.list(CUSTOMER, { limit: 10 }).webhooks.map((one) => one.id)).toEqual([theirs.id]);
  await expect(desk.redeliver(ours.id, id, OPERATOR)).rejects.toThrow('there is no delivery');
  await expect(hook('x', null, ['tenant.born'])).rejects.toThrow('no events of type');
});
