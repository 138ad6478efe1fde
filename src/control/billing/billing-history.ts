/** From what the catalog and the ledger keep to what `economics` makes invoices of. */
import type { PlanChange } from '../../domain/billing.ts';
import type { CustomerId, TenantId } from '../../domain/ids.ts';
import type { Plan } from '../../domain/tier.ts';
import type { Timestamp } from '../../domain/units.ts';
import { addedUse, type UseRow } from '../../domain/use.ts';
import { hourOf } from '../../economics/month.ts';
import { type Subscription, trialFrom } from '../../economics/plans.ts';
import { finished, inSteps, type Steps } from '../../economics/steps.ts';
import type { TariffBook } from '../../economics/tariffs.ts';

/**
 * Who was on which plan, as it is charged. A tenant has one trial of each plan and customer, which begins with the first
 * time that it is on it: who goes to and fro gets no second one.
 */
export const subscriptionsOf = (
  changes: readonly PlanChange[],
  tariffs: TariffBook,
): readonly Subscription[] => finished(subscribing(changes, tariffs));

/** The same in steps. */
export function* subscribing(
  changes: readonly PlanChange[],
  tariffs: TariffBook,
): Steps<readonly Subscription[]> {
  const tenants = new Map<TenantId, PlanChange[]>();
  yield* inSteps(changes, (change) => {
    const own = tenants.get(change.tenant);
    if (own === undefined) tenants.set(change.tenant, [change]);
    else own.push(change);
  });
  const spells = yield* inSteps([...tenants.values()], (own) => spellsOf(own, tariffs));
  return spells.flat();
}

function spellsOf(own: readonly PlanChange[], tariffs: TariffBook): readonly Subscription[] {
  const trials = new Map<string, Timestamp | null>();
  const spells: Subscription[] = [];
  const moved = own.filter((change, at) => !isSame(change, own[at - 1]));
  for (const [at, { tenant, customer, plan, at: from }] of moved.entries()) {
    if (customer === null || plan === null) continue;
    const to = moved[at + 1]?.at ?? null;
    const trialUntil = trialOf(trials, { customer, plan, from }, tariffs);
    // One that was over before it began charges nothing, and would stand in the way of the next.
    if (to === null || to > from) spells.push({ tenant, customer, plan, from, to, trialUntil });
  }
  return spells;
}

/** Another name is the same subscription. */
const isSame = (one: PlanChange, before: PlanChange | undefined): boolean =>
  before !== undefined && one.customer === before.customer && one.plan === before.plan;

function trialOf(
  trials: Map<string, Timestamp | null>,
  {
    customer,
    plan,
    from,
  }: { readonly customer: CustomerId; readonly plan: Plan; readonly from: Timestamp },
  tariffs: TariffBook,
): Timestamp | null {
  const key = `${customer} ${plan}`;
  const until = trials.has(key) ? (trials.get(key) ?? null) : trialFrom(tariffs, plan, from);
  trials.set(key, until);
  return until !== null && until > from ? until : null;
}

/** What people call the databases: the last name of each. */
export const namesIn = (changes: readonly PlanChange[]): ReadonlyMap<TenantId, string> =>
  new Map(changes.map(({ tenant, name }) => [tenant, name]));

/**
 * Rows of a month, as few as give the same charges: those of a tenant between two times that matter to its subscriptions are
 * one. So a customer's month takes as much memory as it has tenants, not as it has hours.
 */
export async function foldedRows(
  rows: AsyncIterable<UseRow>,
  subscriptions: readonly Subscription[],
): Promise<readonly UseRow[]> {
  const times = boundaries(subscriptions);
  const folded = new Map<string, UseRow>();
  for await (const row of rows) {
    const segment = (times.get(row.tenant) ?? []).filter((time) => time <= row.hour).length;
    const key = `${row.tenant} ${row.customer} ${row.plan} ${row.tier} ${segment}`;
    const sum = folded.get(key);
    if (sum === undefined) folded.set(key, row);
    else {
      const seconds = sum.seconds + row.seconds;
      folded.set(key, { ...sum, seconds, use: addedUse(sum.use, row.use) });
    }
  }
  return [...folded.values()];
}

function boundaries(
  subscriptions: readonly Subscription[],
): ReadonlyMap<TenantId, readonly Timestamp[]> {
  const times = new Map<TenantId, Timestamp[]>();
  for (const { tenant, from, to, trialUntil } of subscriptions) {
    const own = times.get(tenant) ?? [];
    own.push(from, hourOf(from));
    if (to !== null) own.push(to, hourOf(to));
    if (trialUntil !== null) own.push(trialUntil, hourOf(trialUntil));
    times.set(tenant, own);
  }
  return times;
}
