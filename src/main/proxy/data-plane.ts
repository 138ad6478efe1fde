/**
 * The control plane's side of the data plane: finds the proxies that run, starts those that are
 * missing, and lets them go.
 *
 *   adopt() ──▶ known: proxies of an earlier control plane can be asked to park; their wishes wait
 *   start() ──▶ serving: the wishes are taken; a proxy that ends is started anew at once
 *   close() ──▶ over: the proxies have ended, or go on alone if they are left
 *
 * Whether a proxy listens is told by the lock alone (see `proxy-place.ts`), so every step can be cut
 * short by a crash: the next look finds either a proxy to speak to, or a free lock.
 *
 * A proxy of another version, or started with other options, is ended and replaced.
 */
import { GateDesk } from '../../channel/gate-desk.ts';
import { RemoteSessions, SessionsOfAll } from '../../channel/remote-sessions.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Failpoints } from '../../domain/failpoints.ts';
import { fault } from '../../domain/faults.ts';
import type { Gate, Sessions } from '../../domain/gate.ts';
import type { ProxyId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import { after, type DurationMs, ms, seconds } from '../../domain/units.ts';
import type { UsageSink } from '../../domain/usage.ts';
import type { VisitorRule } from '../../domain/visitors.ts';
import { openLink, type ProxyLink } from './proxy-link.ts';
import type { HeldLock, ProxyPlace } from './proxy-place.ts';
import { newProxyId, type ProxySettings } from './proxy-settings.ts';
import { type StartedProxy, startProxy } from './proxy-start.ts';

/** How often is looked while something is awaited. */
const LOOK_EVERY = ms(20);
const LOOK_OFTEN = ms(5);

/** For a proxy that is being started, or ends, to be done. Then it is ended the hard way. */
const PATIENCE = seconds(15);

/** Between tries to start a proxy, after the first: doubled each time, up to the last. */
const PAUSE_MIN = ms(100);
const PAUSE_MAX = seconds(5);

export type DataPlaneParts = {
  readonly place: ProxyPlace;
  readonly settings: Omit<ProxySettings, 'id'>;
  readonly gate: Gate;
  readonly sink: UsageSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly failpoints: Failpoints;
};

type Proxy = { readonly desk: GateDesk; readonly sessions: Sessions; link: ProxyLink | null };

export class DataPlane {
  readonly #parts: DataPlaneParts;
  readonly #proxies = new Map<ProxyId, Proxy>();
  readonly sessions: Sessions = new SessionsOfAll(() =>
    [...this.#proxies.values()].map((p) => p.sessions),
  );
  readonly #closing = new AbortController();
  #isServing = false;
  #repairing: Promise<void> | null = null;
  #started: StartedProxy | null = null;
  #port = 0;
  #visitorRules: readonly VisitorRule[] | null = null;

  constructor(parts: DataPlaneParts) {
    this.#parts = parts;
  }

  /** The port that clients connect to; 0 before the start. */
  get port(): number {
    return this.#port;
  }

  /** Who counts as a person from now on, for proxies that run and for those that come. */
  setVisitorRules(rules: readonly VisitorRule[]): void {
    this.#visitorRules = rules;
    // One that is gone by then hears it when it, or its successor, is connected to.
    for (const { peer } of this.#links()) peer.call('visitorRules', rules).catch(() => {});
  }

  /** Speaks to the proxies that run, and has those ended that must be replaced. */
  async adopt(): Promise<void> {
    const { place, log } = this.#parts;
    await this.#look();
    if (await this.#replaced()) return;
    if (this.#links().length > 0) {
      log.info('a running data plane is taken over', { sessions: this.sessions.count() });
    }
    if (place.isFree()) await this.#buryAll();
  }

  /** From here on proxies are served, and there are as many as there should be. */
  async start(): Promise<void> {
    this.#isServing = true;
    for (const { desk } of this.#proxies.values()) desk.open();
    const completing = this.#complete();
    this.#repairing = completing
      .catch(() => {})
      .finally(() => {
        this.#repairing = null;
      });
    await completing;
    if (!this.#isWhole()) this.#repair();
  }

  /** Ends the proxies with their sessions, or leaves them to the next control plane. */
  async close({ detach }: { readonly detach: boolean }): Promise<void> {
    this.#closing.abort();
    await this.#repairing;
    if (!detach) await this.#stopAll();
    for (const link of this.#links()) link.peer.close();
    this.#parts.place.close();
  }

  #links(): readonly ProxyLink[] {
    return [...this.#proxies.values()].flatMap(({ link }) => (link === null ? [] : [link]));
  }

  #isWhole(): boolean {
    const links = this.#links();
    return (
      links.some(({ welcome }) => welcome.isFirst) && links.length === this.#parts.settings.workers
    );
  }

  /** Looks, starts and waits until the data plane is whole. Throws what keeps a proxy from opening. */
  async #complete(): Promise<void> {
    const { place, clock } = this.#parts;
    let deadline = after(clock.now(), PATIENCE);
    while (!this.#closing.signal.aborted) {
      await this.#look();
      await this.#replaced();
      if (this.#isWhole()) return;
      const lock = place.tryLock();
      if (lock !== undefined) await this.#start(lock);
      else if (clock.now() > deadline) {
        // The first goes on trying to start those that are missing.
        if (this.#links().some(({ welcome }) => welcome.isFirst)) return;
        await this.#killSilent();
        deadline = after(clock.now(), PATIENCE);
      } else await clock.sleep(LOOK_EVERY);
    }
  }

  /** Ends proxies that serve in another way than they should; whether there were any. */
  async #replaced(): Promise<boolean> {
    const { log, settings } = this.#parts;
    const other = this.#links().find(({ welcome }) => welcome.fingerprint !== settings.fingerprint);
    if (other === undefined) return false;
    const { version } = other.welcome;
    const because =
      version === settings.version ? 'the options have changed' : `it is of version ${version}`;
    log.warn('the data plane is replaced; its sessions are ended', { because });
    await this.#stopAll();
    await this.#buryAll();
    return true;
  }

  async #start(lock: HeldLock): Promise<void> {
    const { place, settings, random, failpoints } = this.#parts;
    await failpoints.reach('proxy.locked');
    await this.#buryAll();
    const id = newProxyId(random);
    const started = startProxy(place, lock);
    this.#started = started;
    await failpoints.reach('proxy.started');
    const port = this.#port === 0 ? settings.proxy.port : this.#port;
    started.tell({ ...settings, id, proxy: { ...settings.proxy, port } });
    await failpoints.reach('proxy.told');
    await started.opened;
    await failpoints.reach('proxy.opened');
  }

  /** Connects to whoever is there, and forgets whoever is not. */
  async #look(): Promise<void> {
    const { place } = this.#parts;
    const announced = await place.announced();
    const there = new Set(announced.map(({ id }) => id));
    for (const [id, { link }] of this.#proxies) {
      if (link === null && !there.has(id)) this.#bury(id);
    }
    for (const { id } of announced) {
      if (this.#proxies.get(id)?.link == null && (await this.#connect(id)) === 'dead') {
        this.#bury(id);
        await place.forget(id);
      }
    }
  }

  async #connect(id: ProxyId): Promise<'linked' | 'dead' | 'silent'> {
    const { place, settings, clock, log } = this.#parts;
    const { token, logLevel } = settings;
    const link = await openLink({
      ...{ path: place.socketOf(id), token, logLevel, clock, log },
      visitorRules: this.#visitorRules,
      deskOf: (known) => this.#proxyOf(known).desk,
    });
    if (typeof link === 'string') return link;
    const proxy = this.#proxyOf(link.welcome.id);
    proxy.link = link;
    if (link.welcome.isFirst) this.#port = link.welcome.port;
    void link.closed.then(() => {
      if (proxy.link === link) proxy.link = null;
      this.#repair();
    });
    return 'linked';
  }

  #proxyOf(id: ProxyId): Proxy {
    const known = this.#proxies.get(id);
    if (known !== undefined) return known;
    const { gate, sink, log, clock } = this.#parts;
    const desk = new GateDesk({ proxy: id, gate, sink, log });
    if (this.#isServing) desk.open();
    const sessions = new RemoteSessions({
      clock,
      peer: () => this.#proxies.get(id)?.link?.peer ?? null,
      count: (tenant) => desk.count(tenant),
    });
    const proxy: Proxy = { desk, sessions, link: null };
    this.#proxies.set(id, proxy);
    return proxy;
  }

  /** The process is no more: it uses nothing. */
  #bury(id: ProxyId): void {
    this.#proxies.get(id)?.desk.gone();
    this.#proxies.delete(id);
  }

  async #buryAll(): Promise<void> {
    for (const { id } of await this.#parts.place.announced()) await this.#parts.place.forget(id);
    for (const id of [...this.#proxies.keys()]) this.#bury(id);
  }

  /** Makes the data plane whole again, however often it takes. One repair at a time. */
  #repair(): void {
    if (this.#closing.signal.aborted || !this.#isServing) return;
    this.#repairing ??= this.#repairAll().finally(() => {
      this.#repairing = null;
    });
  }

  async #repairAll(): Promise<void> {
    const { log, clock } = this.#parts;
    const { signal } = this.#closing;
    let pause: DurationMs = PAUSE_MIN;
    log.warn('a proxy is gone; another is started');
    while (!signal.aborted) {
      try {
        await this.#complete();
        if (!signal.aborted) log.info('the data plane is whole again');
        return;
      } catch (error) {
        log.error('a proxy could not be started', { error });
      }
      await clock.sleep(pause, signal).catch(() => {});
      pause = ms(Math.min(pause * 2, PAUSE_MAX));
    }
  }

  /** Has all proxies end; resolves when the port is free and their processes are gone. */
  async #stopAll(): Promise<void> {
    const { place, clock } = this.#parts;
    const told = new Set<ProxyLink>();
    let deadline = after(clock.now(), PATIENCE);
    while (!place.isFree()) {
      await this.#look();
      for (const link of this.#links()) {
        if (told.has(link) || !link.welcome.isFirst) continue;
        told.add(link);
        // A channel that closes before the answer comes tells the same.
        link.peer.call('stop').catch(() => {});
      }
      if (clock.now() > deadline) {
        await this.#killAll();
        deadline = after(clock.now(), PATIENCE);
      }
      await clock.sleep(LOOK_OFTEN);
    }
    await this.#started?.ended;
  }

  async #killAll(): Promise<void> {
    const { place } = this.#parts;
    const announced = await place.announced();
    if (announced.length === 0) throw stuck();
    for (const one of announced) await place.kill(one);
  }

  /** Of the processes that serve clients. */
  async pids(): Promise<readonly number[]> {
    return (await this.#parts.place.announced()).map(({ pid }) => pid);
  }

  /** Who holds the lock and does not answer keeps all clients waiting. */
  async #killSilent(): Promise<void> {
    const { place, log } = this.#parts;
    const announced = await place.announced();
    const silent = announced.filter(({ id }) => this.#proxies.get(id)?.link == null);
    if (silent.length === 0) throw stuck();
    log.error('a data plane that does not answer is killed', {
      pids: silent.map((one) => one.pid),
    });
    for (const one of silent) await place.kill(one);
  }
}

const stuck = () =>
  fault('DATA_DIR_UNUSABLE', {
    why: 'a process of its data plane neither answers nor ends; end it by hand',
  });
