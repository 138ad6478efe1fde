import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../api/listen.ts';
import { FAULTS } from '../domain/faults.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { type FakeWorldOptions, fakeWorld } from '../testing/fake-world.ts';
import { memoryApiParts } from '../testing/memory-api.ts';
import { MemoryControl } from '../testing/memory-control.ts';
import { SESSION_VIEWS } from '../testing/session-views.ts';
import { badOption, badRequest } from './failure.ts';
import type { ServerOptions } from './options/options.ts';
import { buildProgram, runProgram } from './program.ts';

let control: MemoryControl;
let api: Api;

beforeEach(async () => {
  const clock = new VirtualClock();
  control = new MemoryControl(clock);
  api = await openApi({
    ...(await memoryApiParts({ clock, control })),
    host: '127.0.0.1',
    port: 0,
  });
});

afterEach(() => api.close());

/** Runs one command against the server of this test. */
async function dynabase(args: readonly string[], options: FakeWorldOptions = {}) {
  const upCalls: ServerOptions[] = [];
  const world = fakeWorld({
    fetch: globalThis.fetch,
    files: {
      '/home/me/.dynabase/server.json': JSON.stringify({ apiUrl: `http://127.0.0.1:${api.port}` }),
      '/home/me/.dynabase/api-key': 'key\n',
    },
    ...options,
  });
  const up = async (given: ServerOptions) => {
    upCalls.push(given);
  };
  const program = buildProgram({ world, version: '1.2.3', up });
  const status = await runProgram(program, args, world);
  return { status, out: world.stdout.text(), err: world.stderr.text(), upCalls };
}

describe('tenants', () => {
  test('create prints how to connect, and that the password is shown once', async () => {
    expect(await dynabase(['tenants', 'create', 'acme', '--plan', 'starter'])).toMatchObject({
      status: 0,
      out: [
        'created acme (tn_000000000001, plan starter, tier WARM)',
        '',
        '  postgresql://acme:secret-1@localhost:6432/acme',
        '',
        'The password is shown only now. Connect with any PostgreSQL client, or with:',
        '  dynabase sql acme',
        '',
      ].join('\n'),
      err: '',
    });
  });

  test('create --json prints the tenant as the API gives it', async () => {
    const { out } = await dynabase([
      'tenants',
      'create',
      'acme',
      '--suspend-after',
      '90s',
      '--json',
    ]);
    expect(JSON.parse(out)).toMatchObject({
      id: 'tn_000000000001',
      name: 'acme',
      tier: 'COLD',
      state: 'suspended',
      suspendAfterMs: 90_000,
      connectionUri: 'postgresql://acme:secret-1@localhost:6432/acme',
      password: 'secret-1',
    });
  });

  test('list is a table, sorted by name', async () => {
    for (const name of ['zeta', 'acme']) await control.createTenant({ name });
    await control.wakeTenant('acme');
    expect((await dynabase(['tenants', 'list'])).out).toBe(
      [
        'NAME  STATE      SINCE     LEVEL  TIER  PLAN  SESSIONS  SUSPENDS',
        'acme  running    just now  L1     COLD  free         0  in 15 min',
        'zeta  suspended  just now  L4     COLD  free         0  -',
        '',
      ].join('\n'),
    );
  });

  test('list --json holds more than one page', async () => {
    for (let i = 0; i < 101; i++) await control.createTenant({ name: `t${i}` });
    const { out } = await dynabase(['tenants', 'list', '--json']);
    expect(JSON.parse(out)).toHaveLength(101);
  });

  test('list says what to do where there is nothing, and takes a state', async () => {
    expect((await dynabase(['tenants', 'list', '--sort', 'state'])).out).toBe(
      'no tenants; make one with: dynabase tenants create NAME\n',
    );
    expect((await dynabase(['tenants', 'list', '--state', 'failed'])).out).toBe(
      'no tenant is like that\n',
    );
    expect(await dynabase(['tenants', 'list', '--state', 'dead'])).toMatchObject({
      status: 1,
      err: 'error: option --state: "dead" is not one of creating, suspended, waking, running, suspending, failed, archiving, deleting [BAD_OPTION]\n',
    });
  });

  test('show tells everything of one tenant', async () => {
    await control.createTenant({ name: 'acme', sessionsMax: 5 });
    expect((await dynabase(['tenants', 'show', 'acme'])).out).toBe(
      [
        'name        acme',
        'id          tn_000000000001',
        'state       suspended, since just now',
        'level       L4, not made yet',
        'tier        COLD: tenants of plan free begin there',
        'tier since  just now',
        'kept        asleep at L4',
        'because     nobody has come yet',
        'next hour   somebody comes with 0 %',
        'looked at   when somebody comes',
        'use         none of late',
        'data        not measured yet, steady',
        'plan        free',
        'sessions    0 of at most 5',
        'suspends    when idle, as the server is set',
        'created     2030-01-01T00:00:00.000Z',
        'connection  postgresql://acme@localhost:6432/acme',
        '',
      ].join('\n'),
    );
  });

  test('configure changes a setting and takes one back', async () => {
    await control.createTenant({ name: 'acme', sessionsMax: 5 });
    const args = ['--suspend-after', '5m', '--sessions-max', 'default', '--json'];
    const { out } = await dynabase(['tenants', 'configure', 'acme', ...args]);
    expect(JSON.parse(out)).toMatchObject({ suspendAfterMs: 300_000, sessionsMax: null });
  });

  test('delete must be confirmed, and without a terminal by --yes', async () => {
    await control.createTenant({ name: 'acme' });
    expect(await dynabase(['tenants', 'delete', 'acme'])).toMatchObject({
      status: 1,
      err: 'error: deleting "acme" must be confirmed; say --yes [BAD_REQUEST]\n',
    });
    expect(await dynabase(['tenants', 'delete', 'acme', '--yes'])).toMatchObject({
      status: 0,
      out: 'deleted acme\n',
    });
    expect(control.calls).toContain('delete tn_000000000001');
  });

  test('rotate-password prints the new one', async () => {
    await control.createTenant({ name: 'acme' });
    const { out } = await dynabase(['tenants', 'rotate-password', 'acme']);
    expect(out).toContain('postgresql://acme:secret-2@localhost:6432/acme');
  });
});

