import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { FAULTS } from '../domain/faults.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { DynaBase } from './client.ts';
import { unreachable } from './error.ts';

let control: MemoryControl;
let api: Api;
let client: DynaBase;

beforeEach(async () => {
  const clock = new VirtualClock();
  control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host: '127.0.0.1',
    port: 0,
  });
  client = new DynaBase({
    apiUrl: `http://127.0.0.1:${api.port}`,
    apiKey: 'key',
    sleep: () => Promise.resolve(),
  });
});

afterEach(() => api.close());

test('every call reaches its route', async () => {
  const made = await client.tenants.create({ name: 'acme', suspendAfterMs: 5_000 });
  expect(made).toMatchObject({ name: 'acme', suspendAfterMs: 5_000, password: 'secret-1' });
  expect((await client.tenants.get(made.id)).name).toBe('acme');
  expect((await client.tenants.change('acme', { sessionsMax: 4 })).sessionsMax).toBe(4);
  expect((await client.tenants.wake('acme')).state).toBe('running');
  expect((await client.tenants.suspend('acme')).state).toBe('suspended');
  expect((await client.tenants.rotatePassword('acme')).password).toBe('secret-2');
  expect((await client.tenants.ticket('acme')).connectionUri).toContain('ticket');
  expect((await client.tenants.usage('acme')).steps).toEqual([]);
  expect((await client.tenants.connectionString('acme')).port).toBe(6432);
  expect((await client.status()).tenants.suspended).toBe(1);
  expect(await client.ready()).toEqual({ status: 'ok' });
  const names: string[] = [];
  for await (const { name } of client.tenants.list()) names.push(name);
  expect(names).toEqual(['acme']);
  await client.tenants.delete('acme');
  await expect(client.tenants.get('acme')).rejects.toMatchObject({
    code: 'TENANT_UNKNOWN',
    http: 404,
    requestId: expect.stringMatching(/^req_/),
  });
});

test('a wake that fails soon is asked for again', async () => {
  await client.tenants.create({ name: 'acme' });
  control.failNext('WAKES_FULL', { max: 1 });
  expect((await client.tenants.wake('acme')).state).toBe('running');
});

test('a server that is not there is told in the words of the fault table', () => {
  const { code, message, sqlstate, http, retry } = unreachable('nobody is home');
  const row = FAULTS.SERVER_UNREACHABLE;
  expect({ message, sqlstate, http, retry }).toEqual({
    message: row.message({ why: 'nobody is home' }),
    sqlstate: row.sqlstate,
    http: row.http,
    retry: row.retry,
  });
  expect(code).toBe('SERVER_UNREACHABLE');
});
