/**
 * The control plane as a proxy of another process sees it: calls cross a channel that may be closed
 * and opened again, since a proxy outlives control planes.
 *
 *   attached ──the channel closes──▶ alone ──attach()──▶ attached
 *
 * Alone, calls wait, each with the patience its caller has; then `CONTROL_AWAY`. All of them may be
 * asked twice without harm, so a new control plane is asked what the old one has not answered. It is
 * first told how this proxy uses every tenant now: the memory of that is here.
 *
 * The memory is bounded by the tenants in use, the calls by `CALLS_MAX`. While the control plane
 * takes nothing, reports of use are not queued: the last of each tenant is sent when it does again.
 */
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { Credential, Door, Gate, TenantUse, WakeCause, WakeRequest } from '../domain/gate.ts';
import type { Address } from '../domain/host.ts';
import type { ProxyId, TenantId, TenantName } from '../domain/ids.ts';
import { after, type DurationMs, elapsed, type Instant, ms, seconds } from '../domain/units.ts';
import type { UsageMinute, UsageSink } from '../domain/usage.ts';
import { ChannelClosed, type Peer } from './peer.ts';

/** More are not kept waiting: each belongs to a session, or to one that has given up. */
const CALLS_MAX = 100_000;

export type Patience = {
  /** For a look-up of a name or a password. */
  readonly lookUp: DurationMs;
  readonly wake: DurationMs;
};

