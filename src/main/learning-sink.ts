/**
 * What tenants use is stored, and then the policy learns from it: once, though a proxy that lost its connection
 * before the answer came offers the same again.
 */
import type { Catalog } from '../domain/catalog.ts';
import type { UsageMinute, UsageSink } from '../domain/usage.ts';

export type Learns = { used(records: readonly UsageMinute[]): void };

export const learningSink = (catalog: Pick<Catalog, 'add'>, learns: Learns): UsageSink => ({
  add: async (records, batch) => {
    const isNew = await catalog.add(records, batch);
    if (isNew) learns.used(records);
  },
});
