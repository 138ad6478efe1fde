import { expect, test } from 'vitest';
import type { Gate, WakeRequest } from '../../domain/gate.ts';
import { parseTenantId, parseTenantName } from '../../domain/ids.ts';
import type { Tenant, TenantState } from '../../domain/tenant.ts';
import type { Span, SpanOptions, Tracer } from '../../domain/tracing.ts';
import { timestamp } from '../../domain/units.ts';
import { memoryTenant } from '../../testing/memory-tenants.ts';
import { TenantTraces } from './metrics-traces.ts';

/** Spans that have begun, each behind those that it is a step of. */
function paths(): { readonly tracer: Tracer; readonly begun: string[] } {
  const begun: string[] = [];
  const known = new Map<Span, string>();
  const begin = (name: string, { parent }: SpanOptions = {}): Span => {
    const path = parent === undefined ? name : `${known.get(parent)} > ${name}`;
    const span = { end: () => undefined };
    known.set(span, path);
    begun.push(path);
    return span;
  };
  return { begun, tracer: { begin, within: (_, work) => work(), close: async () => undefined } };
}

const sleeper: Tenant = memoryTenant(
  { id: parseTenantId('tn_000000000001'), name: parseTenantName('acme') },
  timestamp(0),
);

const become = (traces: TenantTraces, was: TenantState, is: TenantState): void =>
  traces.moved({ ...sleeper, state: was }, { ...sleeper, state: is });

const REQUEST = { tenant: sleeper.id, cause: { kind: 'operator' } } as unknown as WakeRequest;
const [ASLEEP, WAKING] = [{ kind: 'suspended' }, { kind: 'waking', attempt: 1 }] as const;

const gateThat = (wake: () => void): Gate => ({ wake: async () => wake() }) as unknown as Gate;

test('a wake is a step of the wait that asked for it, and a wait of the wake that was under way before it', async () => {
  const { tracer, begun } = paths();
  const traces = new TenantTraces(tracer);
  const waking = gateThat(() => become(traces, ASLEEP, WAKING));
  await traces.gate(waking, () => true).wake(REQUEST);
  expect(begun.splice(0)).toEqual(['wait for a wake', 'wait for a wake > wake']);
  become(traces, WAKING, { kind: 'running' });
  become(traces, { kind: 'running' }, { kind: 'suspending' });
  const waits = traces.gate(
    gateThat(() => undefined),
    () => true,
  );
  // The stop that it meets first is none of its own.
  await waits.wake(REQUEST);
  become(traces, { kind: 'suspending' }, ASLEEP);
  become(traces, ASLEEP, WAKING);
  await waits.wake(REQUEST);
  expect(begun).toEqual(['suspend', 'wait for a wake', 'wake', 'wake > wait for a wake']);
});
