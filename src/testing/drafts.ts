import type { TenantDraft } from '../domain/catalog.ts';
import { newTenantId, parseTenantName } from '../domain/ids.ts';
import type { Verifier } from '../domain/verifier.ts';
import { SeededRandom } from '../sim/seeded-random.ts';

const random = new SeededRandom(1);

/** A verifier that differs for every `n`, and that no password fits. */
export const verifierNumber = (n: number): Verifier =>
  `SCRAM-SHA-256$4096:c2FsdHNhbHQ=$${String(n).padStart(43, 'A')}=:${'B'.repeat(43)}=`;

/** A free tenant called `name` that has never been awake, with a new id and verifier number 0. */
export function draft(name: string, change: Partial<TenantDraft> = {}): TenantDraft {
  const id = change.id ?? newTenantId(random);
  return {
    id,
    name: parseTenantName(name),
    plan: 'free',
    tier: 'COLD',
    suspendAfter: null,
    sessionsMax: null,
    maxPinIdle: null,
    verifier: verifierNumber(0),
    home: { kind: 'none' },
    vault: id,
    ...change,
  };
}
