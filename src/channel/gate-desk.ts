/**
 * Where the control plane takes what one proxy asks of it.
 *
 *   held ──open()──▶ open
 *
 * While held, what concerns tenants waits in the order it came: a proxy that runs already is spoken
 * to before the control plane knows its tenants, so that it can be asked to park. Its usage is taken.
 *
 * The desk knows which tenants the proxy uses, over as many channels as it comes by: a proxy that
 * begins anew says all its uses, and those it leaves out are over; one that is gone has none.
 */
import { Fault } from '../domain/faults.ts';
import type { Gate, TenantUse, WakeCause, WakeRequest } from '../domain/gate.ts';
import type { ProxyId, TenantId, TenantName } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { UsageMinute, UsageSink } from '../domain/usage.ts';
import { NO_USE } from './remote-gate.ts';

export type DeskParts = {
  readonly proxy: ProxyId;
  readonly gate: Gate;
  readonly sink: UsageSink;
  readonly log: Log;
};

export class GateDesk {
  readonly #parts: DeskParts;
  readonly #sessions = new Map<TenantId, number>();
  /** Used before the proxy began anew, and not named since; null when it is not beginning. */
  #left: Set<TenantId> | null = null;
  #held: (() => void)[] | null = [];

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Passes on what was held, and all that comes from now on. */
  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const pass of held) pass();
  }

  /** Sessions of one tenant, or of all, as last reported. */
  count(tenant?: TenantId): number {
    if (tenant !== undefined) return this.#sessions.get(tenant) ?? 0;
    let sum = 0;
    for (const sessions of this.#sessions.values()) sum += sessions;
    return sum;
  }

  /** The proxy is no more. */
  gone(): void {
    for (const tenant of [...this.#sessions.keys()]) this.#use(tenant, NO_USE);
  }

  async called(method: string, args: readonly unknown[]): Promise<unknown> {
    try {
      return await this.#answer(method, args);
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'INTERNAL') {
        this.#parts.log.error('a proxy could not be answered', { method, error });
      }
      throw error;
    }
  }

  told(method: string, args: readonly unknown[]): void {
    const { gate, log } = this.#parts;
    const [tenant, detail] = args as [TenantId, unknown];
    switch (method) {
      case 'replay':
        this.#left = new Set(this.#sessions.keys());
        return;
      case 'replayed':
        for (const over of this.#left ?? []) this.#use(over, NO_USE);
        this.#left = null;
        return;
      case 'use':
        this.#left?.delete(tenant);
        this.#use(tenant, detail as TenantUse);
        return;
      case 'expect':
        this.#pass(() => gate.expect(tenant, detail as WakeCause));
        return;
      case 'refused':
        gate.refused?.(args[0] as Readonly<Record<string, number>>);
        return;
      default:
        log.warn('a proxy said what nobody here understands', { method });
    }
  }

  #answer(method: string, args: readonly unknown[]): Promise<unknown> {
    const { gate, sink } = this.#parts;
    const [first, second] = args;
    switch (method) {
      case 'door':
        return this.#inTurn(() => gate.door(first as TenantName));
      case 'credential':
        return this.#inTurn(() => gate.credential(first as TenantId, second as string));
      case 'wake':
        return this.#inTurn(() => this.#wake(first as WakeRequest));
      case 'unanswered':
        return this.#inTurn(async () => gate.unanswered(first as TenantId));
      case 'rolesChanged':
        return this.#inTurn(async () => gate.rolesChanged(first as TenantId));
      case 'addUsage':
        return sink.add(first as readonly UsageMinute[], second as string);
      default:
        return Promise.reject(new Error(`a proxy asked for "${method}"`));
    }
  }

  #wake(request: WakeRequest): ReturnType<Gate['wake']> {
    const { gate, proxy } = this.#parts;
    const { tenant } = request;
    if (request.onlyIfAwake === true) return gate.wake({ ...request, proxy });
    this.#left?.delete(tenant);
    if (!this.#sessions.has(tenant)) this.#sessions.set(tenant, 1);
    return gate.wake({ ...request, proxy });
  }

  #use(tenant: TenantId, use: TenantUse): void {
    const { gate, proxy } = this.#parts;
    if (use.sessions === 0 && use.heldBy === null) this.#sessions.delete(tenant);
    else this.#sessions.set(tenant, use.sessions);
    this.#pass(() => gate.use(tenant, proxy, use));
  }

  #pass(deed: () => void): void {
    if (this.#held === null) deed();
    else this.#held.push(deed);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#held === null) return work();
    return new Promise((resolve) => {
      this.#pass(() => resolve(work()));
    });
  }
}
