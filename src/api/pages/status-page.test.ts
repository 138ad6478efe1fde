import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { fault, isFault } from '../../domain/faults.ts';
import { hours, minutes, timestamp } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryControl } from '../../testing/memory-control.ts';
import { memoryHealth } from '../../testing/memory-health.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { MemoryUptime } from '../../testing/memory-uptime.ts';
import { addStatusPage } from './status-page.ts';

async function pages(which: 'off' | 'service' | 'tenants', store = new MemoryUptime()) {
  const clock = new VirtualClock();
  const control = new MemoryControl(clock);
  const { tenant } = await control.createTenant({ name: 'acme' });
  const health = await memoryHealth({ clock, log: new MemoryLog(), control, pages: which, store });
  const app = Fastify();
  app.setErrorHandler((error, _, reply) =>
    reply.code(isFault(error, 'NOT_FOUND') ? 404 : 500).send(String(error)),
  );
  addStatusPage(app, health);
  const ask = async (url: string) => await app.inject({ url });
  return { clock, control, tenant, health, ask, store };
}

test('whoever comes is told how the service is, by no name and without a script', async () => {
  const store = new MemoryUptime();
  const { ask, clock } = await pages('service', store);
  const at = clock.wall();
  await store.addGap({
    from: timestamp(at - hours(2)),
    to: timestamp(at - hours(1)),
    planned: false,
  });
  const { statusCode, headers, body } = await ask('/status');
  expect(statusCode).toBe(200);
  expect(headers['content-security-policy']).toBe("default-src 'none'; style-src 'unsafe-inline'");
  expect(headers['cache-control']).toBe('public, max-age=10');
  expect(body).toContain('The service is up');
  expect(body.match(/<li class=/g)).toHaveLength(90);
  expect(body).not.toMatch(/<script|acme|tn_/);
  const json = JSON.parse((await ask('/status.json')).body);
  expect([json.of, json.condition, json.days.length]).toEqual(['service', 'up', 90]);
});

test('a page costs the catalog one look in ten seconds, however many look at it', async () => {
  const { ask, store, clock } = await pages('service');
  let looks = 0;
  const gaps = store.gaps.bind(store);
  store.gaps = (since) => {
    looks += 1;
    return gaps(since);
  };
  for (let time = 0; time < 50; time++) await ask('/status.json');
  expect(looks).toBe(1);
  await clock.advance(hours(1));
  await ask('/status.json');
  expect(looks).toBe(2);
});

test('a tenant has a page where that is wanted, for whoever knows its link and nobody else', async () => {
  const { ask, tenant, control, health } = await pages('tenants');
  const link = health.linkOf(tenant.id) ?? '';
  expect(link).toBe(`/status/${tenant.id}.proof-of-${tenant.id}`);
  const { body } = await ask(link);
  expect(body).toContain('The database is asleep');
  expect(body).not.toMatch(/acme|tn_/);
  control.put('acme', { kind: 'failed', attempt: 2, reason: 'no disk', retryAt: timestamp(0) });
  const json = JSON.parse((await ask(`${link}.json`)).body);
  expect([json.of, json.condition]).toEqual(['tenant', 'down']);
  for (const wrong of [
    `/status/${tenant.id}`,
    `/status/${tenant.id}.x`,
    `${link}0`,
    '/status/a.b',
  ]) {
    expect([wrong, (await ask(wrong)).statusCode]).toEqual([wrong, 404]);
  }
});

test('while the catalog is away the service is down, and nobody says that a tenant is', async () => {
  const { ask, store, clock, health, control, tenant } = await pages('tenants');
  const link = health.linkOf(tenant.id) ?? '';
  await ask('/status');
  const down = fault('CATALOG_DOWN', {});
  const gaps = store.gaps.bind(store);
  const find = control.findTenant.bind(control);
  store.fail(down);
  store.gaps = () => Promise.reject(down);
  control.findTenant = () => Promise.reject(down);
  await clock.advance(minutes(5));
  const { statusCode, body } = await ask('/status');
  expect([statusCode, body.includes('The service is down')]).toEqual([200, true]);
  expect(JSON.parse((await ask('/status.json')).body)).toMatchObject({ condition: 'down' });
  const own = await ask(link);
  expect(own.statusCode).toBe(200);
  expect(own.body).toContain('cannot be told at the moment');
  store.fail(null);
  store.gaps = gaps;
  control.findTenant = find;
  await clock.advance(minutes(2));
  const after = JSON.parse((await ask('/status.json')).body);
  expect(after.condition).toBe('up');
  // The time without it counts.
  expect(after.uptime).toBeLessThan(0.5);
  expect(after.incidents).toHaveLength(1);
});

test('where there are no such pages there are none', async () => {
  const off = await pages('off');
  expect((await off.ask('/status')).statusCode).toBe(404);
  const { ask, tenant, health } = await pages('service');
  expect(health.linkOf(tenant.id)).toBe(null);
  expect((await ask(`/status/${tenant.id}.proof-of-${tenant.id}`)).statusCode).toBe(404);
});
