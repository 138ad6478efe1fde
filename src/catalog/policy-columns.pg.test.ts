/** What the policy notes of a tenant beside its tier. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalog } from '../domain/catalog.ts';
import type { Tenant } from '../domain/tenant.ts';
import { timestamp } from '../domain/units.ts';
import { MemoryCatalog } from '../sim/memory-catalog.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';
import { draft } from '../testing/drafts.ts';
import { MemoryLog } from '../testing/memory-log.ts';
import { type RealPostgres, realPostgres } from '../testing/real-postgres.ts';
import { openCatalog } from './open-catalog.ts';
import type { PgCatalog } from './pg-catalog.ts';

let postgres: RealPostgres;
let stored: PgCatalog;

beforeAll(async () => {
  postgres = await realPostgres();
  stored = await openCatalog({ connection: postgres.connection, log: new MemoryLog() });
});

afterAll(async () => {
  await stored.close();
  await postgres[Symbol.asyncDispose]();
});

const MAKERS = {
  'in PostgreSQL': (): Catalog => stored,
  'in memory, for tests of others,': (): Catalog => new MemoryCatalog(new VirtualClock()),
};

describe.each(Object.entries(MAKERS))('a catalog %s keeps the port: ', (_, make) => {
  let catalog: Catalog;

  beforeEach(() => {
    catalog = make();
  });

  const suspended = async (name: string): Promise<Tenant> =>
    catalog.move(await catalog.insertTenant(draft(name)), { kind: 'suspended' });

  test('a consent is kept with its moment, and taken back', async () => {
    const { id } = await suspended('agrees');
    const consent = { at: timestamp(1_900_000_000_123), by: 'customer' } as const;
    expect((await catalog.configure(id, { consent })).consent).toEqual(consent);
    expect((await catalog.tenantById(id))?.consent).toEqual(consent);
    expect((await catalog.configure(id, { consent: null })).consent).toBe(null);
  });

  test('a tier that was raised is kept with the one before, until it is another or a person has it', async () => {
    const tenant = await suspended('raised');
    const raised = await catalog.note(tenant, { tier: 'PERSISTENT', tierBefore: 'WARM' });
    expect(raised).toMatchObject({ tier: 'PERSISTENT', tierBefore: 'WARM' });
    const awake = await catalog.move(raised, { kind: 'waking', attempt: 1 }, { settled: true });
    expect(awake.tierBefore).toBe('WARM');
    expect((await catalog.note(awake, { tier: 'HOT' })).tierBefore).toBe(null);
    const override = { tier: 'HOT', until: null, by: 'operator' } as const;
    const again = await catalog.tenantById(tenant.id);
    await catalog.note(again as Tenant, { tier: 'HOT', tierBefore: 'COLD' });
    expect((await catalog.configure(tenant.id, { override })).tierBefore).toBe('COLD');
    expect((await catalog.configure(tenant.id, { tier: 'HOT', override })).tierBefore).toBe(null);
  });
});
