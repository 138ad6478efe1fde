/** What a log line says besides its message. Never a secret, never a row, never a whole statement. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the program tells its story. Log where you handle, never where you pass on.
 * `error` means that a person must look.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose every line carries `fields`. */
  child(fields: LogFields): Log;
}
