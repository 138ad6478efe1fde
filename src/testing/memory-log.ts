import type { Log, LogFields } from '../domain/log.ts';

export type LogLine = {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
};

/** Keeps what was logged, so that a test can say which lines it expects. */
export class MemoryLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  child(fields: LogFields): Log {
    return new MemoryLog(this.lines, { ...this.#fields, ...fields });
  }

  /** The messages of the lines that a person would have to look at. */
  get alarming(): readonly string[] {
    return this.lines
      .filter((l) => l.level === 'warn' || l.level === 'error')
      .map((l) => l.message);
  }

  #add(level: string, message: string, fields: LogFields): void {
    this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
