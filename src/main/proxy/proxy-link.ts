/** The control plane's line to one proxy process. */

import { once } from 'node:events';
import { connect } from 'node:net';
import type { GateDesk } from '../../channel/gate-desk.ts';
import { Peer } from '../../channel/peer.ts';
import { printRemote } from '../../channel/remote-log.ts';
import type { Clock } from '../../domain/clock.ts';
import type { ProxyId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import { seconds } from '../../domain/units.ts';
import type { VisitorRule } from '../../domain/visitors.ts';
import type { LogLevel } from '../../system/log.ts';
import type { Welcome } from './proxy-control.ts';

/** For a process that lives to say who it is. */
const HELLO_MAX = seconds(5);

export type LinkParts = {
  readonly path: string;
  readonly token: string;
  readonly logLevel: LogLevel;
  readonly clock: Clock;
  readonly log: Log;
  /** Who counts as a person; said before anything is asked. Null for what the proxy has. */
  readonly visitorRules: readonly VisitorRule[] | null;
  /** Where what this proxy asks is taken. */
  readonly deskOf: (id: ProxyId) => GateDesk;
};

export type ProxyLink = {
  readonly welcome: Welcome;
  readonly peer: Peer;
  /** Resolves when the channel is closed, whoever closed it. */
  readonly closed: Promise<void>;
};

/**
 * A line to the proxy that listens at `path`, with everything it asks taken by its desk.
 * `dead` if nobody listens there; `silent` if the process lives and does not answer.
 */
export async function openLink(parts: LinkParts): Promise<ProxyLink | 'dead' | 'silent'> {
  const socket = connect(parts.path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'dead' : 'silent';
  }
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let desk: GateDesk | null = null;
  const peer = new Peer(socket, {
    called: (method, args) =>
      desk?.called(method, args) ?? Promise.reject(new Error('a proxy asked before it was known')),
    told: (method, args) => {
      if (method === 'log') printRemote(parts.log, args);
      else desk?.told(method, args);
    },
    closed: (error) => {
      if (error !== undefined) parts.log.warn('a line to a proxy broke', { error });
      onClosed();
    },
    drained: () => {},
  });
  const welcome = await greeted(peer, parts);
  if (welcome === null) {
    peer.close();
    return 'silent';
  }
  desk = parts.deskOf(welcome.id);
  const { visitorRules } = parts;
  if (visitorRules !== null) peer.call('visitorRules', visitorRules).catch(() => {});
  await peer.call('attach', parts.logLevel).catch(() => {});
  return { welcome, peer, closed };
}

async function greeted(peer: Peer, { clock, token }: LinkParts): Promise<Welcome | null> {
  const cancel = clock.timer(HELLO_MAX, () => peer.close());
  try {
    return (await peer.call('hello', token)) as Welcome | null;
  } catch {
    return null;
  } finally {
    cancel();
  }
}
