import pg from 'pg';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { realServer } from '../testing/real-server.ts';

/** A compute that is started for nobody is suspended after 15 s; this leaves time to look. */
const SOON_MS = 16_000;

test('a wrong password from a known address leaves a compute that nothing holds awake', async () => {
  await using server = await realServer({ args: ['--suspend-after', '1h'] });
  const { tenants } = server.client;
  const acme = await tenants.create({ name: 'acme' });
  const visit = async (password: string): Promise<unknown> => {
    const client = new pg.Client({ connectionString: server.uri({ role: 'acme', password }) });
    try {
      await client.connect();
      return 'let in';
    } catch (error) {
      return (error as pg.DatabaseError).code;
    } finally {
      await client.end();
    }
  };
  // Nobody has been let in: nothing is begun.
  expect(await visit('wrong')).toBe('28P01');
  expect((await tenants.get('acme')).state).toBe('suspended');
  expect(await visit(acme.password)).toBe('let in');
  await tenants.suspend('acme');
  expect(await visit('wrong')).toBe('28P01');
  await eventually('the wake is done', async () => (await tenants.get('acme')).state === 'running');
  const { sessions, heldBy, suspendAt } = await tenants.get('acme');
  expect({ sessions, heldBy }).toEqual({ sessions: 0, heldBy: null });
  expect(Date.parse(suspendAt ?? '')).toBeLessThan(Date.now() + SOON_MS);
});
