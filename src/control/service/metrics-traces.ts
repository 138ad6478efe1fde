/**
 * Traces of what tenants go through: a span for each transition, with what the host does for it as steps.
 *
 *   client's wait ── wake ─┬─ create | hydrate      suspend ─┬─ remember      archive ── archive
 *                          ├─ start                          ├─ park
 *                          └─ settle                         └─ stop
 *
 * A transition begins when its intent is written and ends when its end is, so what happens before the intent (waiting for
 * a turn, deciding) is the part of the client's wait that no step covers. Without a tracer none of this is in the way.
 */
import { toFault } from '../../domain/faults.ts';
import type { Gate, Sessions } from '../../domain/gate.ts';
import type { Host } from '../../domain/host.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Tenant, TenantStateKind } from '../../domain/tenant.ts';
import type { Span, Tracer } from '../../domain/tracing.ts';
import { overseen } from '../overseen.ts';

/** Transitions by the state in which they are; the others are at rest. */
const TRANSITIONS: Readonly<Partial<Record<TenantStateKind, string>>> = {
  waking: 'wake',
  suspending: 'suspend',
  archiving: 'archive',
  deleting: 'delete',
};

/** What of a host is told of: the methods that take time and are about one tenant. */
const TOLD = new Set<PropertyKey>([
  'create',
  'start',
  'settle',
  'roles',
  'remember',
  'prewarm',
  'archive',
  'hydrate',
  'stop',
  'remove',
  'upkeep',
  'shedL1',
  'shedL2',
]);

export class TenantTraces {
  readonly #tracer: Tracer;
  readonly #under = new Map<TenantId, { readonly span: Span; readonly isWake: boolean }>();
  /** Of the first client that waits. */
  readonly #waiting = new Map<TenantId, Span>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** A tenant has moved: what was under way has ended, and something else may have begun. */
  moved(before: Tenant, after: Tenant): void {
    const { id, tier, home } = after;
    const to = after.state.kind;
    if (before.state.kind === to) return;
    const fields = { 'dynabase.tenant.id': id, 'dynabase.tier': tier, 'dynabase.home': home.kind };
    this.#under
      .get(id)
      ?.span.end({ 'dynabase.becomes': to }, to === 'failed' ? 'WAKE_FAILED' : undefined);
    this.#under.delete(id);
    const name = TRANSITIONS[to];
    if (name === undefined) return;
    const restarts = to === 'waking' && before.state.kind === 'suspending';
    const parent = to === 'waking' ? this.#waiting.get(id) : undefined;
    const options = { fields, ...(parent === undefined ? {} : { parent }) };
    const span = this.#tracer.begin(restarts ? 'restart' : name, options);
    this.#under.set(id, { span, isWake: to === 'waking' });
  }

  removed(id: TenantId): void {
    this.#under.get(id)?.span.end();
    this.#under.delete(id);
  }

  host(host: Host): Host {
    return overseen(host, {
      around: (name, method) =>
        TOLD.has(name)
          ? (...args) =>
              this.#step(
                String(name),
                args[0] as TenantId,
                () => method(...args) as Promise<unknown>,
              )
          : method,
    });
  }

  sessions(sessions: Sessions): Sessions {
    const park: Sessions['park'] = (tenant, request) =>
      this.#step('park', tenant, () => sessions.park(tenant, request));
    return overseen(sessions, { own: { park } });
  }

  gate(gate: Gate, isAsleep: (tenant: TenantId) => boolean): Gate {
    const wake: Gate['wake'] = async (request) => {
      const { tenant, cause, onlyIfAwake } = request;
      if (onlyIfAwake === true || !isAsleep(tenant)) return await gate.wake(request);
      const visitor = cause.kind === 'session' ? cause.visitor : cause.kind;
      const fields = { 'dynabase.tenant.id': tenant, 'dynabase.visitor': visitor };
      // A wake that has begun before somebody waits for it, as one that was foreseen, is what it is a part of.
      const under = this.#under.get(tenant);
      const options = { fields, ...(under?.isWake === true ? { parent: under.span } : {}) };
      const span = this.#tracer.begin('wait for a wake', options);
      if (!this.#waiting.has(tenant)) this.#waiting.set(tenant, span);
      const work = () => gate.wake(request);
      return await ended(span, this.#tracer.within(span, work)).finally(() => {
        if (this.#waiting.get(tenant) === span) this.#waiting.delete(tenant);
      });
    };
    return overseen(gate, { own: { wake } });
  }

  #step<T>(name: string, id: TenantId, work: () => Promise<T>): Promise<T> {
    const parent = this.#under.get(id)?.span;
    const fields = { 'dynabase.tenant.id': id };
    const options = { fields, ...(parent === undefined ? {} : { parent }) };
    const span = this.#tracer.begin(name, options);
    return ended(span, this.#tracer.within(span, work));
  }
}

/** `work`, at whose end `span` ends. */
async function ended<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    const done = await work;
    span.end();
    return done;
  } catch (error) {
    span.end({}, toFault(error).code);
    throw error;
  }
}