type Call = {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly settle: (settle: () => void) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

type Reported = { readonly use: TenantUse; readonly at: Instant };

const CONNECTING: TenantUse = {
  sessions: 1,
  bound: 0,
  heldBy: 'a session connects',
  idleFor: ms(0),
};

/** How long refusals are gathered. */
const REFUSED_TOLD_AFTER = seconds(5);

export class RemoteGate implements Gate, UsageSink {
  readonly #clock: Clock;
  readonly #patience: Patience;
  #peer: Peer | null = null;
  /** Not answered, in the order they were made. */
  readonly #calls = new Set<Call>();
  readonly #uses = new Map<TenantId, Reported>();
  /** Of sessions, by fault; told together. */
  readonly #refused = new Map<string, number>();
  /** Tenants whose last report is still to be sent. */
  readonly #unsent = new Set<TenantId>();

  constructor(options: { readonly clock: Clock; readonly patience: Patience }) {
    this.#clock = options.clock;
    this.#patience = options.patience;
  }

  /** Speaks to the control plane at the other end of `peer` from now on. */
  attach(peer: Peer): void {
    this.#peer = peer;
    this.#unsent.clear();
    peer.tell('replay');
    for (const [tenant, reported] of this.#uses) {
      // What is told once has been told to the control plane before.
      const { waited: _, left: __, ...use } = this.#aged(reported);
      peer.tell('use', tenant, use);
    }
    peer.tell('replayed');
    for (const call of this.#calls) this.#send(call, peer);
  }

  /** The channel of `peer` is closed. Harmless if another has taken its place. */
  detach(peer: Peer): void {
    if (this.#peer === peer) this.#peer = null;
  }

  /** The control plane takes messages again. */
  drained(): void {
    for (const tenant of this.#unsent) {
      if (this.#peer?.isCongested) return;
      this.#sendUse(tenant);
    }
  }

  async door(name: TenantName): Promise<Door | undefined> {
    return (await this.#call(this.#patience.lookUp, 'door', name)) as Door | undefined;
  }

  async credential(tenant: TenantId, role: string): Promise<Credential | undefined> {
    const found = await this.#call(this.#patience.lookUp, 'credential', tenant, role);
    return found as Credential | undefined;
  }

  async wake(request: WakeRequest): Promise<Address> {
    const { tenant } = request;
    // Nothing is held for who only looks.
    if (request.onlyIfAwake === true) return await this.#wake(request);
    // A report that is older than the wake must not come after it.
    if (this.#unsent.has(tenant)) this.#sendUse(tenant);
    const known = this.#uses.get(tenant)?.use;
    if (known === undefined || known.heldBy === null) {
      const use = { ...CONNECTING, sessions: Math.max(1, known?.sessions ?? 0) };
      this.#uses.set(tenant, { use, at: this.#clock.now() });
    }
    return await this.#wake(request);
  }

  async #wake(request: WakeRequest): Promise<Address> {
    return (await this.#call(this.#patience.wake, 'wake', request)) as Address;
  }

  /** Not kept while there is no control plane: a wake that nobody waits for can be left out. */
  expect(tenant: TenantId, cause: WakeCause): void {
    if (this.#peer?.isCongested === false) this.#peer.tell('expect', tenant, cause);
  }

  /** Told together after a while: who knocks a thousand times a second is no thousand messages. */
  refused(counts: Readonly<Record<string, number>>): void {
    if (this.#refused.size === 0) this.#clock.timer(REFUSED_TOLD_AFTER, () => this.#tellRefused());
    for (const [code, count] of Object.entries(counts)) {
      this.#refused.set(code, (this.#refused.get(code) ?? 0) + count);
    }
  }

  #tellRefused(): void {
    const counts = Object.fromEntries(this.#refused);
    this.#refused.clear();
    if (this.#peer?.isCongested === false) this.#peer.tell('refused', counts);
  }

  use(tenant: TenantId, _proxy: ProxyId, use: TenantUse): void {
    const isOver = use.sessions === 0 && use.heldBy === null;
    if (isOver) this.#uses.delete(tenant);
    else this.#uses.set(tenant, { use, at: this.#clock.now() });
    if (this.#peer === null) return;
    if (this.#peer.isCongested) this.#unsent.add(tenant);
    else this.#sendUse(tenant, isOver ? use : undefined);
  }

  unanswered(tenant: TenantId): void {
    this.#insist('unanswered', tenant);
  }

  rolesChanged(tenant: TenantId): void {
    this.#insist('rolesChanged', tenant);
  }

  /** Waits for a control plane as long as it takes; the batch has a name, so it counts once. */
  async add(records: readonly UsageMinute[], batch: string): Promise<void> {
    await this.#call(null, 'addUsage', records, batch);
  }

  /** Says it until a control plane has heard it. */
  #insist(method: string, tenant: TenantId): void {
    this.#call(null, method, tenant).catch(() => {});
  }

  #call(patience: DurationMs | null, method: string, ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#calls.size >= CALLS_MAX) {
        reject(fault('CONTROL_AWAY', {}));
        return;
      }
      let cancel = (): void => {};
      const settle = (answer: () => void): void => {
        cancel();
        if (this.#calls.delete(call)) answer();
      };
      const call: Call = { method, args, settle, resolve, reject };
      if (patience !== null) {
        const giveUp = (): void => settle(() => reject(fault('CONTROL_AWAY', {})));
        cancel = this.#clock.timer(patience, giveUp);
      }
      this.#calls.add(call);
      if (this.#peer !== null) this.#send(call, this.#peer);
    });
  }

  #send(call: Call, peer: Peer): void {
    peer.call(call.method, ...call.args).then(
      (value) => call.settle(() => call.resolve(value)),
      (error: unknown) => {
        // The next control plane will be asked.
        if (!(error instanceof ChannelClosed)) call.settle(() => call.reject(error));
      },
    );
  }

  /** `last` is what is said of a tenant that is used no more. */
  #sendUse(tenant: TenantId, last: TenantUse = NO_USE): void {
    this.#unsent.delete(tenant);
    const reported = this.#uses.get(tenant);
    const use = reported === undefined ? last : this.#aged(reported);
    this.#peer?.tell('use', tenant, use);
  }

  /** The report as it would be made now: who was idle then has been so until now. */
  #aged({ use, at }: Reported): TenantUse {
    if (use.heldBy !== null && use.isHeldByRobots !== true) return use;
    return { ...use, idleFor: elapsed(at, after(this.#clock.now(), use.idleFor)) };
  }
}

/** Of a tenant that no session of the proxy is in. */
export const NO_USE: TenantUse = { sessions: 0, bound: 0, heldBy: null, idleFor: ms(0) };
