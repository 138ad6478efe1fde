/**
 * What must hold in every simulation of the orchestrator, whatever the fleet and the policy:
 *
 * - no compute is stopped under a proxy that may touch it;
 * - who asks is served, and soon: nobody's wake fails or is forgotten;
 * - an address that was given is that of a compute that runs;
 * - catalog and host agree on what is awake, and on where a tenant's files are;
 * - nothing that was acknowledged is lost, wherever the tenant has gone since;
 * - nothing rests here or is without a snapshot for longer than the rules allow, and what was acknowledged
 *   before that would survive the loss of the machine;
 * - the page cache of those who sleep stays within its budget;
 * - what is kept in memory is in proportion to what is awake.
 */
import type { TenantId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type DurationMs, type Instant, minutes } from '../domain/units.ts';
import type { AlarmLog } from './alarm-log.ts';
import type { SimulatedSession } from './simulated-proxies.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Of violations that are kept: one is too many, and a thousand say no more than a hundred. */
const KEPT_MAX = 100;

/** Timers besides those of awake tenants, and timers of one that is awake. */
const TIMERS_BESIDES = 40;
const TIMERS_PER_AWAKE = 4;

/** What may come on top of a time of the rules: the looks of a minute, and one after the other. */
export const LATE_MAX = minutes(5);

/** Longer than a wake may take, a full queue before it included. */
const WAIT_MAX = minutes(1);

/** Rows looked at in one look; the next look goes on behind them. */
const ROWS_AT_ONCE = 1_000;

type Watched = Pick<
  SimulatedWorld<AlarmLog>,
  'clock' | 'host' | 'catalog' | 'archive' | 'proxies' | 'log' | 'rules' | 'l2Bytes'
>;

/** How many writes of each tenant were acknowledged when it was looked. */
type Ledger = { readonly at: Instant; readonly writes: ReadonlyMap<TenantId, number> };

export class Invariants {
  readonly violations: string[] = [];
  readonly #world: Watched;
  #after: Tenant['name'] | null = null;
  #told = { proxies: 0, failures: 0, alarms: 0 };
  #ledgers: Ledger[] = [];
  /** Writes of each that its latest snapshot had when that was last looked at. */
  readonly #saved = new Map<TenantId, number>();

  constructor(world: Watched) {
    this.#world = world;
  }

  /** A session was let at its compute. */
  served({ tenant }: SimulatedSession): void {
    if (this.#world.host.sizeOf(tenant) === null) {
      this.#violated(`${tenant} was said to be up, and is not`);
    }
  }

  /** Somebody has asked so long ago, and waits. */
  waits({ tenant, state }: SimulatedSession, since: DurationMs): void {
    if (state === 'waiting' && since > WAIT_MAX) this.#violated(`${tenant} has been left waiting`);
  }

  /** To be called now and then; `timers` are the caller's own. */
  async look(timers: number): Promise<void> {
    const { proxies, log, host, clock } = this.#world;
    const failures = proxies.all.flatMap((proxy) => proxy.failures);
    for (const one of proxies.violations.slice(this.#told.proxies)) this.#violated(one);
    for (const one of failures.slice(this.#told.failures)) this.#violated(one.message);
    for (const one of log.alarms.slice(this.#told.alarms)) this.#violated(one);
    this.#told = {
      proxies: proxies.violations.length,
      failures: failures.length,
      alarms: log.alarms.length,
    };
    const allowed = TIMERS_BESIDES + TIMERS_PER_AWAKE * host.running.length;
    const pending = clock.pending - timers;
    if (pending > allowed) this.#violated(`${pending} timers for ${host.running.length} awake`);
    this.#withinShelf();
    this.#wouldSurvive();
    for (const row of await this.#rows()) {
      this.#agree(row);
      this.#inTime(row);
    }
  }

  /** To be called when nobody comes any more and everything has come to rest. */
  async end(): Promise<void> {
    this.#after = null;
    do {
      for (const row of await this.#rows()) this.#kept(row);
    } while (this.#after !== null);
  }

  async #rows(): Promise<readonly Tenant[]> {
    const query = { after: this.#after, limit: ROWS_AT_ONCE, state: null };
    const { tenants, next } = await this.#world.catalog.listTenants(query);
    this.#after = next;
    return tenants;
  }

  #agree({ id, name, state, home }: Tenant): void {
    const { host } = this.#world;
    const runs = host.sizeOf(id) !== null;
    if (state.kind === 'running' && !runs) this.#violated(`${name} should run, and does not`);
    if (state.kind === 'suspended' && runs) this.#violated(`${name} runs, and should not`);
    const isHere = host.writesOf(id) !== undefined;
    const isMoving = state.kind !== 'running' && state.kind !== 'suspended';
    if (!isMoving && isHere !== (home.kind === 'local')) {
      this.#violated(
        `the files of ${name} are ${isHere ? '' : 'not '}here, its home is ${home.kind}`,
      );
    }
  }

  #withinShelf(): void {
    const { host, l2Bytes } = this.#world;
    const kept = host.placed
      .filter((id) => host.sizeOf(id) === null)
      .reduce((sum, id) => sum + host.memoryOf(id).l2, 0);
    if (kept > l2Bytes) this.#violated(`${kept} bytes are kept for those who sleep`);
  }

  #inTime({ name, state, home, stateSince, dirtySince }: Tenant): void {
    if (home.kind !== 'local') return;
    const { clock, rules } = this.#world;
    const { archiveAfter, snapshotEvery } = rules;
    const now = clock.wall();
    const rests = state.kind === 'suspended' ? now - stateSince : 0;
    if (archiveAfter !== null && rests > archiveAfter + LATE_MAX) {
      this.#violated(`${name} rests here for ${rests} ms`);
    }
    const dirty = dirtySince === null ? 0 : now - dirtySince;
    if (snapshotEvery !== null && dirty > snapshotEvery + LATE_MAX) {
      this.#violated(`${name} has had no snapshot for ${dirty} ms`);
    }
  }

  /** What was acknowledged as long ago as the rules allow is in the latest snapshot. */
  #wouldSurvive(): void {
    const { clock, host, archive, rules } = this.#world;
    if (rules.snapshotEvery === null) return;
    const before = clock.now() - rules.snapshotEvery - LATE_MAX;
    const due = this.#ledgers.filter(({ at }) => at <= before).length;
    const ledger = this.#ledgers[due - 1];
    for (const [tenant, writes] of ledger?.writes ?? []) {
      if ((this.#saved.get(tenant) ?? 0) >= writes) continue;
      const saved = Number(archive.latestNotes(tenant)?.writes ?? 0);
      this.#saved.set(tenant, saved);
      if (saved < writes) this.#violated(`${tenant} would lose ${writes - saved} writes`);
    }
    this.#ledgers = [
      ...this.#ledgers.slice(due),
      { at: clock.now(), writes: new Map(host.acknowledgements) },
    ];
  }

  #kept({ id, name, vault, home }: Tenant): void {
    const { host, archive } = this.#world;
    const acknowledged = host.acknowledged(id);
    const notes =
      home.kind === 'archive'
        ? archive.notesOf({ tenant: id, vault, snapshot: home.snapshot })
        : { writes: `${host.writesOf(id) ?? 0}` };
    if (Number(notes?.writes) === acknowledged) return;
    this.#violated(`${name} has ${notes?.writes} of ${acknowledged} writes, at ${home.kind}`);
  }

  #violated(what: string): void {
    if (this.violations.length < KEPT_MAX) this.violations.push(what);
  }
}
