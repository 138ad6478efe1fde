/** Makes the desks of who may call, over whatever keeps what they know. */
import type { KeyStore } from '../../domain/api-key.ts';
import type { AuditStore } from '../../domain/audit.ts';
import type { Clock } from '../../domain/clock.ts';
import type { CustomerStore } from '../../domain/customer.ts';
import type { Events } from '../../domain/events.ts';
import type { IdentityProvider } from '../../domain/identity.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { emailOf, type PersonStore } from '../../domain/person.ts';
import type { Random } from '../../domain/random.ts';
import type { Secrecy } from '../../domain/secrecy.ts';
import type { ServerSettings } from '../../domain/settings.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { IssuerStore, TokenReader } from '../../domain/token-issuer.ts';
import type { DurationMs } from '../../domain/units.ts';
import type { Control } from '../control.ts';
import { CustomerDesk, type CustomerWorld } from '../customer-desk.ts';
import type { AccessDesks } from './access-desks.ts';
import { AuditDesk } from './audit-desk.ts';
import { KeyDesk } from './key-desk.ts';
import { KeyRing } from './key-ring.ts';
import { LoginDesk } from './login-desk.ts';
import { PeopleDesk } from './people-desk.ts';
import { TokenDesk } from './token-desk.ts';

export type AccessStores = {
  readonly customers: CustomerStore;
  readonly keys: KeyStore;
  readonly people: PersonStore;
  readonly issuers: IssuerStore;
  readonly audit: AuditStore;
};

export type AccessWorld = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly secrecy: Secrecy;
  readonly reader: TokenReader;
  /** `createdBy` of the sessions of the admin key. */
  readonly adminOpener: string;
  /** Whom people log in with; null where nobody can. */
  readonly provider: IdentityProvider | null;
  /** Addresses of the operator's first admins. */
  readonly admins: readonly string[];
  readonly events: Events;
  readonly stores: AccessStores;
  readonly control: Pick<Control, 'listTenants' | 'configureTenant' | 'findTenant'>;
  readonly tenantById: (id: TenantId) => Promise<Tenant | undefined>;
  readonly settings: () => ReturnType<CustomerWorld['settings']> & Pick<ServerSettings, 'signUp'>;
  /** How long entries of the audit log are kept. */
  readonly auditKeep: DurationMs;
};

export function openAccess(world: AccessWorld): AccessDesks {
  const { clock, log, random, secrecy, events, stores } = world;
  const { control, tenantById, settings } = world;
  const ring = new KeyRing({
    ...{ clock, log, secrecy, store: stores.keys, adminOpener: world.adminOpener },
  });
  const audit = new AuditDesk({ clock, log, store: stores.audit, keep: world.auditKeep });
  const customers = new CustomerDesk({
    ...{ random, events, control, ring, settings, store: stores.customers },
  });
  const keys = new KeyDesk({
    ...{ clock, random, secrecy, events, ring, tenantById, store: stores.keys },
  });
  const tokens = new TokenDesk({
    ...{ clock, random, control, reader: world.reader },
    ...{ store: stores.issuers, customers: stores.customers },
    digest: (token) => Buffer.from(secrecy.hash(token)).toString('base64url'),
  });
  const people = new PeopleDesk({ store: stores.people, keys: stores.keys, ring });
  const logins = new LoginDesk({
    ...{ clock, random, secrecy, keys, ring, audit, customers, settings },
    ...{ people: stores.people, keyStore: stores.keys },
    ...{ provider: world.provider, admins: world.admins.map(emailOf) },
  });
  return { audit, customers, keys, ring, tokens, people, logins };
}
