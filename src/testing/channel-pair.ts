/** A proxy and a control plane on the two ends of a channel in memory. */
import { duplexPair } from 'node:stream';
import { GateDesk } from '../channel/gate-desk.ts';
import { type Listener, Peer } from '../channel/peer.ts';
import type { RemoteGate } from '../channel/remote-gate.ts';
import { answerFrom } from '../channel/sessions-desk.ts';
import type { Gate, Sessions } from '../domain/gate.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { UsageSink } from '../domain/usage.ts';
import { MemoryLog } from './memory-log.ts';

const DEAF: Listener = {
  called: (method) => Promise.reject(new Error(method)),
  told: () => {},
  closed: () => {},
  drained: () => {},
};

/** Two peers; what one is not given to listen to it is deaf to. */
export function peerPair(one: Partial<Listener>, other: Partial<Listener>) {
  const [left, right] = duplexPair();
  return [new Peer(left, { ...DEAF, ...one }), new Peer(right, { ...DEAF, ...other })] as const;
}

export type ControlPlane = {
  readonly desk: GateDesk;
  /** The control plane's end. */
  readonly peer: Peer;
  readonly log: MemoryLog;
};

/** Joins `remote` to a control plane, as its process does when one comes. */
export function joined(
  remote: RemoteGate,
  world: {
    readonly gate: Gate;
    readonly sink: UsageSink;
    readonly sessions: Sessions;
    readonly desk?: GateDesk;
  },
): ControlPlane {
  const { gate, sink, sessions } = world;
  const log = new MemoryLog();
  const desk = world.desk ?? new GateDesk({ proxy: 'px_test' as ProxyId, gate, sink, log });
  const [ofProxy, peer] = peerPair(
    {
      called: (method, args) => answerFrom(sessions, method, args),
      closed: () => remote.detach(ofProxy),
      drained: () => remote.drained(),
    },
    {
      called: (method, args) => desk.called(method, args),
      told: (method, args) => desk.told(method, args),
    },
  );
  remote.attach(ofProxy);
  return { desk, peer, log };
}
