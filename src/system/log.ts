import pino, { type Logger } from 'pino';
import type { Log, LogFields } from '../domain/log.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Field names whose values never reach the log, wherever somebody puts them. */
const SECRETS = ['password', 'secret', 'verifier', 'apiKey', 'authorization', 'clientKey'];

/** JSON lines on `stream`, with secrets cut out. */
export function openLog(stream: pino.DestinationStream, level: LogLevel): Log {
  const redact = SECRETS.flatMap((name) => [name, `*.${name}`]);
  return new PinoLog(
    pino({ level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream),
  );
}

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