test('wake, suspend and connection-string', async () => {
  await control.createTenant({ name: 'acme' });
  expect((await dynabase(['wake', 'acme'])).out).toBe('acme is running (0 ms)\n');
  expect((await dynabase(['suspend', 'acme'])).out).toBe('acme is suspended\n');
  expect((await dynabase(['connection-string', 'acme'])).out).toBe(
    'postgresql://acme@localhost:6432/acme\n',
  );
});

test('restart takes how long and whether by force, and says what a sleeping tenant does', async () => {
  await control.createTenant({ name: 'acme' });
  expect((await dynabase(['restart', 'acme'])).out).toBe(
    'acme is suspended; its next start is a fresh one\n',
  );
  await control.wakeTenant('acme');
  expect((await dynabase(['restart', 'acme', '--within', '30s', '--force'])).out).toBe(
    'acme is running (0 ms)\n',
  );
  expect(control.calls.filter((call) => call.startsWith('restart'))).toEqual([
    'restart acme within 10000',
    'restart acme within 30000 by force',
  ]);
});

test('a restart that finds somebody at work is not tried again by itself', async () => {
  await control.createTenant({ name: 'acme' });
  control.failNext('TENANT_BUSY', { tenant: 'acme', why: 'is held awake: a query' });
  expect(await dynabase(['restart', 'acme', '--within', '0s'])).toMatchObject({
    status: 1,
    err: 'error: tenant "acme" is held awake: a query [TENANT_BUSY]\n',
  });
  expect(control.calls.filter((call) => call.startsWith('restart'))).toHaveLength(1);
});

test('sessions is a table, and show counts them and names each pin', async () => {
  await control.createTenant({ name: 'acme' });
  expect((await dynabase(['sessions', 'acme'])).out).toBe('no sessions\n');
  control.sessionViews = SESSION_VIEWS;
  control.sessions = 2;
  expect((await dynabase(['sessions', 'acme'])).out).toBe(
    [
      'ID  STATE   ROLE  APPLICATION  FROM       VISITOR  OPEN        IDLE    PINNED BY',
      ' 7  parked  acme  pgbench      192.0.2.7  person   1 h 30 min  20 min  -',
      '12  pinned  acme  -            192.0.2.7  person   5 min       1 s     temporary objects for 40 s: create temp table t as select $1',
      '',
    ].join('\n'),
  );
  for (const command of [['show'], ['tenants', 'show']]) {
    const lines = (await dynabase([...command, 'acme'])).out.split('\n');
    expect(lines).toContain('sessions    2 (1 parked, 1 pinned)');
    expect(lines).toContain(
      'pinned      session 12 of acme: temporary objects for 40 s: create temp table t as select $1',
    );
  }
  const { out } = await dynabase(['sessions', 'acme', '--json']);
  expect(JSON.parse(out)).toMatchObject([{ id: 7 }, { id: 12, pin: { forMs: 40_000 } }]);
});

test('the time that a pinned session may idle is set, set to never and taken back', async () => {
  await control.createTenant({ name: 'acme' });
  const told: unknown[] = [];
  for (const given of ['5m', 'never', 'default']) {
    const args = ['tenants', 'configure', 'acme', '--max-pin-idle', given, '--json'];
    told.push(JSON.parse((await dynabase(args)).out).maxPinIdleMs);
  }
  expect(told).toEqual([300_000, 0, null]);
  const never = ['tenants', 'create', 'beta', '--max-pin-idle', 'never', '--json'];
  expect(JSON.parse((await dynabase(never)).out).maxPinIdleMs).toBe(0);
  expect((await dynabase(['show', 'beta'])).out).toMatch(/^pinned idle {2}never ended$/m);
});

