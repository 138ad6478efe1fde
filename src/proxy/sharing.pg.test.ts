/** Many sessions on few backends, and what ends sessions that rest, against a real PostgreSQL. */
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { type DurationMs, ms, seconds } from '../domain/units.ts';
import { eventually } from '../testing/eventually.ts';
import { type RealProxy, realProxy } from '../testing/real-proxy.ts';
import type { ProxyOptions } from './proxy-options.ts';

let real: RealProxy;

afterEach(async () => {
  await real[Symbol.asyncDispose]();
  expect(real.log.alarming).toEqual([]);
});

type World = { readonly backendsMax?: number; readonly maxPinIdle?: DurationMs | null };

async function world(options: Partial<ProxyOptions>, terms: World): Promise<void> {
  real = await realProxy(options);
  const door = real.gate.door.bind(real.gate);
  real.gate.door = async (name) => {
    const found = await door(name);
    return found === undefined ? undefined : { ...found, ...terms };
  };
}

type Client = pg.Client & AsyncDisposable & { readonly told: string[] };

async function client(options: pg.ClientConfig = {}): Promise<Client> {
  const made = new pg.Client({ ...real.connection, ...options });
  const told: string[] = [];
  made.on('error', (error) => told.push(`${(error as pg.DatabaseError).code}`));
  await made.connect();
  return Object.assign(made, { told, [Symbol.asyncDispose]: () => made.end() });
}

const states = async () =>
  (await real.proxy.sessions.list(real.tenant)).map(({ state }) => state).sort();

describe('more sessions than backends', () => {
  test('all get their answers, each with its own settings', async () => {
    await world({}, { backendsMax: 3 });
    const clients = await Promise.all(Array.from({ length: 40 }, () => client()));
    const mine = clients.map(async (one, n) => {
      await one.query(`set application_name = 'client ${n}'`);
      for (let round = 0; round < 5; round++) {
        const { rows } = await one.query(
          `select current_setting('application_name') as name, $1::int as n`,
          [round],
        );
        expect(rows).toEqual([{ name: `client ${n}`, n: round }]);
      }
    });
    await Promise.all(mine);
    await Promise.all(clients.map((one) => one.end()));
  });

  test('wait for one that is free, and fail with a reason when none is for too long', async () => {
    await world({ queryWaitTimeout: ms(300) }, { backendsMax: 1 });
    await using busy = await client();
    await busy.query('begin');
    await expect(client()).rejects.toMatchObject({ code: '53300' });
    await busy.query('commit');
    await using late = await client();
    expect((await late.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a session that rests for too long', () => {
  test('and is pinned, is ended and told why', async () => {
    await world({ parkAfter: ms(0) }, { maxPinIdle: ms(500) });
    await using pinned = await client();
    await using free = await client();
    await free.query('select 1');
    await pinned.query('create temp table kept (x int)');
    await eventually('it is ended', async () => pinned.told.length > 0);
    expect(pinned.told[0]).toBe('57P05');
    expect((await free.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('is ended while it is parked when it has said so itself', async () => {
    await world({ parkAfter: ms(0) }, { maxPinIdle: seconds(60) });
    await using session = await client();
    await session.query(`set idle_session_timeout = '2s'`);
    await eventually('it is parked', async () => (await states()).join() === 'parked');
    await eventually('it is ended', async () => session.told.length > 0);
    expect(session.told[0]).toBe('57P05');
  });
});
