/**
 * A proxy's control socket: how control planes find it and speak to it, one at a time.
 *
 *   alone ──hello, attach──▶ attached ──the channel closes──▶ alone
 *                               └──another control plane attaches: it takes the place
 *
 * `hello` and `stop` keep their form in every version, so that any control plane can have a proxy of
 * any other version ended. A proxy that is alone and has no session ends itself after `ALONE_MAX`.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { Peer } from '../../channel/peer.ts';
import type { RemoteGate } from '../../channel/remote-gate.ts';
import type { LogRoute } from '../../channel/remote-log.ts';
import { answerFrom } from '../../channel/sessions-desk.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Sessions } from '../../domain/gate.ts';
import { elapsed, type Instant, seconds } from '../../domain/units.ts';
import type { VisitorRule } from '../../domain/visitors.ts';
import { isSameSecret } from '../../wire/cancel-request.ts';
import { announce, socketName, unannounce } from './proxy-place.ts';
import type { ProxySettings } from './proxy-settings.ts';

const ALONE_MAX = seconds(60);
const LOOK_EVERY = seconds(5);

/** The answer to `hello`. */
export type Welcome = Pick<ProxySettings, 'id' | 'version' | 'fingerprint'> & {
  readonly pid: number;
  readonly port: number;
  /** Whether it is the one that the others were started by. */
  readonly isFirst: boolean;
};

export type ControlParts = {
  readonly settings: ProxySettings;
  readonly clock: Clock;
  readonly gate: RemoteGate;
  readonly route: LogRoute;
  readonly sessions: Sessions;
  readonly setVisitorRules: (rules: readonly VisitorRule[]) => void;
  readonly port: number;
  readonly isFirst: boolean;
  /** Sessions that end with this process. */
  readonly count: () => number;
  /** Ends all sessions; resolves when the process may end. */
  readonly stop: () => Promise<void>;
  /** Ends the process. */
  readonly exit: () => void;
};

export class ProxyControl {
  readonly #parts: ControlParts;
  readonly #server: Server;
  #attached: Peer | null = null;
  /** Since when there has been neither a control plane nor a session. */
  #aloneSince: Instant;
  #stopping: Promise<void> | null = null;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#aloneSince = parts.clock.now();
    // The others end with the first.
    if (parts.isFirst) this.#lookLater();
  }

  /** Can be spoken to, and says so. */
  async open(): Promise<void> {
    const { id } = this.#parts.settings;
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(socketName(id), done);
    });
    await announce({ id, pid: process.pid });
  }

  /** Ends the sessions, then the process. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { stop, exit, settings } = this.#parts;
    await stop();
    await unannounce(settings.id);
    // What was answered must be on its way first.
    setImmediate(exit);
  }

  #accept(socket: Socket): void {
    const { gate, route, settings } = this.#parts;
    let isKnown = false;
    const peer: Peer = new Peer(socket, {
      called: async (method, args) => {
        if (method === 'hello') {
          isKnown = knows(args[0], settings.token);
          return isKnown ? this.#welcome() : null;
        }
        if (!isKnown) throw new Error('a stranger called');
        return await this.#answer(peer, method, args);
      },
      told: () => {},
      closed: () => {
        gate.detach(peer);
        route.detach(peer);
        if (this.#attached === peer) this.#attached = null;
      },
      drained: () => {
        if (this.#attached === peer) gate.drained();
      },
    });
  }

  async #answer(peer: Peer, method: string, args: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case 'attach':
        this.#attach(peer, String(args[0]));
        return null;
      case 'stop':
        await this.stop();
        return null;
      case 'visitorRules':
        this.#parts.setVisitorRules(args[0] as readonly VisitorRule[]);
        return null;
      default:
        return await answerFrom(this.#parts.sessions, method, args);
    }
  }

  #attach(peer: Peer, logLevel: string): void {
    const { gate, route } = this.#parts;
    const former = this.#attached;
    this.#attached = peer;
    gate.attach(peer);
    route.attach(peer, logLevel);
    former?.close();
  }

  #welcome(): Welcome {
    const { settings, port, isFirst } = this.#parts;
    const { id, version, fingerprint } = settings;
    return { id, version, fingerprint, pid: process.pid, port, isFirst };
  }

  #lookLater(): void {
    const { clock, count } = this.#parts;
    clock.timer(LOOK_EVERY, () => {
      const now = clock.now();
      if (this.#attached !== null || count() > 0) this.#aloneSince = now;
      if (elapsed(this.#aloneSince, now) >= ALONE_MAX) void this.stop();
      else this.#lookLater();
    });
  }
}

const knows = (said: unknown, token: string): boolean =>
  typeof said === 'string' && isSameSecret(Buffer.from(said), Buffer.from(token));
