/** What the pools of a proxy are made with. */
import type { Clock } from '../domain/clock.ts';
import type { Gate } from '../domain/gate.ts';
import type { ProxyId } from '../domain/ids.ts';
import type { Network } from '../domain/network.ts';
import type { Random } from '../domain/random.ts';
import type { DurationMs } from '../domain/units.ts';
import type { WaitLimits } from './seeker-queue.ts';

export type PoolParts = {
  readonly proxyId: ProxyId;
  readonly gate: Gate;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: PoolOptions;
};

type PoolOptions = WaitLimits & {
  /** Idle time after which a session gives up its backend. */
  readonly parkAfter: DurationMs;
  /** For tests: every session is parked whenever it can be. */
  readonly chaosPark: boolean;
};
