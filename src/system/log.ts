import pino, { type Logger } from 'pino';
import type { Log, LogFields } from '../domain/log.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Field names whose values never reach the log, wherever somebody puts them. */
const SECRETS = ['password', 'secret', 'verifier', 'apiKey', 'authorization', 'clientKey'];

/** JSON lines on `stream`, with secrets cut out. */
export function openLog(stream: pino.DestinationStream, level: LogLevel): Log {
  const serializers = { error: pino.stdSerializers.errWithCause };
  const redact = SECRETS.flatMap((name) => [name, `*.${name}`]);
  return new PinoLog(
    pino(
      { level, redact, serializers, base: null, timestamp: pino.stdTimeFunctions.isoTime },
      stream,
    ),
  );
}

/** Turns the lines of a log into words for a person at a terminal. */
export function forPeople(out: { write(text: string): unknown }): pino.DestinationStream {
  return {
    write: (line) => {
      const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const clock = String(time).slice(11, 19);
      const label = pino.levels.labels[Number(level)] ?? '';
      const details = Object.entries(fields).map(([name, value]) => `${name}=${plain(value)}`);
      out.write(`${clock} ${label.padEnd(5)} ${String(msg)}  ${details.join(' ')}\n`);
    },
  };
}

/** A word as it is, a text in quotes, anything else as JSON. */
const plain = (value: unknown): string =>
  typeof value === 'string' && /^[\w.:-]+$/.test(value) ? value : JSON.stringify(value ?? null);

class PinoLog implements Log {
  readonly #pino: Logger;

  constructor(logger: Logger) {
    this.#pino = logger;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#pino.debug(fields, message);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(fields, message);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, message);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#pino.child(fields));
  }
}
