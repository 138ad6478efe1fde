import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IdentityProvider } from '../../domain/identity.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { memoryApiParts } from '../../testing/memory-api.ts';
import { MemoryControl } from '../../testing/memory-control.ts';
import { buildApp } from '../app.ts';
import { DashboardFiles } from './dashboard-files.ts';

const PAGE = '<html data-login="key"><meta name="csp-nonce" content="" /></html>';

const KEPT = { state: 's', nonce: 'n', verifier: 'v' };

/** Answers as long as the test wants it to. */
let isBroken = false;

const PROVIDER: IdentityProvider = {
  begin: async () => {
    if (isBroken) throw new Error('nobody has thought of this');
    return { url: 'https://provider.example/', kept: KEPT };
  },
  finish: async () => ({ email: 'stranger@example.com', name: 'Stranger' }),
};

let place: string;
let app: FastifyInstance;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'dynabase-dashboard-'));
  await mkdir(join(place, 'assets'));
  await writeFile(join(place, 'index.html'), PAGE);
  await writeFile(join(place, 'assets/main-1.js'), 'plain');
  await writeFile(join(place, 'assets/main-1.js.br'), 'brotli');
  await writeFile(join(place, 'assets/main-1.js.gz'), 'gzip');
  await writeFile(join(place, 'icon.svg'), '<svg/>');
  const clock = new VirtualClock();
  const logins = { provider: PROVIDER };
  const parts = await memoryApiParts({ clock, control: new MemoryControl(clock), logins });
  const dashboard = await DashboardFiles.open(place);
  const callers = { listenHost: '127.0.0.1', names: [] };
  app = await buildApp({ ...parts, callers, dashboard, hasProvider: true });
});

afterAll(async () => {
  await app.close();
  await rm(place, { recursive: true, force: true });
});

const ask = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  app.inject({ url, headers: { host: '127.0.0.1:6480', ...headers } });

const BROWSER = { accept: 'text/html,application/xhtml+xml' };

test('the page has a number of its own each time, which its policy names, and lets in nothing else', async () => {
  const [one, other] = [await ask('/'), await ask('/')];
  const nonce = /content="([\w-]{22})"/.exec(one.body)?.[1];
  expect(one.body).toContain('data-login="oidc"');
  const policy = String(one.headers['content-security-policy']);
  expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(one.headers['cache-control']).toBe('no-store');
  expect(other.body).not.toBe(one.body);
});

test('what is asked for as a page and is none of the API is the page', async () => {
  expect((await ask('/tenants/acme?tab=pattern', BROWSER)).body).toContain('data-login');
  for (const path of ['/v1/nothing', '/v1', '/docs/x', '/metrics/x']) {
    expect((await ask(path, BROWSER)).body).not.toContain('data-login');
  }
  const long = await ask(`/v1/tenants/${'a'.repeat(300)}`);
  expect(JSON.parse(long.body).detail).toBe('a part of the path is too long');
  const { statusCode, body } = await ask('/v1/nothing', BROWSER);
  expect([statusCode, JSON.parse(body).code]).toEqual([404, 'NOT_FOUND']);
  expect((await ask('/tenants/acme', { accept: 'application/json' })).statusCode).toBe(404);
});

test('a file comes as the client takes it best, and is kept for ever if its name says what is in it', async () => {
  const taken = async (accepted: string) => {
    const { body, headers } = await ask('/assets/main-1.js', { 'accept-encoding': accepted });
    return [body, headers['content-encoding'] ?? null];
  };
  expect(await taken('gzip, deflate, br')).toEqual(['brotli', 'br']);
  expect(await taken('gzip')).toEqual(['gzip', 'gzip']);
  expect(await taken('br;q=0, identity')).toEqual(['plain', null]);
  const { headers } = await ask('/assets/main-1.js');
  expect(headers).toMatchObject({
    ...{ 'cache-control': 'public, max-age=31536000, immutable', vary: 'accept-encoding' },
    ...{ 'content-type': 'text/javascript; charset=utf-8', 'x-content-type-options': 'nosniff' },
  });
  expect((await ask('/icon.svg')).headers['cache-control']).toBe('no-cache');
});

test('nothing outside of what was built is given away', async () => {
  for (const path of ['/assets/../../etc/passwd', '/assets/%2e%2e/index.html', '/index.html']) {
    expect((await ask(path)).statusCode).toBe(404);
  }
});

test('whom a browser has led through a login that failed is told on the page, programs as ever', async () => {
  const back = '/v1/auth/callback?code=x';
  const lost = await ask(back, BROWSER);
  expect([lost.statusCode, lost.headers.location]).toEqual([302, '/login?failed=LOGIN_REFUSED']);
  expect((await ask(back)).json()).toMatchObject({ code: 'LOGIN_REFUSED' });
  const meant = '/tenants?state=failed&sort=name';
  const begun = await ask(`/v1/auth/login?to=${encodeURIComponent(meant)}`, BROWSER);
  const cookie = begun.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const { headers } = await ask(back, { ...BROWSER, cookie });
  const told = new URL(String(headers.location), 'http://localhost');
  expect([told.pathname, ...told.searchParams.values()]).toEqual([
    ...['/login', 'PERSON_NOT_ADMITTED', meant],
  ]);
});

test('what nobody has thought of is told on the page, too, and goes on to where one wanted', async () => {
  isBroken = true;
  const { statusCode, headers } = await ask('/v1/auth/login?to=/costs', BROWSER);
  isBroken = false;
  expect([statusCode, headers.location]).toEqual([302, '/login?failed=INTERNAL&to=%2Fcosts']);
});
