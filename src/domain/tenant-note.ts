/**
 * What a snapshot says of its tenant besides the data, so that a catalog that was lost can be filled
 * from the archive: everything that a person has chosen, and what their password is checked by.
 */
import type { Notes } from './archive.ts';
import type { TenantDraft } from './catalog.ts';
import { isReservedName, isTenantId, isTenantName } from './ids.ts';
import type { Tenant } from './tenant.ts';
import { PLANS, TIERS } from './tier.ts';
import { type DurationMs, ms } from './units.ts';
import { isVerifier, type Verifier } from './verifier.ts';

/** Under which the note is kept. */
const NOTE = 'tenant';

export type TenantNote = Omit<TenantDraft, 'home' | 'vault' | 'generation'>;

export function tenantNote(tenant: Tenant, verifier: Verifier): Notes {
  const { id, name, plan, tier, suspendAfter, sessionsMax, maxPinIdle } = tenant;
  const note: TenantNote = {
    id,
    name,
    plan,
    tier,
    suspendAfter,
    sessionsMax,
    maxPinIdle,
    verifier,
  };
  return { [NOTE]: JSON.stringify(note) };
}

/** Undefined if the notes have none, or one that this program could not have written. */
export function readTenantNote(notes: Notes): TenantNote | undefined {
  const fields = fieldsOf(notes[NOTE]);
  const { id, name, plan, tier, verifier } = fields;
  const known = PLANS.find((one) => one === plan);
  const kept = TIERS.find((one) => one === tier);
  if (typeof id !== 'string' || !isTenantId(id)) return undefined;
  if (typeof name !== 'string' || !isTenantName(name) || isReservedName(name)) return undefined;
  if (typeof verifier !== 'string' || !isVerifier(verifier)) return undefined;
  if (known === undefined || kept === undefined) return undefined;
  const number = (value: unknown): number | null =>
    Number.isInteger(value) && Number(value) >= 0 ? Number(value) : null;
  const length = (value: unknown): DurationMs | null => {
    const found = number(value);
    return found === null ? null : ms(found);
  };
  return {
    ...{ id, name, verifier, plan: known, tier: kept },
    suspendAfter: length(fields.suspendAfter),
    sessionsMax: number(fields.sessionsMax),
    maxPinIdle: length(fields.maxPinIdle),
  };
}

function fieldsOf(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
