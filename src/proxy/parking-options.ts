import type { Clock } from '../domain/clock.ts';
import type { WakeCause } from '../domain/gate.ts';
import type { SessionId } from '../domain/ids.ts';
import type { Evidence } from './evidence.ts';
import type { TenantPool } from './pool.ts';
import type { Identity } from './pooled-backend.ts';
import type { Relay } from './relay.ts';
import type { TenantMeter } from './tenant-meter.ts';
import type { Visitor } from './visitors.ts';

/** Who a session is, to people. */
export type SessionCause = Extract<WakeCause, { kind: 'session' }>;

export type ParkingOptions = {
  readonly id: SessionId;
  readonly identity: Identity;
  readonly pool: TenantPool;
  readonly clock: Clock;
  readonly visitor: Visitor;
  readonly meter: TenantMeter;
  readonly relay: Relay;
  readonly evidence: Evidence;
};
