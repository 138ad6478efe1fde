/**
 * Who has changed what, and who has tried to.
 *
 * An entry is written before the change is made and finished behind it: what a crash cuts off is still told of, as
 * begun, and from the next start on as unknown. It names no secret, and outlives what it is about.
 */
import type { Caller } from './caller.ts';
import type { Json } from './decision.ts';
import type { CustomerId, TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

export const AUDIT_OUTCOMES = ['begun', 'done', 'failed', 'unknown'] as const;

/** `begun`: still under way; `unknown`: cut off, so that it may have been done or not. */
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** The fields that became different, or what was asked for; null if nothing is to be said. */
export type AuditFields = Readonly<Record<string, Json>> | null;

/** What an entry is about. */
export type AuditSubject = {
  readonly customer: CustomerId | null;
  readonly tenant: TenantId | null;
  /** What else: the id of a key, the name of a role. */
  readonly target: string | null;
};

export type NewAuditEntry = AuditSubject & {
  readonly requestId: string;
  readonly operation: string;
  readonly caller: Pick<Caller, 'kind' | 'id' | 'name'>;
  /** Whether the caller was the operator's: to customers it is only that. */
  readonly byOperator: boolean;
  readonly address: string;
  readonly outcome: AuditOutcome;
  /** Code of the fault it has failed with. */
  readonly fault: string | null;
  readonly before: AuditFields;
  readonly after: AuditFields;
};

export type AuditEntry = NewAuditEntry & { readonly id: number; readonly at: Timestamp };

/** What is known of an entry at its end. */
export type AuditEnd = AuditSubject & Pick<NewAuditEntry, 'outcome' | 'fault' | 'before' | 'after'>;

/** What is not given is not asked for. */
export type AuditQuery = {
  readonly customer?: CustomerId | undefined;
  readonly tenant?: TenantId | undefined;
  /** Id of the caller. */
  readonly caller?: string | undefined;
  readonly operation?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly from?: Timestamp | undefined;
  readonly to?: Timestamp | undefined;
  /** Only older entries than this one. */
  readonly before?: number | undefined;
  readonly limit: number;
};

export interface AuditStore {
  /** Gives the id of the entry. */
  add(entry: NewAuditEntry): Promise<number>;
  finish(id: number, end: AuditEnd): Promise<void>;
  /** What is still begun is unknown from now on; says how many it were. */
  endBegun(): Promise<number>;
  /** The latest first. */
  list(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /** Deletes at most `limit` entries older than `before`, and says how many it were. */
  forget(before: Timestamp, limit: number): Promise<number>;
}
