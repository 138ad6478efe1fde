import type { Archive, Snapshot, SnapshotRef } from '../domain/archive.ts';
import { assert } from '../domain/assert.ts';
import type { Clock } from '../domain/clock.ts';
import type {
  ArchiveRequest,
  DiskRoom,
  Host,
  Husks,
  Observed,
  Owner,
  Started,
  StartOptions,
} from '../domain/host.ts';
import type { SnapshotId, TenantId } from '../domain/ids.ts';
import type { LevelReading } from '../domain/levels.ts';
import type { Limits, SizeClass } from '../domain/tier.ts';
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
  | 'observe'
  | 'measure'
  | 'shedL1'
  | 'shedL2'
  | 'limit'
  | 'remember'
  | 'prewarm'
  | 'archive'
  | 'hydrate';

type Compute = {
  /** Grows with every start of any. */
  run: number;
  running: boolean;
  autovacuum: boolean;
  owner: Owner | null;
  busy: Promise<void> | null;
  /** How many writes its data has. */
  writes: number;
  /** Bytes in its shared buffers and in the page cache. */
  l1: number;
  l2: number;
  /** What it was last started with. */
  size: SizeClass | null;
};

const NEW_COMPUTE: Readonly<Compute> = {
  ...{ run: 0, running: false, autovacuum: false, owner: null, busy: null },
  ...{ writes: 0, l1: 0, l2: 0, size: null },
};

const MB = 1_048_576;
/** What a compute in use has in shared buffers and page cache. */
const L1_FULL = 8 * MB;
const L2_FULL = 40 * MB;
/** What the files of any tenant take. */
const L3 = 30 * MB;

/** Nothing is ever there. */
const NOWHERE = '/nowhere/simulated';

/**
 * A host without processes and files. It works, and takes its time, unless told otherwise. What a
 * tenant has written is a number that grows, and goes with its files to the archive and back.
 */
export class SimulatedHost implements Host {
  /** Every call, in order: `start tn_...`. */
  readonly calls: string[] = [];
  /** Told of every stop of a compute that runs. */
  onStop: (tenant: TenantId) => void = () => {};
  readonly #clock: Clock;
  readonly #archive: Archive;
  readonly #computes = new Map<TenantId, Compute>();
  #runs = 0;
  #husks = 0;
  #servers = 0;
  readonly #acknowledged = new Map<TenantId, number>();
  /** Tenants whose data somebody may have replaced. */
  readonly #restoring = new Set<TenantId>();
  /** Snapshots that were taken here of what each tenant had. */
  readonly #saved = new Map<TenantId, Set<SnapshotId>>();
  readonly #failures = new Map<Method, Error[]>();
  #lost: (tenant: TenantId, reason: string) => void = () => {};
  /** Where a start finds what it reads. */
  startsFrom: Started['from'] = 'L2';
  /** How long a start, a stop, upkeep, a shed and a prewarm take. */
  startTakes: DurationMs = ms(20);
  stopTakes: DurationMs = ms(10);
  upkeepTakes: DurationMs = ms(15);
  shedTakes: DurationMs = ms(0);
  prewarmTakes: DurationMs = ms(0);
  room: DiskRoom = { freeBytes: 1_000_000 * MB, totalBytes: 1_000_000 * MB };

  constructor(clock: Clock, archive: Archive) {
    this.#clock = clock;
    this.#archive = archive;
  }

  /** The server is killed, and with it what it was doing itself. Computes go on. */
  serverDied(): void {
    this.#servers += 1;
  }

  /** A session of a running compute has written something, and been told so. */
  wrote(tenant: TenantId): void {
    const compute = this.#computes.get(tenant);
    if (compute?.running !== true) return;
    compute.writes += 1;
    this.#acknowledged.set(tenant, (this.#acknowledged.get(tenant) ?? 0) + 1);
  }

  /** How many writes were acknowledged, those that a restore has undone not counted. */
  acknowledged(tenant: TenantId): number {
    return this.#acknowledged.get(tenant) ?? 0;
  }

  /** The same of all who have written. */
  get acknowledgements(): ReadonlyMap<TenantId, number> {
    return this.#acknowledged;
  }

  /** How many writes the tenant's files here have; undefined if there are none. */
  writesOf(tenant: TenantId): number | undefined {
    return this.#computes.get(tenant)?.writes;
  }

  /** Somebody may put a snapshot in place of what the tenant has. */
  mayRestore(tenant: TenantId): void {
    this.#restoring.add(tenant);
  }

  /** Whether this snapshot is one that was put in place of what the tenant had, and is not back yet. */
  isRestoring({ tenant, snapshot }: SnapshotRef): boolean {
    return this.#restoring.has(tenant) && this.#saved.get(tenant)?.has(snapshot) !== true;
  }

  /** Page cache and shared buffers of the tenant, in bytes. */
  memoryOf(tenant: TenantId): { readonly l1: number; readonly l2: number } {
    const { l1, l2 } = this.#computes.get(tenant) ?? NEW_COMPUTE;
    return { l1, l2 };
  }

