import { expect, test } from 'vitest';
import type { Caller, Role } from '../../domain/caller.ts';
import type { FaultCode } from '../../domain/faults.ts';
import type { QueryOutcome, QueryRequest } from '../../domain/query.ts';
import { ms } from '../../domain/units.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { MemoryControl } from '../../testing/memory-control.ts';
import { type QueryAsked, QueryDesk } from './query-desk.ts';

const ASKED: QueryAsked = {
  ...{ sql: 'select 1', params: null, database: null, role: null, readOnly: null },
  ...{ rowsMax: 10, bytesMax: 10_000, timeout: ms(1_000), arrayMode: false, jsonAsText: false },
};

const OUTCOME: QueryOutcome = { results: [], noticesLeftOut: 0, connecting: ms(40), took: ms(2) };

const caller = (role: Role, isReadOnly = false): Caller => ({
  ...{ kind: 'key', id: 'key_1', name: 'one', role, isReadOnly },
  scope: { kind: 'operator' },
});

async function deskFor(run: () => Promise<QueryOutcome> = async () => OUTCOME) {
  const control = new MemoryControl(new VirtualClock());
  await control.createTenant({ name: 'acme' });
  const requests: QueryRequest[] = [];
  const users: string[] = [];
  const prepared: string[] = [];
  const find = (is: (one: { id: string; name: string }) => boolean) => control.tenants().find(is);
  const desk = new QueryDesk({
    catalog: {
      tenantById: async (id) => find((tenant) => tenant.id === id),
      tenantByName: async (name) => find((tenant) => tenant.name === name),
    },
    lifecycle: { inside: (_id, work) => work({ socketPath: '/nowhere' }) },
    interior: {
      prepareReader: async ({ name }, database) => {
        prepared.push(`${name} ${database}`);
      },
    },
    tickets: { issue: async (_tenant, rights) => ({ user: `ticket_${rights}`, password: 'once' }) },
    queries: {
      run: async (request, login) => {
        requests.push(request);
        users.push((await login()).user);
        return await run();
      },
    },
  });
  const { signal } = new AbortController();
  const ask = (asked: Partial<QueryAsked>, by: Caller) =>
    desk.run('acme', { ...ASKED, ...asked }, { caller: by, signal });
  return { control, requests, users, prepared, ask };
}

test.each<[Caller, boolean | null, boolean | FaultCode]>([
  [caller('admin'), null, false],
  [caller('operator'), null, false],
  [caller('operator'), true, true],
  [caller('admin', true), null, true],
  [caller('viewer'), null, true],
  [caller('viewer'), true, true],
  [caller('viewer'), false, 'FORBIDDEN'],
  [caller('admin', true), false, 'FORBIDDEN'],
  [caller('billing'), true, 'FORBIDDEN'],
])('%o, who asks for readOnly %s, gets %s', async (by, readOnly, wanted) => {
  const { requests, ask } = await deskFor();
  if (typeof wanted === 'string') {
    await expect(ask({ readOnly }, by)).rejects.toMatchObject({ code: wanted });
    expect(requests).toEqual([]);
  } else {
    await ask({ readOnly }, by);
    expect(requests[0]?.readOnly).toBe(wanted);
  }
});

test('only a tenant that slept has a wake; another database is reached by the user', async () => {
  const { control, requests, users, ask } = await deskFor();
  expect((await ask({}, caller('admin'))).wake).toBe(40);
  await control.wakeTenant('acme');
  expect((await ask({ database: 'Reports' }, caller('admin'))).wake).toBe(0);
  expect(users).toEqual(['ticket_owner', 'ticket_owner.acme']);
  expect(requests.map(({ database }) => database)).toEqual(['acme', 'Reports']);
});

test('no more are under way than there may be, and a place is given back', async () => {
  const open = Promise.withResolvers<QueryOutcome>();
  const { ask } = await deskFor(() => open.promise);
  const all = Array.from({ length: 64 }, () => ask({}, caller('admin')));
  await Promise.resolve();
  await expect
    .poll(() => ask({}, caller('admin')).catch((error) => error.code))
    .toBe('SESSIONS_FULL');
  open.resolve(OUTCOME);
  await Promise.all(all);
  expect((await ask({}, caller('admin'))).took).toBe(2);
});

test.each<[Caller, string | null, string | FaultCode]>([
  [caller('viewer'), null, 'reader'],
  [caller('admin'), null, 'reader'],
  [caller('admin'), 'reporting', 'owner'],
  [caller('viewer'), 'reporting', 'FORBIDDEN'],
])('%o, who reads as role %s, logs in as %s', async (by, role, wanted) => {
  const { requests, users, prepared, ask } = await deskFor();
  const asked = ask({ role, readOnly: true, database: 'Reports' }, by);
  if (wanted === 'FORBIDDEN') {
    await expect(asked).rejects.toMatchObject({ code: wanted });
    expect(requests).toEqual([]);
    return;
  }
  await asked;
  expect(requests).toMatchObject([{ readOnly: true, rights: wanted }]);
  expect(users).toEqual([`ticket_${wanted}.acme`]);
  expect(prepared).toEqual(wanted === 'reader' ? ['acme Reports'] : []);
});
