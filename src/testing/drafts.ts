import type { TenantDraft } from '../domain/catalog.ts';
import { newTenantId, parseTenantName } from '../domain/ids.ts';
import type { Verifier } from '../domain/verifier.ts';
import { SeededRandom } from './seeded-random.ts';

const random = new SeededRandom(1);

/** A verifier that differs for every `n`, and that no password fits. */
export const verifierNumber = (n: number): Verifier =>
  `SCRAM-SHA-256$4096:c2FsdHNhbHQ=$${String(n).padStart(43, 'A')}=:${'B'.repeat(43)}=`;

/** A free tenant called `name`, with a new id and verifier number 0. */
export const draft = (name: string, change: Partial<TenantDraft> = {}): TenantDraft => ({
  id: newTenantId(random),
  name: parseTenantName(name),
  plan: 'free',
  tier: 'COLD',
  suspendAfter: null,
  sessionsMax: null,
  maxPinIdle: null,
  verifier: verifierNumber(0),
  ...change,
});
