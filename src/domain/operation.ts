/** Work that takes long enough to be looked at: asked for through the API, and found after a restart. */
import type { Json } from './decision.ts';
import type { EventTenant } from './events.ts';
import type { CustomerId, OperationId, TenantId } from './ids.ts';
import type { Timestamp } from './units.ts';

export const WORK_KINDS = [
  'create',
  'wake',
  'suspend',
  'restart',
  'archive',
  'snapshot',
  'restore',
  'fork',
  'import',
  'recover',
  'delete',
  'what-if',
] as const;

export type WorkKind = (typeof WORK_KINDS)[number];

export const WORK_STATUSES = ['running', 'done', 'failed', 'cancelled'] as const;

export type WorkStatus = (typeof WORK_STATUSES)[number];

/** How far it is; what cannot be told is null. */
export type Progress = {
  readonly step: string | null;
  readonly doneBytes: number | null;
  readonly allBytes: number | null;
};

export type Operation = {
  readonly id: OperationId;
  readonly kind: WorkKind;
  readonly status: WorkStatus;
  /** Whose it is about; null where there is none yet, or none at all. */
  readonly tenant: EventTenant | null;
  readonly customer: CustomerId | null;
  /** Who asked for it: kind and id. */
  readonly caller: string;
  readonly progress: Progress | null;
  /** What came of it, as far as it is no secret. */
  readonly result: { readonly [key: string]: Json } | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
  readonly begunAt: Timestamp;
  readonly endedAt: Timestamp | null;
};

export type OperationQuery = {
  readonly customer?: CustomerId | undefined;
  readonly tenant?: TenantId | undefined;
  readonly status?: WorkStatus | undefined;
  readonly kind?: WorkKind | undefined;
  /** Only what comes behind this one. */
  readonly after?: { readonly begunAt: Timestamp; readonly id: OperationId } | undefined;
  readonly limit: number;
};

/** All throw `CATALOG_DOWN`. */
export interface OperationStore {
  /** Writes all of it, in place of what is known under its id. */
  save(operation: Operation): Promise<void>;
  find(id: OperationId): Promise<Operation | undefined>;
  /** The latest first. */
  list(query: OperationQuery): Promise<readonly Operation[]>;
  /** Those that an earlier run has left running have failed; answers how many. */
  cutOff(fault: Operation['fault']): Promise<number>;
  /** Forgets at most `limit` that ended before `before`; answers how many. */
  forget(before: Timestamp, limit: number): Promise<number>;
}
