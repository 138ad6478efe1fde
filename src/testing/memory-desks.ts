import { adminOpenerOf } from '../api/access/access.ts';
import { openAccess } from '../control/access/open-access.ts';
import { ArchiveWork } from '../control/archive-work.ts';
import { Deliveries } from '../control/deliveries.ts';
import type { Desks } from '../control/desks.ts';
import { EventBus } from '../control/event-bus.ts';
import { UsageDesk } from '../control/metering/metering-desk.ts';
import { OperationDesk } from '../control/operations.ts';
import { StoredSettings } from '../control/settings.ts';
import { WebhookDesk } from '../control/webhooks.ts';
import { BILLING_DEFAULT } from '../domain/billing.ts';
import type { Clock } from '../domain/clock.ts';
import type { IdentityProvider } from '../domain/identity.ts';
import type { Log } from '../domain/log.ts';
import { hours } from '../domain/units.ts';
import { MemoryPolicyStore } from '../sim/memory-policy-store.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { KeyedSecrecy } from '../system/secrecy.ts';
import { JoseTokens } from '../system/tokens.ts';
import { type MemoryStores, memoryStores } from './memory-access.ts';
import { memoryAwake } from './memory-awake.ts';
import { memoryBillingDesks } from './memory-billing-desks.ts';
import type { MemoryControl } from './memory-control.ts';
import { MemoryDoneRequests } from './memory-done-requests.ts';
import { memoryEconomics } from './memory-economics-desks.ts';
import { memoryHealth } from './memory-health.ts';
import { memoryInsideDesks } from './memory-inside.ts';
import { MemoryOperations } from './memory-operations.ts';
import { memoryQuotaDesks } from './memory-quota-desks.ts';
import { MemoryUseHistory } from './memory-use-history.ts';
import { MemorySender, MemoryWebhooks } from './memory-webhooks.ts';

const AUDIT_KEEP = hours(24 * 365);

export type MemoryLogins = {
  readonly provider?: IdentityProvider;
  readonly admins?: readonly string[];
  /** Made anew if not given. */
  readonly stores?: MemoryStores;
  readonly doneRequests?: MemoryDoneRequests;
};

/** The desks of a server that keeps everything in memory. */
export async function memoryDesks(
  world: MemoryLogins & {
    readonly clock: Clock;
    readonly log: Log;
    readonly control: MemoryControl;
    /** The admin key. */
    readonly key?: string;
  },
): Promise<Desks> {
  const { clock, log, control } = world;
  const events = new EventBus(world);
  const settings = await StoredSettings.open(new MemoryPolicyStore(), async () => BILLING_DEFAULT);
  const random = new SeededRandom(11);
  const secrecy = new KeyedSecrecy(new Uint8Array(32), random);
  const place = { clock, tenants: () => control.tenants() };
  const access = openAccess({
    ...{ clock, random, log, events, control, auditKeep: AUDIT_KEEP },
    secrecy,
    reader: new JoseTokens(clock),
    adminOpener: adminOpenerOf(world.key ?? 'key'),
    ...{ provider: world.provider ?? null, admins: world.admins ?? [] },
    stores: world.stores ?? memoryStores(place),
    tenantById: async (id) => control.tenants().find((tenant) => tenant.id === id),
    settings: () => settings.current(),
  });
  const tickets = { issue: async () => ({ user: 'ticket', password: 'once' }) };
  const inside = memoryInsideDesks(control, tickets, () => settings.current().allowedExtensions);
  const store = new MemoryOperations();
  const archiveWork = new ArchiveWork();
  const operations = await OperationDesk.open({ clock, random, log, events, store, archiveWork });
  const sending = { clock, random, log, events, settings, secrecy, sender: new MemorySender() };
  const hooks = { ...sending, store: new MemoryWebhooks() };
  const deliveries = await Deliveries.open(hooks);
  const webhooks = new WebhookDesk({ ...hooks, deliveries });
  const limits = { clock, random, log, events, settings, secrecy, control };
  const bounded = memoryQuotaDesks({ ...limits, customers: access.customers });
  const money = await memoryBillingDesks({
    clock,
    log,
    random,
    events,
    customers: access.customers,
  });
  const { doneRequests = new MemoryDoneRequests() } = world;
  const health = await memoryHealth({ clock, log, control });
  const economics = await memoryEconomics({ clock, log, events, control });
  const history = new MemoryUseHistory(control.usageMinutes);
  const usage = new UsageDesk({
    ...{ clock, history, control },
    money: async () => ({ storageCostPerTenant: null, currency: 'USD', averageMargin: null }),
  });
  const { desk: awake } = memoryAwake({ clock, log, control });
  return {
    awake,
    usage,
    events,
    health,
    settings,
    operations,
    doneRequests,
    webhooks,
    ...access,
    ...inside,
    ...bounded,
    ...economics,
    ...money,
  };
}
