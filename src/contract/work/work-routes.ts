import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { ok, type Route } from '../route.ts';
import { WatchQuery, WorkId, WorkOperation, WorkPage, WorkQuery } from './work.ts';

const WorkRef = Type.Object({ operation: WorkId });

export const WORK_ROUTES = {
  listOperations: {
    tag: 'operations',
    summary: 'List long work, the latest first',
    access: { scope: 'customer', right: 'read' },
    query: WorkQuery,
    success: ok(WorkPage),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getOperation: {
    tag: 'operations',
    summary: 'Show an operation, or wait for its end',
    access: { scope: 'tenant', right: 'read' },
    params: WorkRef,
    query: WatchQuery,
    success: ok(WorkOperation),
    faults: ['OPERATION_UNKNOWN', 'CATALOG_DOWN'],
  },
  cancelOperation: {
    tag: 'operations',
    summary: 'Stop an operation, where that leaves all as it was',
    description:
      'Archiving, snapshots, restores, forks and imports can be stopped before their point of no return.',
    access: { scope: 'tenant', right: 'change' },
    params: WorkRef,
    success: ok(WorkOperation),
    faults: ['OPERATION_UNKNOWN', 'CANNOT_CANCEL', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
