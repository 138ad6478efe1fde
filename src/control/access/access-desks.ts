/** The desks of who may call, and of what they did. */

import type { CustomerDesk } from '../customer-desk.ts';
import type { AuditDesk } from './audit-desk.ts';
import type { KeyDesk } from './key-desk.ts';
import type { KeyRing } from './key-ring.ts';
import type { LoginDesk } from './login-desk.ts';
import type { PeopleDesk } from './people-desk.ts';
import type { TokenDesk } from './token-desk.ts';

export type AccessDesks = {
  readonly audit: AuditDesk;
  readonly customers: CustomerDesk;
  readonly keys: KeyDesk;
  readonly ring: KeyRing;
  readonly tokens: TokenDesk;
  readonly people: PeopleDesk;
  readonly logins: LoginDesk;
};
