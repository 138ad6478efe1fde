/** Who may use how much, what ends by itself, and databases without an account. */
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import { ClaimDesk } from '../../control/access/claim-desk.ts';
import type { Control } from '../../control/control.ts';
import type { AllowanceBook } from '../../control/quotas/allowance-book.ts';
import { Endings } from '../../control/quotas/endings.ts';
import { QuotaDesk } from '../../control/quotas/quota-desk.ts';
import type { QuotaDesks } from '../../control/quotas/quota-desks.ts';
import { QuotaKeeper } from '../../control/quotas/quota-keeper.ts';
import type { SettingsDesk } from '../../control/settings.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import type { Sessions } from '../../domain/gate.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Log } from '../../domain/log.ts';
import type { Gauges } from '../../domain/quota.ts';
import type { Random } from '../../domain/random.ts';
import type { DurationMs } from '../../domain/units.ts';
import type { UsageMinute } from '../../domain/usage.ts';
import type { Rules } from '../../policy/rules.ts';
import { KeyedSecrecy } from '../../system/secrecy.ts';

export type QuotaParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: Events;
  readonly catalog: PgCatalog;
  readonly gauges: Gauges;
  readonly allowance: AllowanceBook;
  readonly lifecycle: Lifecycle;
  readonly rules: () => Rules;
  readonly sessions: () => Sessions;
  readonly countEvery: DurationMs;
};

export type Quotas = {
  used(records: readonly UsageMinute[]): void;
  /** To be called when tenants can be deleted. */
  desks(parts: { readonly control: Control; readonly settings: SettingsDesk }): QuotaDesks;
  close(): Promise<void>;
};

/** Counts from now on; to be called before tenants are healed. Throws `CATALOG_DOWN`. */
export async function openQuotas(parts: QuotaParts): Promise<Quotas> {
  const { catalog, allowance: book, random } = parts;
  const { quotas: store, claims, endings, customers } = catalog.stores;
  const keeper = new QuotaKeeper({ ...parts, store, book });
  await keeper.start(catalog);
  let ends: Endings | null = null;
  return {
    used: (records) => keeper.used(records),
    desks: ({ control, settings }) => {
      ends = new Endings({ ...parts, store: endings, control, lookEvery: parts.countEvery });
      ends.start();
      return {
        quotas: new QuotaDesk({ ...parts, store, book, keeper }),
        claims: new ClaimDesk({
          ...{ ...parts, control, book, store: claims },
          secrecy: new KeyedSecrecy(random.bytes(32), random),
          review: (id) => keeper.review(id),
          settings: () => settings.current().claimable,
          planOf: async (customer) => (await customers.byId(customer))?.plan ?? 'free',
        }),
      };
    },
    close: async () => {
      await ends?.close();
      await keeper.close();
    },
  };
}
