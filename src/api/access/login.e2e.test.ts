import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ms } from '../../domain/units.ts';
import { OidcProvider } from '../../system/identity-provider.ts';
import { InjectedApi } from '../../testing/injected-api.ts';
import { OidcDouble } from '../../testing/oidc-double.ts';

const REDIRECT = 'http://localhost:6480/v1/auth/callback';
const HOST = { host: 'localhost:6480' };

let api: InjectedApi;
let oidc: OidcDouble;

beforeEach(async () => {
  oidc = await OidcDouble.open(REDIRECT);
  const provider = new OidcProvider({
    ...{ issuer: oidc.issuer, clientId: 'dynabase', redirectUri: REDIRECT },
    clientSecret: 'client-secret-of-the-test',
  });
  api = await InjectedApi.open({ provider, admins: ['Boss@example.com'] });
});

afterEach(async () => {
  await api.close();
  await oidc[Symbol.asyncDispose]();
});

const get = (url: string, cookie = '') =>
  api.app.inject({ url, headers: { ...HOST, ...(cookie === '' ? {} : { cookie }) } });

const cookieIn = (answer: Awaited<ReturnType<typeof get>>, name: string): string => {
  const found = answer.cookies.find((one) => one.name === name);
  return found === undefined || found.value === '' ? '' : `${name}=${found.value}`;
};

/** The answer to the callback, having gone the whole way as a browser does. */
async function login(from = '/v1/auth/login?to=/somewhere') {
  const begun = await get(from);
  expect(begun.statusCode).toBe(302);
  const back = await oidc.visit(String(begun.headers.location));
  expect(back.startsWith(REDIRECT)).toBe(true);
  const { pathname, search } = new URL(back);
  return { begun, back: pathname + search, ticket: cookieIn(begun, 'dynabase-login') };
}

async function session(email: string): Promise<string> {
  oidc.account = { email, verified: true };
  const { back, ticket } = await login();
  return cookieIn(await get(back, ticket), 'dynabase');
}

const askAs = (cookie: string, method: 'GET' | 'POST' | 'PUT', url: string, headers = {}) =>
  api.app.inject({ method, url, headers: { ...HOST, cookie, ...headers } });

const put = (email: string, role: string) =>
  api.ask('PUT', `/v1/people/${email}`, { payload: { role } });

test('an admin of the options logs in, and is sent to the page they came from', async () => {
  oidc.account = { email: 'boss@example.com', verified: true };
  const { begun, back, ticket } = await login();
  expect(String(begun.headers['set-cookie'])).toContain('HttpOnly; SameSite=Lax');
  const done = await get(back, ticket);
  expect([done.statusCode, done.headers.location]).toEqual([302, '/somewhere']);
  const who = await get('/v1/whoami', cookieIn(done, 'dynabase'));
  expect(who.json()).toMatchObject({
    ...{ kind: 'person', id: 'boss@example.com', role: 'admin', scope: { kind: 'operator' } },
  });
});

test('a stranger is told by the address, and it is in the audit log', async () => {
  const { back, ticket } = await login();
  const { statusCode, body } = await get(back, ticket);
  expect([statusCode, JSON.parse(body).code]).toEqual([403, 'PERSON_NOT_ADMITTED']);
  expect(JSON.parse(body).detail).toContain('ann@example.com');
  const { body: log } = await api.ask('GET', '/v1/audit?operation=login');
  expect(log.entries).toMatchObject([{ outcome: 'failed', caller: { id: 'ann@example.com' } }]);
});

