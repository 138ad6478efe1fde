/** The desks of what is inside tenants, and of where they run. */
import type { Catalog } from '../../domain/catalog.ts';
import type { Interior } from '../../domain/interior.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Passwords } from '../../domain/passwords.ts';
import type { QueryRunner } from '../../domain/query.ts';
import type { Rules } from '../../policy/rules.ts';
import { ComputeDesk } from '../compute-desk.ts';
import type { TicketBook } from '../tickets.ts';
import type { ProxyAddress } from './connection-uri.ts';
import { ExtensionDesk } from './extension-desk.ts';
import { QueryDesk } from './query-desk.ts';
import { RoleDesk } from './role-desk.ts';
import { SettingDesk } from './setting-desk.ts';
import { StatementDesk } from './statement-desk.ts';
import { StringDesk } from './string-desk.ts';

export type InsideDesks = {
  readonly roles: RoleDesk;
  readonly extensions: ExtensionDesk;
  readonly tenantSettings: SettingDesk;
  readonly queries: QueryDesk;
  readonly statements: StatementDesk;
  readonly strings: StringDesk;
  readonly computes: ComputeDesk;
};

export type InsideDesksWorld = {
  readonly catalog: Pick<Catalog, 'tenantById' | 'tenantByName' | 'listTenants' | 'steps'>;
  readonly lifecycle: Pick<Lifecycle, 'inside' | 'live'>;
  readonly interior: Interior;
  readonly passwords: Passwords;
  readonly tickets: Pick<TicketBook, 'issue'>;
  readonly queryRunner: QueryRunner;
  readonly rules: () => Rules;
  readonly allowedExtensions: () => readonly string[];
  /** Where clients are told to connect. */
  readonly proxy: ProxyAddress;
  readonly requireTls: boolean;
};

export function openInsideDesks(world: InsideDesksWorld): InsideDesks {
  return {
    roles: new RoleDesk(world),
    extensions: new ExtensionDesk({ ...world, allowed: world.allowedExtensions }),
    tenantSettings: new SettingDesk(world),
    queries: new QueryDesk({ ...world, queries: world.queryRunner }),
    statements: new StatementDesk(world),
    strings: new StringDesk(world),
    computes: new ComputeDesk(world),
  };
}
