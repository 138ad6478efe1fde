import { request } from 'node:http';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Desks } from '../control/desks.ts';
import type { CustomerId } from '../domain/ids.ts';
import { seconds } from '../domain/units.ts';
import { DynaBase } from '../sdk/index.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { eventually } from '../testing/eventually.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { BACKLOG_BYTES_MAX, STREAMS_MAX } from './event-stream.ts';
import { type Api, openApi } from './listen.ts';

let clock: VirtualClock;
let desks: Desks;
let control: MemoryControl;
let api: Api;
let stop: AbortController;
/** Who listens in a server that nobody asks anything. */
let atRest: number;

beforeEach(async () => {
  clock = new VirtualClock();
  control = new MemoryControl(clock);
  const parts = await memoryApiParts({ clock, control });
  desks = parts.desks;
  api = await openApi({ ...parts, host: '127.0.0.1', port: 0 });
  atRest = desks.events.listeners;
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await api.close();
});

const url = () => `http://127.0.0.1:${api.port}`;
const client = () => new DynaBase({ apiUrl: url(), apiKey: 'key' });
const listening = (count: number) =>
  eventually(`${count} listen`, async () => desks.events.listeners === atRest + count);

async function heard(query: object, publish: () => void, count: number) {
  const before = desks.events.listeners - atRest;
  const events = client().events.listen(query, { signal: stop.signal });
  const first = events.next();
  await listening(before + 1);
  publish();
  const all = [(await first).value];
  while (all.length < count) all.push((await events.next()).value);
  await events.return();
  await listening(before);
  return all;
}

const publish = (name: string, i: number) => {
  const tenant = { id: `tn_${name.padStart(12, '0')}`, name } as never;
  desks.events.publish({ type: 'tenant.state', tenant, data: { i } });
};

const raw = (path: string, headers: object = {}) =>
  fetch(url() + path, {
    headers: { authorization: 'Bearer key', ...headers },
    signal: stop.signal,
  });

/** A stream on a connection of its own, which nobody reads. It is cut at the end of the test. */
async function unread(): Promise<Readable> {
  const asked = request({
    ...{ host: '127.0.0.1', port: api.port, path: '/v1/events', agent: false },
    headers: { authorization: 'Bearer key' },
  });
  asked.on('error', () => {});
  stop.signal.addEventListener('abort', () => asked.destroy());
  return await new Promise((got) => {
    asked.once('response', (response) => got(response.pause().on('error', () => {})));
    asked.end();
  });
}

describe('a stream of events', () => {
  test('tells what happens, of the types that were asked for', async () => {
    const events = await heard(
      { types: 'tenant.*' },
      () => {
        publish('acme', 1);
        desks.events.publish({ type: 'operation.begun' });
        publish('acme', 2);
      },
      2,
    );
    expect(events.map((event) => event?.data)).toEqual([{ i: 1 }, { i: 2 }]);
    expect(events[0]).toMatchObject({ type: 'tenant.state', tenant: { name: 'acme' } });
    await listening(0);
  });

  test('of one tenant tells of no other', async () => {
    const { tenant } = await control.createTenant({ name: 'acme' });
    const answer = await raw('/v1/tenants/acme/events');
    desks.events.publish({ type: 'tenant.state', data: { i: 1 } });
    desks.events.publish({ type: 'tenant.state', tenant, data: { i: 2 } });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('data:')) text += (await reader?.read())?.value;
    expect(text).toContain('"i":2');
    expect(text).not.toContain('"i":1');
    expect((await raw('/v1/tenants/nobody/events')).status).toBe(404);
    expect((await raw('/v1/events?types=tenant.born')).status).toBe(400);
  });

  test('goes on where the last one ended', async () => {
    const [first] = await heard({}, () => publish('acme', 1), 1);
    publish('acme', 2);
    const [next] = await heard({ after: first?.id }, () => publish('acme', 3), 2);
    expect(next?.data).toEqual({ i: 2 });
    const [lost] = await heard({ after: 'ev_0_0' }, () => {}, 1);
    expect(lost?.type).toBe('events.missed');
  });

  test('is a stream to browsers and proxies, with a comment now and then', async () => {
    const answer = await raw('/v1/events');
    expect(answer.headers.get('content-type')).toMatch('text/event-stream');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('retry: 1000\n\n');
    await clock.advance(seconds(15));
    expect((await reader?.read())?.value).toBe(':\n\n');
  });

  test('ends as soon as its key does, and no other one', async () => {
    const { id, secret } = await client().keys.create({ name: 'gone', role: 'viewer' });
    const headers = { authorization: `Bearer ${secret}` };
    const gone = await raw('/v1/events?types=key.deleted', headers);
    const kept = await raw('/v1/events?types=key.deleted');
    await listening(2);
    await client().keys.revoke(id);
    expect(await gone.text()).toContain(id);
    await listening(1);
    await kept.body?.cancel();
  });

  test('ends with the server, and leaves nothing behind', async () => {
    const answer = await raw('/v1/events');
    await listening(1);
    const closed = api.close();
    await answer.text();
    await closed;
    expect(desks.events.listeners).toBe(atRest);
  });

  test('is cut when its reader is too slow, and no other one is', async () => {
    const answer = await unread();
    const other: number[] = [];
    desks.events.subscribe({}, () => other.push(1));
    await listening(2);
    // What the kernel takes for a reader that takes nothing is some megabytes.
    const text = 'x'.repeat(BACKLOG_BYTES_MAX);
    for (let i = 0; i < 200 && desks.events.listeners > atRest + 1; i++) {
      desks.events.publish({ type: 'tenant.state', data: { text, i } });
      await new Promise((next) => setImmediate(next));
    }
    expect(desks.events.listeners).toBe(atRest + 1);
    let last = '';
    for await (const part of answer) last = (last + String(part)).slice(-300);
    expect(last).toContain('event: events.cut\ndata: {');
    expect(other.length).toBeGreaterThan(1);
  });

  test('is one of few that a caller may have', async () => {
    for (let i = 0; i < STREAMS_MAX; i++) await unread();
    const refused = await raw('/v1/events');
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain('STREAMS_FULL');
    stop.abort();
    stop = new AbortController();
    await listening(0);
    expect((await unread()).readableEnded).toBe(false);
  });
});

test('a customer hears of nobody else', async () => {
  const told: unknown[] = [];
  const end = desks.events.subscribe({ customer: 'cu_000000000001' as CustomerId }, (event) =>
    told.push(event.data),
  );
  desks.events.publish({ type: 'tenant.state', data: { i: 1 } });
  desks.events.publish({ type: 'tenant.state', customer: 'cu_000000000001' as CustomerId });
  end();
  expect(told).toEqual([{}]);
});
