import { type TSchema, Type } from 'typebox';
import { QUERY_BODY_BYTES_MAX } from '../limits.ts';
import type { OperationName } from '../operations.ts';
import { ARCHIVE_FAULTS, KeyHeader, ok, Ref, type Route } from '../route.ts';
import { Compute, ComputePage, PlanList, TierList } from '../tenants/compute.ts';
import {
  ConnectionStrings,
  Extension,
  ExtensionList,
  ExtensionWish,
  TenantSettingList,
  TenantSettingsChange,
} from './inside.ts';
import { Query, QueryResult } from './query.ts';
import {
  Database,
  DatabaseList,
  Name,
  NewDatabase,
  NewRole,
  Role,
  RoleChange,
  RoleList,
  RolePassword,
  RoleSecret,
} from './role.ts';
import { StatementList, StatementsQuery } from './statements.ts';

const strict = { additionalProperties: false } as const;

const RoleRef = Type.Object({ ...Ref.properties, role: Name('Name of the role.', 'reporting') });

const DatabaseRef = Type.Object({
  ...Ref.properties,
  database: Name('Name of the database.', 'acme.reports'),
});

const ExtensionRef = Type.Object({
  ...Ref.properties,
  extension: Name('Name of the extension.', 'pg_trgm'),
});

const InDatabase = Type.Object(
  { database: Type.Optional(Name("The tenant's own if not given.", 'acme')) },
  strict,
);

const DropQuery = Type.Object(
  {
    ...InDatabase.properties,
    cascade: Type.Optional(
      Type.Boolean({ description: 'Also what depends on it.', default: false }),
    ),
  },
  strict,
);

const StringsQuery = Type.Object(
  {
    role: Type.Optional(Name('The owner if not given.', 'reporting')),
    ...InDatabase.properties,
    pooled: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'With a backend for a transaction at a time, for clients that come in swarms.',
      }),
    ),
  },
  strict,
);

