/** The routes by which a tenant's data is kept, moved and copied as a whole. */
import { Type } from 'typebox';
import type { OperationName } from '../operations.ts';
import { ARCHIVE_FAULTS, KeyHeader, ok, Ref, type Route } from '../route.ts';
import { Plan } from '../values.ts';
import { WaitQuery } from '../work/work.ts';
import { TenantLevels } from './levels.ts';
import { Recovery } from './recovery.ts';
import { Fork, NewSnapshot, Snapshot, SnapshotList } from './snapshot.ts';
import { Tenant, TenantSecret } from './tenant.ts';

const SnapshotRef = Type.Object({
  ...Ref.properties,
  snapshot: Type.String({
    minLength: 1,
    maxLength: 63,
    description: 'Id of the snapshot.',
    examples: ['sn_000000000012'],
  }),
});

const ImportQuery = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 63, description: 'Of the new tenant.' }),
    plan: Type.Optional(Plan),
  },
  { additionalProperties: false },
);

export const LADDER_ROUTES = {
  archiveTenant: {
    tag: 'tenants',
    summary: 'Take the files of a tenant to the archive',
    description:
      'It is suspended first, if nobody is at work. Its files are deleted here once the archive has them, and the next wake brings them back. The server does the same by itself after a while.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    success: ok(Tenant),
    faults: [
      'TENANT_UNKNOWN',
      'TENANT_BUSY',
      'ARCHIVE_DOWN',
      'NOT_ARCHIVED',
      'DISK_FULL',
      'STALE_GENERATION',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  listSnapshots: {
    tag: 'tenants',
    summary: 'List the snapshots of a tenant',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(SnapshotList),
    faults: ['TENANT_UNKNOWN', 'ARCHIVE_DOWN', 'CATALOG_DOWN'],
  },
  createSnapshot: {
    tag: 'tenants',
    summary: 'Take a snapshot of a tenant, awake or asleep',
    description:
      'With a name it is kept until it is deleted. Without one it is as those that the server takes by itself, which replace each other.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    query: WaitQuery,
    body: NewSnapshot,
    headers: KeyHeader,
    success: { status: 201, shape: Snapshot },
    faults: [
      'TENANT_UNKNOWN',
      'BAD_NAME',
      'TENANT_BUSY',
      'IDEMPOTENCY_KEY_REUSED',
      'ARCHIVE_DOWN',
      'NOT_ARCHIVED',
      'DISK_FULL',
      'STALE_GENERATION',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  deleteSnapshot: {
    tag: 'tenants',
    summary: 'Delete a snapshot that has a name',
    description: 'Those without a name go by themselves. There is no way back.',
    access: { scope: 'tenant', right: 'change' },
    params: SnapshotRef,
    success: { status: 204, shape: null },
    faults: ['TENANT_UNKNOWN', 'BAD_ID', 'SNAPSHOT_UNKNOWN', 'ARCHIVE_DOWN', 'CATALOG_DOWN'],
  },
  restoreSnapshot: {
    tag: 'tenants',
    summary: 'Make a snapshot the data of its tenant',
    description:
      'What the tenant had is kept as a snapshot of its own, if it can be read. Sessions at rest stay open and see the other data; `TENANT_BUSY` says who is at work or cannot be parked.',
    access: { scope: 'tenant', right: 'change' },
    params: SnapshotRef,
    query: WaitQuery,
    headers: KeyHeader,
    success: ok(Tenant),
    faults: [
      'TENANT_UNKNOWN',
      'BAD_ID',
      'TENANT_BUSY',
      'IDEMPOTENCY_KEY_REUSED',
      ...ARCHIVE_FAULTS,
      'NOT_ARCHIVED',
      'STALE_GENERATION',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  recoverTenants: {
    tag: 'server',
    summary: 'Enter the tenants that the archive has and the catalog has lost',
    description:
      'After the loss of a machine, on a new one with the same archive and its master key. Each tenant is as its latest snapshot has it, with its password, asleep. Repeating it does no harm.',
    access: { scope: 'operator', right: 'admin' },
    query: WaitQuery,
    success: ok(Recovery),
    faults: ['ARCHIVE_DOWN', 'ARCHIVE_KEY', 'CATALOG_DOWN', 'SERVER_STOPPING'],
  },
  forkTenant: {
    tag: 'tenants',
    summary: 'Create a tenant with the data that this one has now',
    description:
      'Answers with the password of its owner role, which is shown only here. Stored data is shared until one of the two changes it. Settings are taken over.',
    access: { scope: 'customer', right: 'change' },
    params: Ref,
    query: WaitQuery,
    body: Fork,
    headers: KeyHeader,
    success: { status: 201, shape: TenantSecret },
    faults: [
      'TENANT_UNKNOWN',
      'BAD_NAME',
      'TENANT_EXISTS',
      'TENANT_BUSY',
      'IDEMPOTENCY_KEY_REUSED',
      ...ARCHIVE_FAULTS,
      'NOT_ARCHIVED',
      'STALE_GENERATION',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  exportTenant: {
    tag: 'tenants',
    summary: 'Get a tenant as one file',
    description:
      'The tenant as it is when asked for. The file needs neither this server nor its keys, and is not encrypted: whoever has it has the data.',
    access: { scope: 'tenant', right: 'change' },
    params: Ref,
    success: { status: 200, shape: null },
    file: { in: 'answer', description: 'A tar archive, compressed with zstd.' },
    faults: [
      'TENANT_UNKNOWN',
      'TENANT_BUSY',
      'WAKE_FAILED',
      ...ARCHIVE_FAULTS,
      'NOT_ARCHIVED',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  importTenant: {
    tag: 'tenants',
    summary: 'Create a tenant out of an exported file',
    description:
      'Answers with the password of its owner role, which is shown only here. The whole file is checked before the tenant is there.',
    access: { scope: 'customer', right: 'change' },
    query: ImportQuery,
    success: { status: 201, shape: TenantSecret },
    file: { in: 'body', description: 'What `exportTenant` answered, of any size.' },
    faults: [
      'BAD_NAME',
      'TENANT_EXISTS',
      'BAD_IMPORT',
      'ARCHIVE_DOWN',
      'DISK_FULL',
      'SERVER_STOPPING',
      'CATALOG_DOWN',
    ],
  },
  getLevels: {
    tag: 'tenants',
    summary: 'Where the data of a tenant is, and what was done to it of late',
    access: { scope: 'tenant', right: 'read' },
    params: Ref,
    success: ok(TenantLevels),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
