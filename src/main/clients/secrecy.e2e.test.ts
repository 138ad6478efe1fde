/** What one session must not get from another, whoever had its backend before, and nobody by a cancel. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { FrameClient, sendCancel } from '../../testing/frame-client.ts';
import * as request from '../../testing/requests.ts';
import { startupPacket, type WireMessage } from '../../testing/wire-peer.ts';
import { cancelRequest } from '../../wire/cancel-request.ts';

const GUESSES = 200;
const CANCEL_CODE = 80_877_102;
const SLEEP = `do $$ begin raise notice 'begun'; perform pg_sleep(60); end $$`;

/** All that a session may hold, each in a form that a stranger could look for. */
const STATE = [
  `set work_mem = '77kB'; set timezone = 'Asia/Kolkata'; set search_path = private, public`,
  `set app.tenant = 'secret'; select set_config('app.other', 'secret', false)`,
  'prepare mine as select 1',
  'listen mine',
  'set role helper',
];

const LOOK = `select current_setting('work_mem') as mem, current_setting('timezone') as zone,
  current_setting('search_path') as path, current_setting('app.tenant', true) is null as none,
  current_setting('app.other', true) is null as other, current_user as role,
  (select count(*)::int from pg_prepared_statements) as statements,
  (select count(*)::int from pg_listening_channels()) as channels,
  to_regclass('pg_temp.mine') is null as no_table,
  (select count(*)::int from pg_cursors) as cursors,
  (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`;

