import type { UseLedger, UseQuery } from '../domain/metering.ts';
import { type Timestamp, timestamp } from '../domain/units.ts';
import type { UseRow } from '../domain/use.ts';

/** A ledger of rows that somebody else has made. */
export class PlainLedger implements Pick<UseLedger, 'rows' | 'keptFrom'> {
  all: readonly UseRow[] = [];
  kept = timestamp(0);

  async keptFrom(): Promise<Timestamp> {
    return this.kept;
  }

  async *rows({ from, to, tenant, customer }: UseQuery): AsyncGenerator<UseRow, void, void> {
    for (const row of this.all) {
      if (row.hour < from || row.hour >= to) continue;
      if (tenant !== undefined && row.tenant !== tenant) continue;
      if (customer === undefined || row.customer === customer) yield row;
    }
  }
}