  /** What the tenant's compute runs with; null if it does not run. */
  sizeOf(tenant: TenantId): SizeClass | null {
    const { running, size } = this.#computes.get(tenant) ?? NEW_COMPUTE;
    return running ? size : null;
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
    const compute = this.#compute(tenant);
    compute.running = false;
    compute.l1 = 0;
    this.#lost(tenant, 'signal SIGKILL');
  }

  /** The tenant's files vanish. */
  lose(tenant: TenantId): void {
    this.#computes.delete(tenant);
  }

  async create(tenant: TenantId): Promise<void> {
    this.#enter('create', tenant);
    if (!this.#computes.has(tenant)) this.#computes.set(tenant, { ...NEW_COMPUTE });
  }

  async start(tenant: TenantId, { size }: StartOptions): Promise<Started> {
    this.#enter('start', tenant);
    const compute = this.#compute(tenant);
    await compute.busy;
    if (!compute.running) {
      compute.busy = this.#clock.sleep(this.startTakes);
      await compute.busy;
      compute.busy = null;
      compute.running = true;
      this.#runs += 1;
      compute.run = this.#runs;
      compute.autovacuum = false;
      compute.l1 = L1_FULL;
      compute.l2 = L2_FULL;
      compute.size = size;
    }
    return { address: { socketPath: `/${tenant}` }, from: this.startsFrom };
  }

  async settle(tenant: TenantId, owner: Owner): Promise<void> {
    this.#enter('settle', tenant);
    this.#compute(tenant).owner = owner;
  }

  ticketKey(_tenant: TenantId): { readonly role: string; readonly clientKey: string } {
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
    compute.l1 = 0;
  }

  async measure(tenant: TenantId): Promise<LevelReading> {
    this.#enter('measure', tenant);
    if (this.#computes.has(tenant)) return this.#reading(tenant);
    return { bytes: { l1: 0, l2: 0, l3: 0 }, hits: null, relations: [] };
  }

  async shedL1(tenant: TenantId, keep: number): Promise<number> {
    this.#enter('shedL1', tenant);
    const compute = this.#compute(tenant);
    if (this.shedTakes > 0) await this.#clock.sleep(this.shedTakes);
    const shed = Math.max(0, compute.l1 - keep);
    compute.l1 -= shed;
    return shed;
  }

  async shedL2(tenant: TenantId, keep: number): Promise<number> {
    this.#enter('shedL2', tenant);
    const compute = this.#compute(tenant);
    if (this.shedTakes > 0) await this.#clock.sleep(this.shedTakes);
    const shed = Math.max(0, compute.l2 - keep);
    compute.l2 -= shed;
    return shed;
  }

  async limit(tenant: TenantId, _limits: Limits): Promise<void> {
    this.#enter('limit', tenant);
  }

  async remember(tenant: TenantId): Promise<LevelReading> {
    this.#enter('remember', tenant);
    return this.#reading(tenant);
  }

  async prewarm(tenant: TenantId, bytesMax: number, signal: AbortSignal): Promise<number> {
    this.#enter('prewarm', tenant);
    if (this.prewarmTakes > 0) await this.#clock.sleep(this.prewarmTakes, signal).catch(() => {});
    return signal.aborted ? 0 : Math.min(bytesMax, L1_FULL);
  }

  async archive(tenant: TenantId, request: ArchiveRequest): Promise<Snapshot> {
    this.#enter('archive', tenant);
    const compute = this.#compute(tenant);
    await compute.busy;
    const saved = this.#saved.get(tenant) ?? new Set();
    this.#saved.set(tenant, saved.add(request.snapshot));
    return await this.#archive.save({
      ...request,
      source: compute.running ? { kind: 'running', entries: NO_ENTRIES } : STOPPED,
      notes: { ...request.notes, writes: `${compute.writes}` },
    });
  }

  async hydrate(tenant: TenantId, ref: SnapshotRef, signal: AbortSignal): Promise<number> {
    this.#enter('hydrate', tenant);
    if (this.#computes.has(tenant)) return 0;
    const server = this.#servers;
    const loaded = await this.#archive.load({ ...ref, into: NOWHERE, owner: null, signal });
    if (server !== this.#servers) return await new Promise<never>(() => {});
    const writes = Number(loaded.notes.writes);
    assert(Number.isInteger(writes), 'a snapshot tells its writes');
    if (this.isRestoring(ref)) {
      this.#restoring.delete(tenant);
      this.#acknowledged.set(tenant, writes);
    }
    this.#computes.set(tenant, { ...NEW_COMPUTE, writes });
    return L3;
  }

  diskRoom(): DiskRoom {
    return this.room;
  }

  keepHusks(count: number): void {
    this.#husks = count;
  }

  husks(): Husks {
    return { ready: this.#husks, kept: this.#husks };
  }

  #reading(tenant: TenantId): LevelReading {
    const { l1, l2, running } = this.#compute(tenant);
    const hits = running ? { l1: 90, l2: 9, l3: 1 } : null;
    return { bytes: { l1, l2, l3: L3 }, hits, relations: [] };
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

const STOPPED = { kind: 'stopped', path: NOWHERE } as const;

const NO_ENTRIES: AsyncIterable<never> = {
  async *[Symbol.asyncIterator]() {},
};
