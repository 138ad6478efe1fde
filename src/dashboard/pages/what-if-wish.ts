/** What is to be other than it was, as it is chosen, and as the server is asked. */
import type { POLICY_PRESETS } from '../../contract/limits.ts';
import { TENANT_TIERS } from '../../contract/limits.ts';
import type { Tenant, WhatIfWish } from '../../sdk/index.ts';

type Preset = (typeof POLICY_PRESETS)[number];

export type Choice = {
  readonly kind: 'policy' | 'idle' | 'tier' | 'plan';
  readonly preset: Preset;
  /** Place in `IDLE_MS`. */
  readonly idle: number;
  /** Place in `TENANT_TIERS`. */
  readonly tier: number;
  readonly plan: Tenant['plan'];
  readonly days: number;
};

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];

/** Idle times that a slider goes through: each about twice the one before. */
export const IDLE_MS = [
  ...[10, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 4, 8, 24].map((n) => n * HOUR),
] as const;

export const DAYS_MAX = 28;

export const FIRST_CHOICE: Choice = {
  ...{ kind: 'idle', preset: 'always-on', idle: IDLE_MS.indexOf(5 * MINUTE) },
  ...{ tier: 2, plan: 'professional', days: 14 },
};

/** Of one tenant, or of a sample of the fleet. */
export function wishOf(choice: Choice, tenant: string | undefined): WhatIfWish {
  const { kind, days } = choice;
  const base = { ...(tenant !== undefined && { tenant }), days };
  switch (kind) {
    case 'policy':
      return { ...base, policy: choice.preset };
    case 'idle':
      return { ...base, idleMs: IDLE_MS[choice.idle] ?? MINUTE };
    case 'tier':
      return { ...base, tier: TENANT_TIERS[choice.tier] ?? 'COLD' };
    case 'plan':
      return { ...base, plan: choice.plan };
    default:
      return kind satisfies never;
  }
}
