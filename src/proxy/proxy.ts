/**
 * The door that PostgreSQL clients come in by.
 *
 * One listener; a session for each connection. What is shared between sessions stands here: the
 * limits, the memory of logins, the cancel keys, the meter.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import { fault } from '../domain/faults.ts';
import type { Gate, Sessions } from '../domain/gate.ts';
import type { Http } from '../domain/http.ts';
import type { ProxyId, SessionId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import { seconds } from '../domain/units.ts';
import type { UsageSink } from '../domain/usage.ts';
import type { VisitorRule } from '../domain/visitors.ts';
import { Acquaintances } from './acquaintances.ts';
import { CancelRegistry } from './cancel.ts';
import { CancelSender } from './cancel-sender.ts';
import { addressKey, isLoopback } from './client-address.ts';
import { Greetings } from './greetings.ts';
import { HttpDoor } from './http/http-door.ts';
import { Meter } from './meter.ts';
import { PasswordProofs } from './password-proofs.ts';
import { Pools } from './pools.ts';
import type { ProxyOptions } from './proxy-options.ts';
import { Session, type SessionOptions, type SessionParts } from './session.ts';
import { SessionTable } from './session-table.ts';
import { LoginThrottle } from './throttle.ts';
import { Visitors } from './visitors.ts';

/** For clients to take their last words when the server stops; then they are cut off. */
const STOP_MAX = seconds(3);

export type ProxyParts = {
  readonly proxyId: ProxyId;
  readonly network: Network;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly usageSink: UsageSink;
  readonly options: ProxyOptions;
  /** Without it clients that speak HTTP are not understood. */
  readonly http?: Http;
};

export interface RunningProxy {
  /** The port in use. */
  readonly port: number;
  readonly sessions: Sessions;
  /** Who counts as a person from now on, in open sessions too. */
  setVisitorRules(rules: readonly VisitorRule[]): void;
  /** Takes no more clients, tells those there are, and stores what they used. */
  close(): Promise<void>;
}

/** Listens. Throws `PORT_IN_USE`. */
export async function openProxy(parts: ProxyParts): Promise<RunningProxy> {
  const { network, clock, random, log, options } = parts;
  const pools = new Pools(parts);
  const shared: SessionParts = {
    ...parts,
    pools,
    throttle: new LoginThrottle(clock, options.throttle),
    acquaintances: new Acquaintances(clock),
    table: new SessionTable(options),
    cancelKeys: new CancelRegistry(random),
    cancels: new CancelSender({ dial: (path) => network.dial(path), clock }),
    visitors: new Visitors(),
    greetings: new Greetings(options.engineVersion),
    proofs: new PasswordProofs(random),
    takeHttp: parts.http === undefined ? null : (...taken) => door?.take(...taken) ?? NOBODY,
    meter: new Meter({ clock, random, log, sink: parts.usageSink }),
  };
  let sessionCount = 0;
  const nextId = (): SessionId => ++sessionCount as SessionId;
  const door = parts.http && openDoor(parts.http, shared, nextId);
  const onSocket = (socket: Socket): void => {
    const { remoteAddress: clientAddress = '' } = socket;
    const address = addressKey(socket.remoteAddress);
    const isLocal = isLoopback(socket.remoteAddress);
    accept(socket, { id: nextId(), address, clientAddress, isLocal, within: null }, shared);
  };
  const listening = await network.listen(options, onSocket);
  return {
    port: listening.port,
    sessions: {
      end: (tenant, because) => shared.table.end(tenant, because),
      confine: (tenant, allowed, because) => shared.table.confine(tenant, allowed, because),
      count: (tenant) => shared.table.count(tenant),
      park: (tenant, request) => pools.park(tenant, request),
      list: (tenant) => Promise.resolve(pools.list(tenant)),
    },
    setVisitorRules: (rules) => shared.visitors.setRules(rules),
    close: async () => {
      await listening.close();
      door?.endAll(fault('SERVER_STOPPING', {}));
      await endSessions(shared);
      door?.close();
      pools.close();
      await shared.meter.close();
    },
  };
}

/** The connection of one that came when all was over. */
const NOBODY = { end: (): void => {} };

function openDoor(http: Http, parts: SessionParts, nextId: () => SessionId): HttpDoor {
  return new HttpDoor({
    ...{ http, parts, nextId },
    onWebSocket: (socket, { serverName, trust, ...from }) => {
      accept(
        socket,
        { id: nextId(), ...from, isLocal: true, within: { serverName, trust } },
        parts,
      );
    },
  });
}

function accept(socket: Socket, from: Omit<SessionOptions, 'refusal'>, parts: SessionParts): void {
  const { address } = from;
  const admission = parts.table.admit(address);
  // A socket that has closed already would never be taken off the table.
  if (socket.destroyed || admission.kind === 'ignored') {
    socket.destroy();
    return;
  }
  const refusal = admission.kind === 'refused' ? admission.because : null;
  const session = new Session(socket, { ...from, refusal }, parts);
  // It handles its failures itself and ends when its client does.
  void session.run();
}

async function endSessions({ table, clock }: SessionParts): Promise<void> {
  const empty = table.empty();
  table.endAll(fault('SERVER_STOPPING', {}));
  const cutOff = clock.timer(STOP_MAX, () => table.dropAll());
  await empty;
  cutOff();
}
