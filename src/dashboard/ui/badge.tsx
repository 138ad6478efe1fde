import type { Tenant } from '../../sdk/index.ts';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent';

const TONES: Readonly<Record<Tone, string>> = {
  plain: 'var(--ink-soft)',
  good: 'var(--good)',
  warn: 'var(--warn)',
  bad: 'var(--bad)',
  accent: 'var(--accent)',
};

export const TIER_COLOURS: Readonly<Record<Tenant['tier'], string>> = {
  COLD: 'var(--tier-cold)',
  WARM: 'var(--tier-warm)',
  HOT: 'var(--tier-hot)',
  PERSISTENT: 'var(--tier-persistent)',
};

/** Of areas: on these nothing is to be read. */
export const TIER_FILLS: Readonly<Record<Tenant['tier'], string>> = {
  COLD: 'var(--fill-cold)',
  WARM: 'var(--fill-warm)',
  HOT: 'var(--fill-hot)',
  PERSISTENT: 'var(--fill-persistent)',
};

const STATE_TONES: Readonly<Record<Tenant['state'], Tone>> = {
  creating: 'accent',
  suspended: 'plain',
  waking: 'warn',
  running: 'good',
  suspending: 'accent',
  failed: 'bad',
  archiving: 'accent',
  deleting: 'bad',
};

const MOVING: ReadonlySet<Tenant['state']> = new Set([
  ...(['creating', 'waking', 'suspending', 'archiving', 'deleting'] as const),
]);

export const STATE_COLOURS = Object.fromEntries(
  Object.entries(STATE_TONES).map(([state, tone]) => [state, TONES[tone]]),
) as Readonly<Record<Tenant['state'], string>>;

/** A word on a tint of its own colour. */
export function Badge({
  children,
  tone = 'plain',
}: {
  readonly children: string;
  readonly tone?: Tone;
}) {
  return <Tinted colour={TONES[tone]}>{children}</Tinted>;
}

export function TierBadge({ tier }: { readonly tier: Tenant['tier'] }) {
  return <Tinted colour={TIER_COLOURS[tier]}>{tier}</Tinted>;
}

function Tinted({ colour, children }: { readonly colour: string; readonly children: string }) {
  return (
    <span
      className="inline-flex items-center rounded px-1.5 text-xs font-medium"
      style={{ color: colour, background: `color-mix(in srgb, ${colour} 11%, transparent)` }}
    >
      {children}
    </span>
  );
}

/** A dot that beats while the tenant is on its way from one state to another, and the word. */
export function StateBadge({ state }: { readonly state: Tenant['state'] }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span
        aria-hidden="true"
        className={`size-2 rounded-full ${MOVING.has(state) ? 'busy' : ''}`}
        style={
          state === 'suspended'
            ? { boxShadow: 'inset 0 0 0 1.5px var(--line-strong)' }
            : { background: STATE_COLOURS[state] }
        }
      />
      {state}
    </span>
  );
}