const ComputesQuery = Type.Object(
  {
    sort: Type.Optional(
      Type.Enum(['memory', 'since'], {
        type: 'string',
        description: 'The largest first, or those that are awake longest.',
      }),
    ),
    after: Type.Optional(Type.String({ maxLength: 200, description: 'What `next` said.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
  },
  strict,
);

/** What waking, and going inside, may meet. */
const INSIDE_FAULTS = [
  'TENANT_UNKNOWN',
  'TENANT_BUSY',
  'WAKE_TIMEOUT',
  'WAKE_FAILED',
  'WAKES_FULL',
  'QUERY_FAILED',
  ...ARCHIVE_FAULTS,
  'SERVER_STOPPING',
  'CATALOG_DOWN',
] as const;

const CHANGE = { scope: 'tenant', right: 'change' } as const;
const READ = { scope: 'tenant', right: 'read' } as const;

/** A look inside a tenant. */
const look = <S extends TSchema>(summary: string, shape: S) =>
  ({
    tag: 'tenants',
    summary,
    description: 'Wakes the tenant.',
    access: READ,
    params: Ref,
    success: ok(shape),
    faults: INSIDE_FAULTS,
  }) as const;

export const INSIDE_ROUTES = {
  query: {
    tag: 'tenants',
    summary: 'Run SQL as the owner of a tenant',
    description:
      'Wakes the tenant as any client does. What only reads runs as a role of its own that can do nothing else; a caller who may change nothing reads only. What is not answered in time, or not waited for, is cancelled.',
    access: READ,
    params: Ref,
    body: Query,
    bodyBytesMax: QUERY_BODY_BYTES_MAX,
    success: ok(QueryResult),
    faults: [
      ...INSIDE_FAULTS,
      'QUERY_TIMEOUT',
      'SESSION_REFUSED',
      'SESSIONS_FULL',
      'RESPONSE_TOO_LARGE',
      'BODIES_FULL',
    ],
  },
  listRoles: look('List the roles of a tenant', RoleList),
  createRole: {
    tag: 'tenants',
    summary: 'Create a role in a tenant',
    description: 'Wakes the tenant. The role can log in the moment this is answered.',
    access: CHANGE,
    params: Ref,
    body: NewRole,
    headers: KeyHeader,
    success: { status: 201, shape: RoleSecret },
    faults: ['BAD_NAME', 'ALREADY_EXISTS', 'IDEMPOTENCY_KEY_REUSED', ...INSIDE_FAULTS],
  },
  getRole: {
    ...look('Show a role of a tenant', Role),
    params: RoleRef,
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  changeRole: {
    tag: 'tenants',
    summary: 'Change what a role may do',
    description: 'Wakes the tenant. The owner stays as it is.',
    access: CHANGE,
    params: RoleRef,
    body: RoleChange,
    success: ok(Role),
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  deleteRole: {
    tag: 'tenants',
    summary: 'Delete a role of a tenant',
    description: 'What it owns becomes the owner’s. Its sessions end with their next request.',
    access: CHANGE,
    params: RoleRef,
    success: { status: 204, shape: null },
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  rotateRolePassword: {
    tag: 'tenants',
    summary: 'Give a role a new password',
    description:
      'The old one is refused from then on; open sessions live on. The one of the owner is rotated by the route of the tenant.',
    access: CHANGE,
    params: RoleRef,
    body: RolePassword,
    headers: KeyHeader,
    success: ok(RoleSecret),
    faults: ['NOT_FOUND', 'IDEMPOTENCY_KEY_REUSED', ...INSIDE_FAULTS],
  },
  listDatabases: look('List the databases of a tenant', DatabaseList),
  createDatabase: {
    tag: 'tenants',
    summary: 'Create another database in a tenant',
    description:
      'It belongs to the owner, and shares the compute. Clients name the tenant besides: by the user `ROLE.TENANT`, by `options=endpoint=TENANT`, or by the server name.',
    access: CHANGE,
    params: Ref,
    body: NewDatabase,
    headers: KeyHeader,
    success: { status: 201, shape: Database },
    faults: ['BAD_NAME', 'ALREADY_EXISTS', 'IDEMPOTENCY_KEY_REUSED', ...INSIDE_FAULTS],
  },
  deleteDatabase: {
    tag: 'tenants',
    summary: 'Delete a database of a tenant, and all that is in it',
    description: 'Its sessions end. The one that has the name of the tenant goes with the tenant.',
    access: CHANGE,
    params: DatabaseRef,
    success: { status: 204, shape: null },
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  listExtensions: {
    ...look('List the extensions that a tenant has or could have', ExtensionList),
    query: InDatabase,
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  putExtension: {
    tag: 'tenants',
    summary: 'Install an extension, or bring it to another version',
    access: CHANGE,
    params: ExtensionRef,
    query: InDatabase,
    body: ExtensionWish,
    success: ok(Extension),
    faults: ['NOT_FOUND', 'EXTENSION_REFUSED', ...INSIDE_FAULTS],
  },
  deleteExtension: {
    tag: 'tenants',
    summary: 'Remove an extension',
    access: CHANGE,
    params: ExtensionRef,
    query: DropQuery,
    success: { status: 204, shape: null },
    faults: ['NOT_FOUND', 'EXTENSION_REFUSED', ...INSIDE_FAULTS],
  },
  listTenantSettings: {
    ...look('Show the settings of PostgreSQL that a tenant may have of its own', TenantSettingList),
    query: InDatabase,
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  changeTenantSettings: {
    tag: 'tenants',
    summary: 'Change settings of PostgreSQL for a tenant',
    description:
      'All of them or none; new sessions have them. They are part of the data: a fork and a restore bring them along.',
    access: CHANGE,
    params: Ref,
    query: InDatabase,
    body: TenantSettingsChange,
    success: ok(TenantSettingList),
    faults: ['NOT_FOUND', ...INSIDE_FAULTS],
  },
  listStatements: {
    ...look('List the statements that take the time of a tenant', StatementList),
    description:
      'In all its databases, by all its roles; commands such as CREATE are not counted. Wakes the tenant.',
    query: StatementsQuery,
  },
  forgetStatements: {
    tag: 'tenants',
    summary: 'Count the statements of a tenant from zero',
    description: 'Wakes the tenant.',
    access: CHANGE,
    params: Ref,
    success: { status: 204, shape: null },
    faults: INSIDE_FAULTS,
  },
  listConnectionStrings: {
    tag: 'tenants',
    summary: 'How clients of many kinds connect to a tenant',
    access: READ,
    params: Ref,
    query: StringsQuery,
    success: ok(ConnectionStrings),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  getCompute: {
    tag: 'tenants',
    summary: 'Where and how a tenant runs, and how it woke of late',
    access: READ,
    params: Ref,
    success: ok(Compute),
    faults: ['TENANT_UNKNOWN', 'CATALOG_DOWN'],
  },
  listComputes: {
    tag: 'server',
    summary: 'List what is awake',
    access: { scope: 'customer', right: 'read' },
    query: ComputesQuery,
    success: ok(ComputePage),
    faults: ['CATALOG_DOWN'],
  },
  listPlans: {
    tag: 'server',
    summary: 'What the plans promise and bound, by the rules in force',
    access: READ,
    success: ok(PlanList),
    faults: [],
  },
  listTiers: {
    tag: 'server',
    summary: 'How each tier is kept, by the rules in force',
    access: READ,
    success: ok(TierList),
    faults: [],
  },
} as const satisfies Partial<Record<OperationName, Route>>;