test('status tells the server', async () => {
  await control.createTenant({ name: 'acme' });
  expect((await dynabase(['status'], { env: {} })).out).toBe(
    [
      'DynaBase 0.1.0, up 0 ms',
      'engine              embedded, PostgreSQL 18.1',
      'isolation           uid per tenant',
      'clients connect to  localhost:6432',
      'tenants             1 (1 suspended)',
      'their tiers         1 COLD',
      'their data          1 not made yet',
      'policy              preset adaptive',
      'husks               4 of 5 ready, by what is expected; 3 wanted in the last hour',
      'bytes by level      L2 unknown, L3 0 B, L4 0 B, as last measured',
      'not in a snapshot   nothing',
      'reads from memory   none counted yet, of 90 % wanted',
      'sessions            0',
      '',
    ].join('\n'),
  );
});

describe('failures go to standard error with their code and status 1', () => {
  test('of the server', async () => {
    expect(await dynabase(['tenants', 'show', 'nobody'])).toMatchObject({
      status: 1,
      out: '',
      err: 'error: there is no tenant "nobody" [TENANT_UNKNOWN]\n',
    });
  });

  test('as an object where JSON is asked for', async () => {
    const { status, out, err } = await dynabase(['--json', 'tenants', 'show', 'nobody']);
    expect([status, out, JSON.parse(err)]).toEqual([
      1,
      '',
      {
        code: 'TENANT_UNKNOWN',
        message: 'there is no tenant "nobody"',
        requestId: expect.stringMatching(/^req_/),
      },
    ]);
  });

  test('as an object too where a variable asks for JSON', async () => {
    const { err } = await dynabase(['wake'], { env: { DYNABASE_JSON: '1' } });
    expect(JSON.parse(err)).toEqual({
      code: 'BAD_REQUEST',
      message: "missing required argument 'name'",
    });
  });

  test('of a server that is not there', async () => {
    expect(await dynabase(['status'], { files: {} })).toMatchObject({
      status: 1,
      err: expect.stringMatching(/^error: DynaBase does not answer: .*\[SERVER_UNREACHABLE\]\n$/),
    });
  });

  test.each([
    [['statsu'], "error: unknown command 'statsu' (Did you mean status?) [BAD_REQUEST]\n"],
    [
      ['status', '--jsn'],
      'error: option --jsn: is not known (Did you mean --json?) [BAD_OPTION]\n',
    ],
    [['wake'], "error: missing required argument 'name' [BAD_REQUEST]\n"],
    [
      ['tenants', 'create', 'a', '--suspend-after', 'soon'],
      'error: option --suspend-after: "soon" is not a length of time such as 1500ms, 30s, 15m, 1h or 2d [BAD_OPTION]\n',
    ],
  ])('of the command line: %j', async (args, err) => {
    expect(await dynabase(args)).toMatchObject({ status: 1, out: '', err });
  });

  test('in the words of the fault table', () => {
    const { BAD_OPTION, BAD_REQUEST } = FAULTS;
    expect(badOption('--x', 'is bad')).toMatchObject({
      message: BAD_OPTION.message({ option: '--x', why: 'is bad' }),
      sqlstate: BAD_OPTION.sqlstate,
      http: BAD_OPTION.http,
      retry: BAD_OPTION.retry,
    });
    expect(badRequest('no')).toMatchObject({
      message: BAD_REQUEST.message({ why: 'no' }),
      sqlstate: BAD_REQUEST.sqlstate,
      http: BAD_REQUEST.http,
      retry: BAD_REQUEST.retry,
    });
  });
});

describe('up', () => {
  test('is given its options from all their sources', async () => {
    const { status, upCalls } = await dynabase(['up', '--proxy-port', '7000', '--require-tls'], {
      env: { DYNABASE_API_PORT: '7001', DYNABASE_DATABASE_URL: 'postgres://u:p@h/d' },
      files: { '/work/dynabase.config.json': '{"suspendAfter":"30s"}' },
    });
    expect(status).toBe(0);
    expect(upCalls).toMatchObject([
      {
        dataDir: '/home/me/.dynabase',
        proxyPort: 7_000,
        apiPort: 7_001,
        requireTls: true,
        suspendAfter: 30_000,
        databaseUrl: 'postgres://u:p@h/d',
        json: false,
      },
    ]);
  });

  test('takes no secret on the command line', async () => {
    expect(await dynabase(['up', '--database-url', 'postgres://u:p@h/d'])).toMatchObject({
      status: 1,
      upCalls: [],
      err: expect.stringContaining('option --database-url: is not known'),
    });
  });

  test('has help with every flag and its default', async () => {
    const { status, out } = await dynabase(['up', '--help']);
    expect(status).toBe(0);
    expect(out).toMatch(/--proxy-port <port>\s+Port that PostgreSQL clients connect to\s+\(6432\)/);
    expect(out).toMatch(/--data-dir <dir>/);
    expect(out).not.toContain('--api-key');
    expect(out).not.toMatch(/--database-url/);
  });
});

test('the version is printed alone', async () => {
  expect(await dynabase(['--version'])).toMatchObject({ status: 0, out: '1.2.3\n' });
});
