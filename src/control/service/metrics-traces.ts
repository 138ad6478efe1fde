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
  readonly #under = new Map<TenantId, Span>();
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
      ?.end({ 'dynabase.becomes': to }, to === 'failed' ? 'WAKE_FAILED' : undefined);
    this.#under.delete(id);
    const name = TRANSITIONS[to];
    if (name === undefined) return;
    const restarts = to === 'waking' && before.state.kind === 'suspending';
    const parent = to === 'waking' ? this.#waiting.get(id) : undefined;
    const options = { fields, ...(parent === undefined ? {} : { parent }) };
    this.#under.set(id, this.#tracer.begin(restarts ? 'restart' : name, options));
  }

  removed(id: TenantId): void {
    this.#under.get(id)?.end();
    this.#under.delete(id);
  }

  host(host: Host): Host {
    const methods = new Map<PropertyKey, unknown>();
    return new Proxy(host, {
      get: (target, key) => {
        const known = methods.get(key);
        if (known !== undefined) return known;
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        const call = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
        const method = TOLD.has(key)
          ? (id: TenantId, ...rest: readonly unknown[]) =>
              this.#step(String(key), id, () => call(id, ...rest) as Promise<unknown>)
          : call;
        methods.set(key, method);
        return method;
      },
    });
  }

  sessions(sessions: Sessions): Sessions {
    return {
      end: (tenant, because) => sessions.end(tenant, because),
      confine: (tenant, allowed, because) => sessions.confine(tenant, allowed, because),
      count: (tenant) => sessions.count(tenant),
      list: (tenant) => sessions.list(tenant),
      park: (tenant, request) => this.#step('park', tenant, () => sessions.park(tenant, request)),
    };
  }

  gate(gate: Gate, isAsleep: (tenant: TenantId) => boolean): Gate {
    return {
      door: (name) => gate.door(name),
      credential: (tenant, role) => gate.credential(tenant, role),
      use: (tenant, proxy, use) => gate.use(tenant, proxy, use),
      unanswered: (tenant) => gate.unanswered(tenant),
      rolesChanged: (tenant) => gate.rolesChanged(tenant),
      expect: (tenant, cause) => gate.expect(tenant, cause),
      wake: async (request) => {
        const { tenant, cause, onlyIfAwake } = request;
        if (onlyIfAwake === true || !isAsleep(tenant)) return await gate.wake(request);
        const visitor = cause.kind === 'session' ? cause.visitor : cause.kind;
        const fields = { 'dynabase.tenant.id': tenant, 'dynabase.visitor': visitor };
        const span = this.#tracer.begin('wait for a wake', { fields });
        if (!this.#waiting.has(tenant)) this.#waiting.set(tenant, span);
        const wake = () => gate.wake(request);
        return await ended(span, this.#tracer.within(span, wake)).finally(() => {
          if (this.#waiting.get(tenant) === span) this.#waiting.delete(tenant);
        });
      },
    };
  }

  #step<T>(name: string, id: TenantId, work: () => Promise<T>): Promise<T> {
    const parent = this.#under.get(id);
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
