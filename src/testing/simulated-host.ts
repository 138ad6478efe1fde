import type { Clock } from '../domain/clock.ts';
import type { Address, Host, Observed, Owner, StartOptions } from '../domain/host.ts';
import type { TenantId } from '../domain/ids.ts';
import { type DurationMs, ms } from '../domain/units.ts';
import type { RoleRecord } from '../domain/verifier.ts';

type Method =
  | 'create'
  | 'start'
  | 'settle'
  | 'roles'
  | 'autovacuum'
  | 'upkeep'
  | 'stop'
  | 'remove'
  | 'observe';

type Compute = {
  /** Grows with every start. */
  run: number;
  running: boolean;
  autovacuum: boolean;
  owner: Owner | null;
  busy: Promise<void> | null;
};

/** A host without processes. It works, and takes its time, unless told otherwise. */
export class SimulatedHost implements Host {
  /** Every call, in order: `start tn_...`. */
  readonly calls: string[] = [];
  /** Told of every stop of a compute that runs. */
  onStop: (tenant: TenantId) => void = () => {};
  readonly #clock: Clock;
  readonly #computes = new Map<TenantId, Compute>();
  readonly #failures = new Map<Method, Error[]>();
  #lost: (tenant: TenantId, reason: string) => void = () => {};
  /** How long a start, a stop and upkeep take. */
  startTakes: DurationMs = ms(20);
  stopTakes: DurationMs = ms(10);
  upkeepTakes: DurationMs = ms(15);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failNext(method: Method, error: Error): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** Nothing fails any more that has not failed yet. */
  forgive(): void {
    this.#failures.clear();
  }

  get running(): readonly TenantId[] {
    return [...this.#computes].filter(([, c]) => c.running).map(([id]) => id);
  }

  /** Computes that run and vacuum by themselves. */
  get vacuuming(): readonly TenantId[] {
    return [...this.#computes].filter(([, c]) => c.running && c.autovacuum).map(([id]) => id);
  }

  /** Tenants that have files here. */
  get placed(): readonly TenantId[] {
    return [...this.#computes.keys()];
  }

  /** Which run of the tenant's compute is or was the last. */
  runOf(tenant: TenantId): number {
    return this.#computes.get(tenant)?.run ?? 0;
  }

  countOf(call: string): number {
    return this.calls.filter((c) => c === call || c.startsWith(`${call} `)).length;
  }

  /** The compute ends by itself, as after `kill -9`. */
  crash(tenant: TenantId): void {
    this.#compute(tenant).running = false;
    this.#lost(tenant, 'signal SIGKILL');
  }

  /** The tenant's files vanish. */
  lose(tenant: TenantId): void {
    this.#computes.delete(tenant);
  }

  async create(tenant: TenantId): Promise<void> {
    this.#enter('create', tenant);
    if (!this.#computes.has(tenant))
      this.#computes.set(tenant, {
        run: 0,
        running: false,
        autovacuum: false,
        owner: null,
        busy: null,
      });
  }

  async start(tenant: TenantId, _options: StartOptions): Promise<Address> {
    this.#enter('start', tenant);
    const compute = this.#compute(tenant);
    await compute.busy;
    if (!compute.running) {
      compute.busy = this.#clock.sleep(this.startTakes);
      await compute.busy;
      compute.busy = null;
      compute.running = true;
      compute.run += 1;
      compute.autovacuum = false;
    }
    return { socketPath: `/${tenant}` };
  }

  async settle(tenant: TenantId, owner: Owner): Promise<void> {
    this.#enter('settle', tenant);
    this.#compute(tenant).owner = owner;
  }

  operatorKey(_tenant: TenantId): { readonly role: string; readonly clientKey: string } {
    return { role: 'dynabase_operator', clientKey: '' };
  }

  async roles(tenant: TenantId): Promise<readonly RoleRecord[]> {
    this.#enter('roles', tenant);
    const { owner } = this.#compute(tenant);
    return owner === null ? [] : [{ role: owner.name, verifier: owner.verifier, mayLogIn: true }];
  }

  async autovacuum(tenant: TenantId, on: boolean): Promise<void> {
    this.#enter('autovacuum', tenant);
    const compute = this.#computes.get(tenant);
    if (compute?.running === true) compute.autovacuum = on;
  }

  async upkeep(tenant: TenantId, signal: AbortSignal): Promise<void> {
    this.#enter('upkeep', tenant);
    if (!this.#compute(tenant).running) throw new Error('the compute does not run');
    await this.#clock.sleep(this.upkeepTakes, signal).catch(() => {});
  }

  async stop(tenant: TenantId): Promise<void> {
    this.#enter('stop', tenant);
    const compute = this.#computes.get(tenant);
    await compute?.busy;
    if (compute?.running !== true) return;
    this.onStop(tenant);
    compute.busy = this.#clock.sleep(this.stopTakes);
    await compute.busy;
    compute.busy = null;
    compute.running = false;
  }

  async remove(tenant: TenantId): Promise<void> {
    this.#enter('remove', tenant);
    this.#computes.delete(tenant);
  }

  async observe(tenant: TenantId): Promise<Observed> {
    this.#enter('observe', tenant);
    const compute = this.#computes.get(tenant);
    if (compute === undefined) return { kind: 'absent' };
    await compute.busy;
    if (!compute.running) return { kind: 'stopped' };
    return { kind: 'running', address: { socketPath: `/${tenant}` } };
  }

  onLost(listener: (tenant: TenantId, reason: string) => void): void {
    this.#lost = listener;
  }

  #compute(tenant: TenantId): Compute {
    const compute = this.#computes.get(tenant);
    if (compute === undefined) throw new Error('no data directory');
    return compute;
  }

  #enter(method: Method, tenant: TenantId): void {
    this.calls.push(`${method} ${tenant}`);
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }
}