describe.each([false, 'parks'] as const)('secrecy, chaos %s', (chaos) => {
  let tenant: ClientTenant;

  beforeAll(async () => {
    tenant = await clientTenant({ chaos });
    await tenant.ask('create role helper; grant helper to acme; create schema private');
  });

  afterAll(() => tenant[Symbol.asyncDispose]());

  const place = () => ({ host: '127.0.0.1', port: tenant.server.proxyPort });

  const connected = (): Promise<FrameClient> =>
    FrameClient.open({ place: place(), ...tenant.connection });

  const rowsOf = (frames: readonly WireMessage[]): string[] =>
    frames.filter(({ type }) => type === 'D').map(({ body }) => body.toString('latin1'));

  const told = (frames: readonly WireMessage[]): string[] =>
    frames.filter(({ type }) => type === 'E').map(({ body }) => body.toString('latin1'));

  async function begun(client: FrameClient): Promise<void> {
    client.send(request.query(SLEEP));
    await client.until('N');
  }

  test('a session sees nothing of those that had its backend before it', async () => {
    await using first = await connected();
    const fresh = rowsOf(await first.ask(request.query(LOOK)));
    const holders = await Promise.all([1, 2, 3, 4].map(connected));
    for (const holder of holders) {
      for (const sql of STATE) expect(told(await holder.ask(request.query(sql)))).toEqual([]);
    }
    await tenant.rest();
    for (let round = 0; round < 3; round++) {
      await using stranger = await connected();
      expect(rowsOf(await stranger.ask(request.query(LOOK)))).toEqual(fresh);
      await tenant.rest();
      expect(rowsOf(await stranger.ask(request.query(LOOK)))).toEqual(fresh);
    }
    for (const holder of holders) await holder[Symbol.asyncDispose]();
    await using late = await connected();
    expect(rowsOf(await late.ask(request.query(LOOK)))).toEqual(fresh);
  });

  test('what pins a session goes with it', async () => {
    await using first = await connected();
    const fresh = rowsOf(await first.ask(request.query(LOOK)));
    const holder = await connected();
    await holder.ask(request.query('create temp table mine (n int); select pg_advisory_lock(9)'));
    await holder.ask(request.query('declare c cursor with hold for select 1'));
    await tenant.rest();
    await holder[Symbol.asyncDispose]();
    await using stranger = await connected();
    expect(rowsOf(await stranger.ask(request.query(LOOK)))).toEqual(fresh);
    const lock = await stranger.ask(request.query('select pg_advisory_lock(9)'));
    expect(told(lock)).toEqual([]);
  });

  test('look-alikes in the search_path do not change what is asked behind the back of a session', async () => {
    await using owner = await connected();
    const traps = [
      'create schema trap',
      'create table trap.sprung (by text)',
      ...['current_setting(text)', 'lower(text)', 'pg_backend_pid()', 'pg_my_temp_schema()'].map(
        (signature) => {
          const result = signature.includes('text') ? 'text' : 'int';
          const value = result === 'text' ? `'forged'` : '0';
          return `create function trap.${signature} returns ${result} language plpgsql as
            $f$ begin insert into trap.sprung values ('${signature}'); return ${value}; end $f$`;
        },
      ),
      `create function trap.yes(text, text) returns boolean language plpgsql as
         $f$ begin insert into trap.sprung values ('='); return true; end $f$`,
      'create operator trap.= (leftarg = text, rightarg = text, function = trap.yes)',
      `create view trap.pg_prepared_statements as select 'forged' as name`,
      `create view trap.pg_settings as select 'forged' as name`,
      `create view trap.pg_class as select 1 as oid`,
      `create domain trap.text as int`,
      `set search_path = trap, pg_catalog; set app.tenant = 'kept'; prepare kept as select 1`,
    ];
    for (const sql of traps) expect(told(await owner.ask(request.query(sql)))).toEqual([]);
    for (let round = 0; round < 3; round++) {
      await tenant.rest();
      const look = `select pg_catalog.current_setting('app.tenant') from trap.sprung
        union all select pg_catalog.current_setting('search_path')
        union all select name from pg_catalog.pg_prepared_statements`;
      const found = rowsOf(await owner.ask(request.query(look)));
      expect(found.map((row) => row.slice(6))).toEqual(['trap, pg_catalog', 'kept']);
    }
  });

  test('guessed, cut, long and outdated cancel keys cancel nothing', async () => {
    const gone = await connected();
    const outdated = gone.key;
    await gone[Symbol.asyncDispose]();
    await using victim = await connected();
    await using parked = await connected();
    await parked.ask(request.query('select 1'));
    await tenant.rest();
    await begun(victim);
    const random = new SeededRandom(1);
    const { processId, secret } = victim.key;
    const id = Buffer.alloc(4);
    id.writeInt32BE(processId);
    const packets = [
      ...Array.from({ length: GUESSES }, () =>
        cancelRequest({ processId, secret: Buffer.from(random.bytes(secret.length)) }),
      ),
      cancelRequest(outdated),
      cancelRequest({ processId, secret: outdated.secret }),
      cancelRequest(parked.key),
      cancelRequest({ processId, secret: secret.subarray(0, 3) }),
      cancelRequest({ processId, secret: Buffer.concat([secret, Buffer.alloc(28)]) }),
      cancelRequest({ processId, secret: Buffer.alloc(256) }),
      cancelRequest({ processId, secret: Buffer.alloc(300) }),
      startupPacket(CANCEL_CODE, id),
      startupPacket(CANCEL_CODE),
    ];
    for (const packet of packets) await sendCancel(place(), packet);
    // Still at work: the one that is right finds something to cancel, and what is told is that.
    await using watcher = await connected();
    const sleeping = `select count(*) from pg_stat_activity where wait_event = 'PgSleep'`;
    expect(rowsOf(await watcher.ask(request.query(sleeping)))[0]?.slice(6)).toBe('1');
    await victim.cancel();
    expect(told(await victim.until('Z'))[0]).toContain('C57014');
    expect(rowsOf(await victim.ask(request.query('select 1'))).length).toBe(1);
  });

  test('the key of a parked session cancels nothing, also not what it asks next', async () => {
    await using client = await connected();
    for (let round = 0; round < 3; round++) {
      await client.ask(request.query('select 1'));
      await tenant.rest();
      await client.cancel();
      const frames = await client.ask(request.query('select 2'));
      expect([told(frames), rowsOf(frames).length]).toEqual([[], 1]);
    }
    await begun(client);
    await client.cancel();
    expect(told(await client.until('Z'))[0]).toContain('C57014');
  });
});
