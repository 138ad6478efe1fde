import pg from 'pg';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { realServer } from '../testing/real-server.ts';

test('a monitor of a sleeping tenant is let in and wakes nothing; a person does, and both are served', async () => {
  await using server = await realServer({ args: ['--suspend-after', '1h'] });
  const { tenants } = server.client;
  const { password } = await tenants.create({ name: 'acme' });
  const client = async (applicationName: string) => {
    const connectionString = server.uri({ role: 'acme', password });
    const made = new pg.Client({ connectionString, application_name: applicationName });
    await made.connect();
    return Object.assign(made, { [Symbol.asyncDispose]: () => made.end() });
  };
  const state = async () => (await tenants.get('acme')).state;

  await using monitor = await client('postgres_exporter');
  expect((await monitor.query('select 1 as up')).rows).toEqual([{ up: 1 }]);
  await expect(monitor.query('select 2')).rejects.toMatchObject({ code: '57P03' });
  expect(await state()).toBe('suspended');

  await using person = await client('psql');
  expect((await person.query('select 2 as two')).rows).toEqual([{ two: 2 }]);
  expect((await monitor.query('select 3 as three')).rows).toEqual([{ three: 3 }]);
  // Clients are let in before it is written that the tenant runs.
  await eventually('acme runs', async () => (await state()) === 'running');

  await tenants.suspend('acme');
  await expect(monitor.query('select 3')).rejects.toMatchObject({ code: '57P03' });
  // A proxy that knows nothing of the tenant any more asks whether it runs.
  await person.end();
  await monitor.end();
  await using again = await client('postgres_exporter');
  await expect(again.query('select 4')).rejects.toMatchObject({ code: '57P03' });
  expect(await state()).toBe('suspended');
  await tenants.wake('acme');
  expect((await again.query('select 4 as four')).rows).toEqual([{ four: 4 }]);
});
