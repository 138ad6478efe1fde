import { describe, expect, test } from 'vitest';
import { parseTenantId, parseTenantName } from './ids.ts';
import {
  mayMove,
  moved,
  retiered,
  TENANT_MOVES,
  type Tenant,
  type TenantState,
  type TenantStateKind,
} from './tenant.ts';
import { ms, timestamp } from './units.ts';

const STATES: Readonly<Record<TenantStateKind, TenantState>> = {
  creating: { kind: 'creating' },
  suspended: { kind: 'suspended' },
  waking: { kind: 'waking', attempt: 1 },
  running: { kind: 'running' },
  suspending: { kind: 'suspending' },
  failed: { kind: 'failed', attempt: 3, reason: 'out of memory', retryAt: timestamp(9_000) },
  archiving: { kind: 'archiving' },
  deleting: { kind: 'deleting' },
};

const KINDS = Object.keys(STATES) as readonly TenantStateKind[];

const tenantIn = (kind: TenantStateKind): Tenant => ({
  id: parseTenantId('tn_000000000001'),
  name: parseTenantName('acme'),
  plan: 'free',
  tier: 'COLD',
  tierSince: timestamp(600),
  ...{ customer: null, expiresAt: null, allowedAddresses: [] },
  ...{ override: null, consent: null, tierBefore: null },
  state: STATES[kind],
  stateSince: timestamp(1_000),
  generation: 7,
  home: { kind: 'local' },
  vault: parseTenantId('tn_000000000001'),
  dirtySince: timestamp(900),
  settled: true,
  suspendAfter: ms(60_000),
  sessionsMax: 10,
  maxPinIdle: null,
  createdAt: timestamp(500),
});

test('another tier is had since the move that brought it, the same one since it was had first', () => {
  const to = STATES.failed;
  const same = moved(tenantIn('waking'), { to, change: { tier: 'COLD' } }, timestamp(2_000));
  expect(same).toMatchObject({ tier: 'COLD', tierSince: 600 });
  const other = moved(tenantIn('waking'), { to, change: { tier: 'WARM' } }, timestamp(2_000));
  expect(other).toMatchObject({ tier: 'WARM', tierSince: 2_000 });
  const raised = { tier: 'HOT', tierBefore: 'COLD' } as const;
  const high = moved(tenantIn('waking'), { to: STATES.running, change: raised }, timestamp(2_000));
  expect(high.tierBefore).toBe('COLD');
  expect(retiered(high, { settled: true }, timestamp(3_000)).tierBefore).toBe('COLD');
  expect(retiered(high, { tier: 'HOT' }, timestamp(3_000)).tierBefore).toBe(null);
});

test('a legal move changes state, its date and the generation, and nothing else', () => {
  expect(moved(tenantIn('waking'), { to: STATES.failed }, timestamp(2_000))).toEqual({
    ...tenantIn('waking'),
    state: STATES.failed,
    stateSince: 2_000,
    generation: 8,
  });
});

test('a change is written together with the move', () => {
  const change = { home: { kind: 'none' }, dirtySince: null } as const;
  const after = moved(tenantIn('archiving'), { to: STATES.suspended, change }, timestamp(2_000));
  expect(after).toEqual({
    ...tenantIn('suspended'),
    ...change,
    stateSince: 2_000,
    generation: 8,
  });
});

test.each(KINDS.flatMap((from) => KINDS.map((to) => [from, to] as const)))(
  'a move from %s to %s is made exactly if the table has it',
  (from, to) => {
    const move = () => moved(tenantIn(from), { to: STATES[to] }, timestamp(2_000));
    expect(mayMove(from, to)).toBe(TENANT_MOVES[from].includes(to));
    if (TENANT_MOVES[from].includes(to)) expect(move().state).toBe(STATES[to]);
    else expect(move).toThrow(`tenant tn_000000000001: ${from} -> ${to}`);
  },
);

describe('the table of moves', () => {
  test('has every state, and a way from each to its end', () => {
    expect(Object.keys(TENANT_MOVES)).toEqual(KINDS);
    for (const kind of KINDS) expect(mayMove(kind, 'deleting')).toBe(true);
  });

  test('lets a tenant that is being deleted go nowhere else', () => {
    expect(TENANT_MOVES.deleting).toEqual(['deleting']);
  });

  test('starts a compute from rest, failure or a stop only, and runs it only from there or a late stop', () => {
    const leadingTo = (to: TenantStateKind) => KINDS.filter((from) => mayMove(from, to));
    expect([leadingTo('waking'), leadingTo('running'), leadingTo('creating')]).toEqual([
      ['suspended', 'waking', 'suspending', 'failed'],
      ['waking', 'suspending'],
      [],
    ]);
  });
});
