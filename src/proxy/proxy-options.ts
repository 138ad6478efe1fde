import { type DurationMs, ms, seconds } from '../domain/units.ts';
import type { SessionLimits } from './session-table.ts';
import { THROTTLE_LIMITS, type ThrottleLimits } from './throttle.ts';

export type ProxyOptions = SessionLimits & {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Names this server is reached by. `NAME.` before one of them names a tenant. */
  readonly hostNames: readonly string[];
  /** Refuse clients that do not encrypt. */
  readonly requireTls: boolean;
  /** Take passwords over HTTP that is not encrypted from other machines too: something before us does that. */
  readonly httpInsecure: boolean;
  /** Longest body of a request over HTTP, and of its answer. */
  readonly httpBytesMax: number;
  /** Who knows it is believed whose requests it hands on: see `domain/forwarded.ts`. Null: nobody does. */
  readonly forwardToken: string | null;
  /** From accept to the proof of the password. */
  readonly loginTimeout: DurationMs;
  /** From the proof to the first ReadyForQuery: waking, and binding to the compute. */
  readonly bindTimeout: DurationMs;
  /** Idle time after which a session gives its backend back. */
  readonly parkAfter: DurationMs;
  /** For a query to get a backend, once the compute runs. */
  readonly queryWaitTimeout: DurationMs;
  /** Tests only: park at every idle moment. */
  readonly chaosPark: boolean;
  readonly throttle: ThrottleLimits;
  /** Before a client is asked for a password, from the startup message on. See `pace.ts`. */
  readonly loginPace: DurationMs;
  /**
   * 32 secret bytes from which the salts of roles that do not exist are made. Kept over restarts:
   * a salt that changed would give such a role away.
   */
  readonly mockKey: Uint8Array;
  /** PostgreSQL's, such as `18.4`: what a client is told where no backend could be asked. */
  readonly engineVersion: string;
};

export const PROXY_DEFAULTS = {
  host: '127.0.0.1',
  port: 6432,
  hostNames: [],
  requireTls: false,
  httpInsecure: false,
  forwardToken: null,
  httpBytesMax: 10 * 1024 * 1024,
  loginTimeout: seconds(15),
  bindTimeout: seconds(60),
  parkAfter: seconds(10),
  queryWaitTimeout: seconds(120),
  chaosPark: false,
  sessionsMax: 10_000,
  sessionsOfAddressMax: 2_500,
  throttle: THROTTLE_LIMITS,
  loginPace: ms(2),
  engineVersion: '18.0',
} as const satisfies Omit<ProxyOptions, 'mockKey'>;
