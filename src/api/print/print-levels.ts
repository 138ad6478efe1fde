/** Levels and snapshots as the contract's JSON. */
import type { FleetLevels, TenantLevels } from '../../contract/tenants/levels.ts';
import type { Recovery } from '../../contract/tenants/recovery.ts';
import type { Snapshot } from '../../contract/tenants/snapshot.ts';
import type { TenantLevels as Levels } from '../../control/control.ts';
import type { Recovered } from '../../control/recovery.ts';
import type { Snapshot as Taken } from '../../domain/archive.ts';
import { hitRatio, type Level, type LevelTotals } from '../../domain/levels.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { moment } from '../moment.ts';

/** How near the data of a tenant is. */
export function levelOf({ state, home }: Tenant): Level {
  if (state.kind === 'running' || state.kind === 'suspending') return 'L1';
  return home.kind === 'local' ? 'L3' : 'L4';
}

export const printSnapshot = (snapshot: Taken): Snapshot => ({
  id: snapshot.id,
  name: snapshot.name,
  takenAt: moment(snapshot.takenAt),
  taken: snapshot.taken,
  logicalBytes: snapshot.logicalBytes,
  storedBytes: snapshot.storedBytes,
  addedBytes: snapshot.addedBytes,
  damage: snapshot.damage,
});

export const printRecovery = ({ entered, skipped, known }: Recovered): Recovery => ({
  entered: entered.map(({ name, takenAt }) => ({ name, takenAt: moment(takenAt) })),
  skipped: [...skipped],
  known,
});

export const printFleetLevels = (totals: LevelTotals): FleetLevels => ({
  bytes: { l2: totals.l2, l3: totals.l3, l4: totals.l4 },
  ...printTotals(totals),
});

export function printLevels({ view, reading, totals, steps }: Levels): TenantLevels {
  const { tenant, live } = view;
  return {
    tenant: tenant.id,
    name: tenant.name,
    state: tenant.state.kind,
    level: levelOf(tenant),
    descent: live.descent,
    bytes: { ...reading.bytes, l4: totals.l4 },
    ...printTotals(totals),
    relations: reading.relations.map(({ database, relation, bytes, share }) => ({
      ...{ database, relation, share },
      bytes: { ...bytes },
    })),
    steps: steps.map((step) => ({ ...step, at: moment(step.at) })),
  };
}

const printTotals = (totals: LevelTotals): Pick<FleetLevels, 'hits' | 'hitRatio' | 'wakes'> => ({
  hits: { l1: totals.hitsL1, l2: totals.hitsL2, l3: totals.hitsL3 },
  hitRatio: hitRatio(totals),
  wakes: { l2: totals.wakesL2, l3: totals.wakesL3, l4: totals.wakesL4 },
});
