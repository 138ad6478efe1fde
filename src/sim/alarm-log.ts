import type { Log, LogFields } from '../domain/log.ts';

const KEPT_MAX = 100;

/** Keeps what a person would have to look at, and forgets the rest. */
export class AlarmLog implements Log {
  readonly alarms: string[];

  constructor(alarms: string[] = []) {
    this.alarms = alarms;
  }

  debug(): void {}

  info(): void {}

  warn(message: string, fields: LogFields = {}): void {
    this.#keep(message, fields);
  }

  error(message: string, fields: LogFields = {}): void {
    this.#keep(message, fields);
  }

  child(): Log {
    return new AlarmLog(this.alarms);
  }

  #keep(message: string, { error, tenant }: LogFields): void {
    if (this.alarms.length >= KEPT_MAX) return;
    this.alarms.push([message, tenant, error].filter((part) => part !== undefined).join(', '));
  }
}
