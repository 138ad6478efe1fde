import { afterEach, beforeEach, expect, test } from 'vitest';
import { ms } from '../../domain/units.ts';
import { InjectedApi, KEY } from '../../testing/injected-api.ts';

let api: InjectedApi;

beforeEach(async () => {
  api = await InjectedApi.open();
});

afterEach(() => api.close());

const HOST = { host: 'localhost:6480' };

const open = (headers: Record<string, string>) =>
  api.app.inject({ method: 'POST', url: '/v1/auth/session', headers: { ...HOST, ...headers } });

const withKey = (secret: string) => open({ authorization: `Bearer ${secret}` });

const who = (cookie: string) =>
  api.app.inject({ url: '/v1/whoami', headers: { ...HOST, cookie: `dynabase=${cookie}` } });

const sessionIn = (answer: Awaited<ReturnType<typeof open>>): string =>
  answer.cookies.find(({ name }) => name === 'dynabase')?.value ?? '';

async function keyOf(more: object = {}) {
  const payload = { name: 'desk', role: 'viewer', ...more };
  return (await api.ask('POST', '/v1/keys', { payload })).body as { id: string; secret: string };
}

test('a key opens a session that may what the key may, and no script can read', async () => {
  const { secret } = await keyOf();
  const answer = await withKey(secret);
  expect(answer.statusCode).toBe(204);
  expect(String(answer.headers['set-cookie'])).toContain('HttpOnly; SameSite=Lax');
  const { role, scope, name } = (await who(sessionIn(answer))).json();
  expect({ role, scope, name }).toEqual({
    ...{ role: 'viewer', name: 'desk' },
    scope: { kind: 'operator' },
  });
  const { body } = await api.ask('GET', '/v1/audit?operation=login');
  expect(body.entries).toMatchObject([{ outcome: 'done', caller: { name: 'desk' } }]);
});

test('the admin key opens one too; no key, a wrong one and a session open none', async () => {
  const session = sessionIn(await withKey(KEY));
  expect((await who(session)).json()).toMatchObject({ role: 'admin', name: 'admin key' });
  expect((await open({})).json().code).toBe('KEY_MISSING');
  expect((await withKey('wrong')).json().code).toBe('KEY_WRONG');
  const lengthened = { cookie: `dynabase=${session}`, 'x-dynabase-csrf': '1' };
  const again = await open({ ...lengthened, origin: 'http://localhost:6480' });
  expect(again.json().code).toBe('KEY_MISSING');
});

test('a session ends with its key: when it is revoked, rotated or expires', async () => {
  const { id, secret } = await keyOf();
  const revoked = sessionIn(await withKey(secret));
  const other = await keyOf();
  const rotated = sessionIn(await withKey(other.secret));
  await api.ask('DELETE', `/v1/keys/${id}`);
  expect((await who(revoked)).json().code).toBe('KEY_WRONG');
  expect((await who(rotated)).statusCode).toBe(200);
  await api.ask('POST', `/v1/keys/${other.id}/rotate`, { payload: { graceMs: 60_000 } });
  expect((await who(rotated)).json().code).toBe('KEY_WRONG');
  const soon = new Date(api.clock.wall() + 10_000).toISOString();
  const brief = await keyOf({ expiresAt: soon });
  const session = sessionIn(await withKey(brief.secret));
  await api.clock.advance(ms(10_000));
  expect((await who(session)).json().code).toBe('KEY_EXPIRED');
});

test('a session of a secret that was rotated away ends with its grace', async () => {
  const { id, secret } = await keyOf();
  await api.ask('POST', `/v1/keys/${id}/rotate`, { payload: { graceMs: 10_000 } });
  const session = sessionIn(await withKey(secret));
  expect((await who(session)).json()).toMatchObject({ id });
  await api.clock.advance(ms(10_000));
  expect((await who(session)).json().code).toBe('KEY_EXPIRED');
});

test('in a session one is who has opened it: keys that are made there outlive it', async () => {
  const session = sessionIn(await withKey(KEY));
  expect((await who(session)).json()).toMatchObject({ kind: 'admin-key', id: 'admin' });
  const told = await api.app.inject({
    ...{ method: 'POST', url: '/v1/keys', payload: { name: 'made', role: 'viewer' } },
    headers: {
      ...{ ...HOST, origin: 'http://localhost:6480', 'x-dynabase-csrf': '1' },
      cookie: `dynabase=${session}`,
    },
  });
  expect(told.json()).toMatchObject({ name: 'made', expiresAt: null });
});

test('sessions of an admin key that is another one now have ended', async () => {
  const session = sessionIn(await withKey(KEY));
  const next = await InjectedApi.open({ stores: api.stores, key: 'another' });
  try {
    const told = await next.app.inject({
      ...{ url: '/v1/whoami', headers: { ...HOST, cookie: `dynabase=${session}` } },
    });
    expect(told.json().code).toBe('KEY_WRONG');
  } finally {
    await next.close();
  }
});

test('who logs out of a session that has ended is logged out', async () => {
  const { id, secret } = await keyOf();
  const session = sessionIn(await withKey(secret));
  await api.ask('DELETE', `/v1/keys/${id}`);
  const told = await api.app.inject({
    ...{ method: 'POST', url: '/v1/auth/logout' },
    headers: {
      ...{ ...HOST, origin: 'http://localhost:6480', 'x-dynabase-csrf': '1' },
      cookie: `dynabase=${session}`,
    },
  });
  expect(told.statusCode).toBe(204);
  expect(sessionIn(told)).toBe('');
});

test('where there is TLS a session is one of this host alone, whoever sets what beside it', async () => {
  const secure = await InjectedApi.open({ isSecure: true });
  try {
    const told = await secure.app.inject({
      ...{ method: 'POST', url: '/v1/auth/session' },
      headers: { ...HOST, authorization: `Bearer ${KEY}` },
    });
    const [made] = told.cookies;
    expect(made).toMatchObject({
      name: '__Host-dynabase',
      path: '/',
      secure: true,
      httpOnly: true,
    });
    const as = async (cookie: string) =>
      (await secure.app.inject({ url: '/v1/whoami', headers: { ...HOST, cookie } })).statusCode;
    const session = made?.value ?? '';
    expect(await as(`dynabase=other; __Host-dynabase=${session}`)).toBe(200);
    expect(await as(`dynabase=${session}`)).toBe(401);
    expect(await as(`dynabase=${session}; __Host-dynabase=other`)).toBe(401);
  } finally {
    await secure.close();
  }
});
