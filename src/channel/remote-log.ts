/** A proxy's log, printed by the control plane while there is one, and kept in a file while not. */
import type { Log, LogFields } from '../domain/log.ts';
import type { Peer } from './peer.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies Level[];

/** Where the lines go now. */
export class LogRoute {
  readonly #file: Log;
  #peer: Peer | null = null;
  /** From which level on the control plane prints. */
  #level = 0;
  #left = 0;

  constructor(file: Log) {
    this.#file = file;
  }

  attach(peer: Peer, level: string): void {
    this.#peer = peer;
    this.#level = LEVELS.indexOf(level);
  }

  detach(peer: Peer): void {
    if (this.#peer === peer) this.#peer = null;
  }

  /** A control plane that takes nothing is not waited for: its lines are counted and left out. */
  write(level: Level, message: string, fields: LogFields): void {
    const peer = this.#peer;
    if (peer === null) {
      this.#file[level](message, fields);
      return;
    }
    if (LEVELS.indexOf(level) < this.#level) return;
    if (peer.isCongested) {
      this.#left++;
      return;
    }
    if (this.#left > 0) peer.tell('log', 'warn', 'lines were left out', { lines: this.#left });
    this.#left = 0;
    peer.tell('log', level, message, plainFields(fields));
  }
}

export class RemoteLog implements Log {
  readonly #route: LogRoute;
  readonly #fields: LogFields;

  constructor(route: LogRoute, fields: LogFields = {}) {
    this.#route = route;
    this.#fields = fields;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Log {
    return new RemoteLog(this.#route, { ...this.#fields, ...fields });
  }

  #write(level: Level, message: string, fields: LogFields): void {
    this.#route.write(level, message, { ...this.#fields, ...fields });
  }
}

/** Prints a line that a proxy has sent. */
export function printRemote(log: Log, args: readonly unknown[]): void {
  const [level, message, fields] = args as [Level, string, LogFields];
  if (LEVELS.includes(level)) log[level](message, fields);
}

const plainFields = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]));

/** An error's own properties do not show in JSON. */
function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: plain(cause) }) };
}
