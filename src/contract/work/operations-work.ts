import type { Operation } from '../operations.ts';

export const WORK_OPERATIONS = {
  listOperations: { method: 'GET', path: '/v1/operations', repeat: 'safe' },
  getOperation: { method: 'GET', path: '/v1/operations/:operation', repeat: 'safe', long: true },
  cancelOperation: { method: 'POST', path: '/v1/operations/:operation/cancel', repeat: 'safe' },
} as const satisfies Record<string, Operation>;

/** Operations of the API that are long work, and of which kind. */
const KINDS = {
  createTenant: 'create',
  deleteTenant: 'delete',
  wakeTenant: 'wake',
  suspendTenant: 'suspend',
  restartTenant: 'restart',
  archiveTenant: 'archive',
  createSnapshot: 'snapshot',
  restoreSnapshot: 'restore',
  forkTenant: 'fork',
  recoverTenants: 'recover',
  whatIf: 'what-if',
} as const;

/** Can be begun without waiting for its end. */
export type WorkName = keyof typeof KINDS;

export const WORK: Readonly<Record<string, string>> = KINDS;
