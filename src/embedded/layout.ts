/**
 * Where everything lies on disk.
 *
 *   <dataDir>/
 *     tenants/<tenant id>/   a tenant
 *     hydrating/<tenant id>/ a tenant being brought back from the archive, not yet whole
 *     catalog/               the system tenant
 *     husks/<n>/             ready to become a tenant by one rename
 *     templates/<engine>/    what husks are copied from
 *     trash/                 renamed away, being deleted
 *     secrets/master.key     all secrets of computes are derived from it
 *     uids/                  the counter of user ids
 *
 * A tenant, a husk and a template have the same inside: see `ComputeFiles`.
 */
import { join } from 'node:path';
import type { TenantId } from '../domain/ids.ts';

/** The directory of one compute. Only `data` and `run` belong to its user id. */
export type ComputeFiles = {
  readonly root: string;
  /** PGDATA, mode 0700. Its owner is the compute's user id; there is no second record of it. */
  readonly data: string;
  /** Holds the socket, mode 0700. */
  readonly run: string;
  readonly logDir: string;
  readonly log: string;
  /** Held by every process of the compute for as long as it lives: see lock.ts. */
  readonly lock: string;
  /** The few settings that change while a compute runs: see settings-file.ts. */
  readonly settings: string;
  /**
   * The superuser's first password, as the template gave it, or that it needs none yet. Gone once the
   * compute is settled.
   */
  readonly firstSecret: string;
  /** Which blocks were worth having in memory, as of the last sleep. */
  readonly hotList: string;
  /** How the relations were used of late. */
  readonly access: string;
};

export const computeFiles = (root: string): ComputeFiles => ({
  root,
  data: join(root, 'data'),
  run: join(root, 'run'),
  logDir: join(root, 'log'),
  log: join(root, 'log', 'postgres.log'),
  lock: join(root, 'lock'),
  settings: join(root, 'settings.conf'),
  firstSecret: join(root, 'first-secret'),
  hotList: join(root, 'hot-list'),
  access: join(root, 'access.json'),
});

export type Layout = {
  readonly dataDir: string;
  readonly tenants: string;
  readonly hydrating: string;
  readonly catalog: string;
  readonly husks: string;
  readonly templates: string;
  readonly trash: string;
  readonly secrets: string;
  readonly masterKey: string;
  readonly uids: string;
};

export const layoutOf = (dataDir: string): Layout => ({
  dataDir,
  tenants: join(dataDir, 'tenants'),
  hydrating: join(dataDir, 'hydrating'),
  catalog: join(dataDir, 'catalog'),
  husks: join(dataDir, 'husks'),
  templates: join(dataDir, 'templates'),
  trash: join(dataDir, 'trash'),
  secrets: join(dataDir, 'secrets'),
  masterKey: join(dataDir, 'secrets', 'master.key'),
  uids: join(dataDir, 'uids'),
});

export const tenantFiles = (layout: Layout, tenant: TenantId): ComputeFiles =>
  computeFiles(join(layout.tenants, tenant));

/** Where a tenant's files are until they are whole. */
export const hydratingFiles = (layout: Layout, tenant: TenantId): ComputeFiles =>
  computeFiles(join(layout.hydrating, tenant));