test('an address that the provider has not verified is nobody', async () => {
  await put('ann@example.com', 'viewer');
  oidc.account = { email: 'ann@example.com', verified: false };
  const { back, ticket } = await login();
  expect((await get(back, ticket)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
});

test('the way back is good for the browser that began, once, and for ten minutes', async () => {
  await put('ann@example.com', 'viewer');
  const { back, ticket } = await login();
  expect((await get(back)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
  const other = await login();
  expect((await get(back, other.ticket)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
  expect((await get(back, `${ticket}xx`)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
  expect((await get(back, ticket)).statusCode).toBe(302);
  expect((await get(back, ticket)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
});

test('a session changes something only for a page of ours', async () => {
  await put('ann@example.com', 'operator');
  const cookie = await session('ann@example.com');
  const headers = { origin: 'http://localhost:6480', 'x-dynabase-csrf': '1' };
  const wake = async (more: object) =>
    (await askAs(cookie, 'POST', '/v1/tenants/none/wake', more)).json().code;
  expect(await wake({})).toBe('CSRF_MISSING');
  expect(await wake({ origin: headers.origin })).toBe('CSRF_MISSING');
  expect(await wake({ 'x-dynabase-csrf': '1' })).toBe('CSRF_MISSING');
  expect(await wake({ ...headers, origin: 'https://evil.example' })).toBe('ORIGIN_FOREIGN');
  expect(await wake(headers)).toBe('TENANT_UNKNOWN');
});

test('a session is no key, and a key no session', async () => {
  await put('ann@example.com', 'viewer');
  const secret = (await session('ann@example.com')).replace('dynabase=', '');
  const headers = { authorization: `Bearer ${secret}` };
  expect((await api.ask('GET', '/v1/whoami', { headers })).body.code).toBe('KEY_WRONG');
  const made = await api.ask('POST', '/v1/keys', { payload: { name: 'k', role: 'viewer' } });
  const asSession = await get('/v1/whoami', `dynabase=${made.body.secret}`);
  expect(asSession.json().code).toBe('KEY_WRONG');
});

test('who is given another role or removed is logged out at once, as is who logs out', async () => {
  await put('ann@example.com', 'viewer');
  const first = await session('ann@example.com');
  await put('ann@example.com', 'viewer');
  expect((await get('/v1/whoami', first)).statusCode).toBe(200);
  await put('ann@example.com', 'operator');
  expect((await get('/v1/whoami', first)).json().code).toBe('KEY_WRONG');
  const second = await session('ann@example.com');
  const headers = { origin: 'http://localhost:6480', 'x-dynabase-csrf': '1' };
  const out = await askAs(second, 'POST', '/v1/auth/logout', headers);
  expect(out.statusCode).toBe(204);
  expect((await get('/v1/whoami', second)).json().code).toBe('KEY_WRONG');
  const third = await session('ann@example.com');
  expect((await api.ask('DELETE', '/v1/people/ann@example.com')).status).toBe(204);
  expect((await get('/v1/whoami', third)).json().code).toBe('KEY_WRONG');
});

test('a member of a customer reaches that customer alone', async () => {
  const { body } = await api.ask('POST', '/v1/customers', { payload: { name: 'Acme' } });
  const payload = { role: 'admin' };
  await api.ask('PUT', `/v1/customers/${body.id}/people/Ann@Example.com`, { payload });
  const cookie = await session('ann@example.com');
  const scope = { kind: 'customer', customer: body.id };
  expect((await get('/v1/whoami', cookie)).json()).toMatchObject({ role: 'admin', scope });
  expect((await get('/v1/customers/me', cookie)).json()).toMatchObject({ name: 'Acme' });
  expect((await get('/v1/people', cookie)).statusCode).toBe(403);
});

test('the command line gets a personal key for the code, once, with its verifier', async () => {
  await put('ann@example.com', 'operator');
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const code = async () => {
    const { back, ticket } = await login(`/v1/auth/cli?port=45123&challenge=${challenge}`);
    const to = new URL(String((await get(back, ticket)).headers.location));
    expect(to.origin).toBe('http://127.0.0.1:45123');
    return to.searchParams.get('code');
  };
  const exchange = (payload: object) =>
    api.app.inject({ method: 'POST', url: '/v1/auth/token', headers: HOST, payload });
  const stolen = await code();
  const guess = await exchange({ code: stolen, verifier: 'x'.repeat(43) });
  expect(guess.json().code).toBe('LOGIN_REFUSED');
  expect((await exchange({ code: stolen, verifier })).json().code).toBe('LOGIN_REFUSED');
  const made = (await exchange({ code: await code(), verifier })).json();
  expect(made).toMatchObject({ kind: 'personal', person: 'ann@example.com', role: 'operator' });
  const headers = { authorization: `Bearer ${made.secret}` };
  expect((await api.ask('GET', '/v1/whoami', { headers })).body.id).toBe('ann@example.com');
  const late = await code();
  await api.clock.advance(ms(10_000));
  expect((await exchange({ code: late, verifier })).statusCode).toBe(200);
});

test('a link leads from a login to a page of ours, and nowhere else', async () => {
  await put('ann@example.com', 'viewer');
  for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:1']) {
    const { back, ticket } = await login(`/v1/auth/login?to=${encodeURIComponent(to)}`);
    expect((await get(back, ticket)).headers.location).toBe('/');
  }
  const { statusCode } = await get('/v1/auth/cli?port=99999&challenge=x');
  expect(statusCode).toBe(400);
});

test('a link leads to a page with all that its address says', async () => {
  await put('ann@example.com', 'viewer');
  const to = '/tenants?search=a+b&sort=name&value=%5B%22x%22%5D&of=a@b.c,d:e!~';
  const { back, ticket } = await login(`/v1/auth/login?to=${encodeURIComponent(to)}`);
  expect((await get(back, ticket)).headers.location).toBe(to);
});

test('whose account was refused is asked which one they mean, as their provider knows it', async () => {
  const way = async (from: string) => new URL(String((await get(from)).headers.location));
  expect((await way('/v1/auth/login?to=/')).searchParams.get('prompt')).toBe(null);
  const anew = await way('/v1/auth/login?to=/&anew=true');
  expect(anew.searchParams.get('prompt')).toBe('select_account');
});

test('where nobody can log in it says so', async () => {
  const without = await InjectedApi.open();
  const { statusCode, body } = await without.app.inject({ url: '/v1/auth/login', headers: HOST });
  expect([statusCode, JSON.parse(body).code]).toEqual([404, 'LOGIN_OFF']);
  await without.close();
});

test('who may sign up is the admin of a customer of their own, once', async () => {
  const signUp = { enabled: true, emailDomains: ['example.com'], tenantsMax: 2 };
  await api.ask('PATCH', '/v1/settings', { payload: { signUp } });
  const arrive = async (email: string, from: string) => {
    oidc.account = { email, verified: true };
    const { back, ticket } = await login(from);
    return await get(back, ticket);
  };
  const SIGN_UP = '/v1/auth/login?to=/&signUp=true';
  const who = async (cookie: string) => (await askAs(cookie, 'GET', '/v1/whoami')).json();
  expect((await arrive('new@example.com', '/v1/auth/login?to=/')).json().code).toBe(
    'PERSON_NOT_ADMITTED',
  );
  expect((await arrive('new@elsewhere.com', SIGN_UP)).json().code).toBe('PERSON_NOT_ADMITTED');
  const first = await who(cookieIn(await arrive('new@example.com', SIGN_UP), 'dynabase'));
  expect(first).toMatchObject({ kind: 'person', role: 'admin', scope: { kind: 'customer' } });
  const again = await who(cookieIn(await arrive('new@example.com', SIGN_UP), 'dynabase'));
  expect(again.scope).toEqual(first.scope);
  const { body } = await api.ask('GET', `/v1/customers/${first.scope.customer}`);
  expect(body).toMatchObject({ plan: 'free', tenantsMax: 2, tenants: 0 });
  await api.ask('PATCH', '/v1/settings', { payload: { signUp: { rate: { burst: 1 } } } });
  await arrive('late@example.com', SIGN_UP);
  expect((await arrive('later@example.com', SIGN_UP)).json().code).toBe('SIGN_UP_THROTTLED');
});
