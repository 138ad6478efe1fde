/** The desks of limits and claims over a control in memory. */

import { ClaimDesk } from '../control/access/claim-desk.ts';
import type { CustomerDesk } from '../control/customer-desk.ts';
import { AllowanceBook } from '../control/quotas/allowance-book.ts';
import { QuotaDesk } from '../control/quotas/quota-desk.ts';
import type { QuotaDesks } from '../control/quotas/quota-desks.ts';
import { COUNT_EVERY, QuotaKeeper } from '../control/quotas/quota-keeper.ts';
import type { SettingsDesk } from '../control/settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../domain/events.ts';
import type { TenantId } from '../domain/ids.ts';
import type { Lifecycle } from '../domain/lifecycle.ts';
import type { Log } from '../domain/log.ts';
import type { Random } from '../domain/random.ts';
import type { Secrecy } from '../domain/secrecy.ts';
import type { Tenant } from '../domain/tenant.ts';
import { PRESETS } from '../policy/rules.ts';
import type { MemoryControl } from './memory-control.ts';
import { MemoryClaims, MemoryQuotas } from './memory-quotas.ts';

export function memoryQuotaDesks(world: {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly events: Events;
  readonly secrecy: Secrecy;
  readonly settings: SettingsDesk;
  readonly control: MemoryControl;
  readonly customers: Pick<CustomerDesk, 'find'>;
}): QuotaDesks {
  const { clock, control, settings, customers } = world;
  const tenants = () => control.tenants();
  const store = new MemoryQuotas(tenants);
  const book = new AllowanceBook(clock);
  const lifecycle: Pick<Lifecycle, 'live' | 'halt' | 'changed'> = {
    live: () => ({
      ...{ sessions: control.sessions, bound: 0, heldBy: null, idleSince: null },
      ...{ suspendAt: null, lastSuspendRefusal: null, descent: null },
    }),
    halt: async () => {},
    changed: (id) => control.findTenant(id),
  };
  const gauges = {
    read: async () => ({ walPosition: null, logicalBytes: null }),
    setReadOnly: async () => {},
  };
  const rules = () => PRESETS.machine;
  const keeper = new QuotaKeeper({
    ...{ ...world, store, book, gauges, lifecycle, rules },
    countEvery: COUNT_EVERY,
  });
  const find = async (is: (tenant: Tenant) => boolean) => tenants().find(is);
  const catalog = {
    tenantById: (id: TenantId) => find((tenant) => tenant.id === id),
    tenantByName: (name: string) => find((tenant) => tenant.name === name),
  };
  const claims = new MemoryClaims({
    ...{ now: () => clock.wall(), tenants, quotas: store },
    change: (id, change) => control.alter(id, change),
  });
  const sessions = () => ({ confine: () => {} });
  return {
    quotas: new QuotaDesk({ ...world, catalog, store, book, keeper, lifecycle, sessions }),
    claims: new ClaimDesk({
      ...{ ...world, store: claims, book, lifecycle },
      settings: () => settings.current().claimable,
      review: (id) => keeper.review(id),
      planOf: async (customer) => (await customers.find(customer)).plan,
    }),
  };
}
