/** What the policy decided about a tenant, page by page, and decided again. */
import type { Decision } from '../domain/decision.ts';
import type { TenantId } from '../domain/ids.ts';
import type { PolicyStore } from '../domain/policy-store.ts';
import type { Timestamp } from '../domain/units.ts';

export type DecisionQuery = {
  /** Only those that are older; null for the latest. */
  readonly before: Timestamp | null;
  readonly limit: number;
  /** Whether each is taken again, by the rules of now. */
  readonly replay: boolean;
};

export type DecisionPage = {
  readonly decisions: readonly Decision[];
  /** Give it as `before` to get the next page; null at the end. */
  readonly next: Timestamp | null;
};

/**
 * The latest first. A page ends between two milliseconds, since the next begins at one: it may hold fewer than `limit`, and
 * more where that many were decided in one.
 */
export async function decisionPage(
  store: Pick<PolicyStore, 'decisions'>,
  tenant: TenantId,
  { before, limit }: Pick<DecisionQuery, 'before' | 'limit'>,
): Promise<DecisionPage> {
  for (let wanted = limit; ; wanted *= 2) {
    const found = await store.decisions(tenant, { before, limit: wanted + 1 });
    const beyond = found[wanted];
    if (beyond === undefined) return { decisions: found, next: null };
    const decisions = found.filter(({ at }) => at > beyond.at);
    const last = decisions.at(-1);
    if (last !== undefined) return { decisions, next: last.at };
  }
}
