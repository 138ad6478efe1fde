/** What was told, as it is remembered, and as the event that tells of it. */
import { type AlertMemory, ownerKey, type StoredAlert } from '../../domain/economics.ts';
import type { NewEvent } from '../../domain/events.ts';
import { type AlertState, NO_ALERTS } from '../../economics/alerts.ts';
import type { Amount } from '../../economics/money.ts';

/** Of whom nothing was told yet: not worth a row. */
export const isBlank = ({ part, negative, unusual, dearDay }: AlertState): boolean =>
  part === 0 && !negative && !unusual && dearDay === null;

export const stateJson = ({ budget, ...state }: AlertState): AlertMemory['state'] => ({
  ...state,
  budget: budget === null ? null : `${budget}`,
});

export function stateOf(stored: AlertMemory['state']): AlertState {
  const { budget, ...rest } = stored;
  const known = { ...NO_ALERTS, ...rest } as AlertState;
  return { ...known, budget: typeof budget === 'string' ? (BigInt(budget) as Amount) : null };
}

export const sameState = (one: AlertState, other: AlertState): boolean =>
  JSON.stringify(stateJson(one)) === JSON.stringify(stateJson(other));

/** Customers hear of what they are charged; what it costs is the operator's own matter. */
export function eventOf(
  { owner, customer, measure, kind, data }: StoredAlert,
  name: string | null,
): NewEvent {
  const tenant =
    owner.kind === 'tenant' && name !== null ? { id: owner.id, name: name as never } : null;
  const told = measure === 'charges' ? customer : null;
  return {
    ...{ type: 'cost.alert' as const, customer: told },
    tenant: measure === 'charges' ? tenant : null,
    data: { kind, measure, owner: ownerKey(owner), ...data },
  };
}
