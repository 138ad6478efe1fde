import { afterEach, beforeEach, expect, test } from 'vitest';
import { InjectedApi } from '../../testing/injected-api.ts';

const ORIGIN = { origin: 'https://shop.example' };

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
});

afterEach(async () => {
  await api.close();
});

const enable = () => api.desks.settings.change({ claimable: { enabled: true, unclaimedMax: 2 } });

test('a page of another origin may make a database where the server gives any, and nothing else', async () => {
  const before = await api.ask('POST', '/v1/claimable', { headers: ORIGIN });
  expect(before.body).toMatchObject({ code: 'ORIGIN_FOREIGN' });
  await enable();
  const asked = await api.app.inject({ method: 'OPTIONS', url: '/v1/claimable', headers: ORIGIN });
  expect(asked.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'authorization, content-type',
  });
  const made = await api.ask('POST', '/v1/claimable', { headers: ORIGIN });
  expect(made.status).toBe(201);
  expect(made.headers['access-control-allow-origin']).toBe('*');
  const other = await api.ask('GET', '/v1/tenants', { headers: ORIGIN });
  expect(other.body).toMatchObject({ code: 'ORIGIN_FOREIGN' });
});

test('they are bounded in number, and in pace for each address', async () => {
  await enable();
  for (let made = 0; made < 2; made++)
    expect((await api.ask('POST', '/v1/claimable')).status).toBe(201);
  expect((await api.ask('POST', '/v1/claimable')).body).toMatchObject({ code: 'CLAIMS_FULL' });
  await api.desks.settings.change({ claimable: { unclaimedMax: 100 } });
  const codes: unknown[] = [];
  for (let turn = 0; turn < 4; turn++)
    codes.push((await api.ask('POST', '/v1/claimable')).body?.code);
  expect(codes.at(-1)).toBe('CLAIMS_THROTTLED');
});

test('a token is good until its time is over', async () => {
  await enable();
  const { body } = await api.ask('POST', '/v1/claimable');
  expect((await api.ask('GET', body.claimPath)).status).toBe(200);
  api.control.alter(body.id, { expiresAt: api.clock.wall() });
  expect((await api.ask('GET', body.claimPath)).body).toMatchObject({ code: 'CLAIM_UNKNOWN' });
});

test('their pace is one for a whole network of IPv6', async () => {
  await enable();
  await api.desks.settings.change({ claimable: { unclaimedMax: 100 } });
  const codes: unknown[] = [];
  for (let turn = 1; turn <= 6; turn++) {
    const from = { remoteAddress: `2001:db8:0:1::${turn}`, headers: { host: 'db.example' } };
    codes.push((await api.ask('POST', '/v1/claimable', from)).body?.code);
  }
  expect(codes).toEqual([...Array(5).fill(undefined), 'CLAIMS_THROTTLED']);
});
