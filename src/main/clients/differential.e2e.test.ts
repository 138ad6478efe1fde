/**
 * The same conversations straight with PostgreSQL and through the proxy: the same answers.
 *
 * `DIFFERENTIAL_SEEDS=200 DIFFERENTIAL_FROM=1000 npx vitest run src/main/clients/differential` for
 * more of them; `DIFFERENTIAL_FROM=SEED DIFFERENTIAL_SEEDS=1` replays one.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientTenant, clientTenant } from '../../testing/client-tenant.ts';
import { difference } from '../../testing/differential/compare.ts';
import type { Lane } from '../../testing/differential/lane.ts';

const FROM = Number(process.env.DIFFERENTIAL_FROM ?? 1);
const SEEDS = Number(process.env.DIFFERENTIAL_SEEDS ?? 12);

/** A disturbed lane stops its compute before every step that this divides. */
const STOP_EVERY = 3;

let straight: ClientTenant;
let through: ClientTenant;
let disturbed: ClientTenant;

const loginOf = ({ connection: { user, password, database } }: ClientTenant): Lane['login'] => ({
  user,
  password,
  database,
});

const lanes: Record<string, () => Lane> = {
  'through the proxy': () => ({
    name: 'through the proxy',
    place: async () => through.connection,
    login: loginOf(through),
    disturb: async () => {},
  }),
  'under chaos': () => ({
    name: 'under chaos',
    place: async () => disturbed.connection,
    login: loginOf(disturbed),
    disturb: async (step) => {
      if (step % STOP_EVERY === 0) await disturbed.stop();
    },
  }),
};

const truth = (): Lane => ({
  name: 'straight',
  place: async () => {
    await straight.server.client.tenants.wake(straight.name);
    return straight.compute;
  },
  login: loginOf(straight),
  disturb: async () => {},
});

beforeAll(async () => {
  [straight, through, disturbed] = await Promise.all([
    clientTenant({ chaos: false }),
    clientTenant({ chaos: false }),
    clientTenant({ chaos: 'parks' }),
  ]);
});

afterAll(async () => {
  for (const each of [straight, through, disturbed]) await each?.[Symbol.asyncDispose]();
});

describe.each(Object.keys(lanes))('%s', (name) => {
  test.each(Array.from({ length: SEEDS }, (_, i) => FROM + i))('scenario %i', async (seed) => {
    const lane = lanes[name]?.();
    if (lane === undefined) throw new Error('no such lane');
    expect(await difference(seed, truth(), lane)).toBeUndefined();
  });
});
