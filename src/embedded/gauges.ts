/**
 * How much a tenant has written, and how large it is: asked of its running compute, or read from the control file that
 * a clean stop has left.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantId } from '../domain/ids.ts';
import type { GaugeReading, Gauges } from '../domain/quota.ts';
import { asSuperuser, SUPERUSER } from './admin.ts';
import type { Computes } from './computes.ts';
import { type Layout, tenantFiles } from './layout.ts';
import type { Secrets } from './secrets.ts';

/** Source: PostgreSQL `catalog/pg_control.h`: `checkPoint` of ControlFileData, the same from 11 to 18. */
const CHECKPOINT_OFFSET = 32;

/** Ours are not the tenant's. */
const GAUGES = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
    (select coalesce(sum(pg_database_size(oid)), 0)::text from pg_database
     where datallowconn and not datistemplate and datname !~ '^dynabase'
       and (datname <> 'postgres' or pg_get_userbyid(datdba) <> current_user)) as bytes`;

export type GaugeParts = {
  readonly computes: Computes;
  readonly layout: Layout;
  readonly secrets: Secrets;
};

export class EmbeddedGauges implements Gauges {
  readonly #parts: GaugeParts;

  constructor(parts: GaugeParts) {
    this.#parts = parts;
  }

  async read(tenant: TenantId): Promise<GaugeReading> {
    const { computes, layout, secrets } = this.#parts;
    const files = tenantFiles(layout, tenant);
    const address = computes.running(files.root)?.address;
    if (address === undefined) {
      const control = join(files.data, 'global', 'pg_control');
      if (!existsSync(control)) return { walPosition: null, logicalBytes: null };
      const position = (await readFile(control)).readBigUInt64LE(CHECKPOINT_OFFSET);
      return { walPosition: Number(position), logicalBytes: null };
    }
    const login = { address, password: secrets.password(tenant, SUPERUSER) };
    return await asSuperuser(login, async (client) => {
      const { rows } = await client.query<{ readonly wal: string; readonly bytes: string }>(GAUGES);
      const [row] = rows;
      if (row === undefined) throw new Error('a compute does not say how large it is');
      return { walPosition: Number(row.wal), logicalBytes: Number(row.bytes) };
    });
  }

  /** By the file of settings, which the compute reads again at once; new and open sessions go by it. */
  setReadOnly(tenant: TenantId, isReadOnly: boolean): Promise<void> {
    const files = tenantFiles(this.#parts.layout, tenant);
    if (!existsSync(files.root)) return Promise.resolve();
    return this.#parts.computes.change(files, { readOnly: isReadOnly });
  }
}
