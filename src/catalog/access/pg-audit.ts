/** The audit log as rows. */
import type { Selectable } from 'kysely';
import {
  AUDIT_OUTCOMES,
  type AuditEnd,
  type AuditEntry,
  type AuditQuery,
  type AuditStore,
  type NewAuditEntry,
} from '../../domain/audit.ts';
import { CALLER_KINDS } from '../../domain/caller.ts';
import { isId, isTenantId } from '../../domain/ids.ts';
import type { Timestamp } from '../../domain/units.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';
import type { Ask, AuditTable } from './access-schema.ts';

export class PgAudit implements AuditStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  add(entry: NewAuditEntry): Promise<number> {
    const { caller, requestId, operation, byOperator, address } = entry;
    const { customer, tenant, target, outcome, fault, before, after } = entry;
    const values = {
      ...{ request_id: requestId, operation, by_operator: byOperator, address },
      ...{ caller_kind: caller.kind, caller_id: caller.id, caller_name: caller.name },
      ...{ customer_id: customer, tenant_id: tenant, target, outcome, fault },
      ...{ before: before && { ...before }, after: after && { ...after } },
    };
    return this.#ask(async (db) => {
      const insert = db.insertInto('audit').values(values).returning('id');
      return (await insert.executeTakeFirstOrThrow()).id;
    });
  }

  async finish(id: number, end: AuditEnd): Promise<void> {
    const { customer, tenant, target, outcome, fault, before, after } = end;
    const columns = {
      ...{ customer_id: customer, tenant_id: tenant, target, outcome, fault },
      ...{ before: before && { ...before }, after: after && { ...after } },
    };
    await this.#ask((db) => db.updateTable('audit').set(columns).where('id', '=', id).execute());
  }

  async endBegun(): Promise<number> {
    const ended = await this.#ask((db) =>
      db
        .updateTable('audit')
        .set({ outcome: 'unknown' })
        .where('outcome', '=', 'begun')
        .executeTakeFirst(),
    );
    return Number(ended.numUpdatedRows);
  }

  list(query: AuditQuery): Promise<readonly AuditEntry[]> {
    const { customer, tenant, caller, operation, outcome, from, to, before, limit } = query;
    return this.#ask(async (db) => {
      let page = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
      if (customer !== undefined) page = page.where('customer_id', '=', customer);
      if (tenant !== undefined) page = page.where('tenant_id', '=', tenant);
      if (caller !== undefined) page = page.where('caller_id', '=', caller);
      if (operation !== undefined) page = page.where('operation', '=', operation);
      if (outcome !== undefined) page = page.where('outcome', '=', outcome);
      if (from !== undefined) page = page.where('at', '>=', toWallTime(from));
      if (to !== undefined) page = page.where('at', '<', toWallTime(to));
      if (before !== undefined) page = page.where('id', '<', before);
      return (await page.execute()).map(entryOf);
    });
  }

  forget(before: Timestamp, limit: number): Promise<number> {
    return this.#ask(async (db) => {
      const old = db
        .selectFrom('audit')
        .select('id')
        .where('at', '<', toWallTime(before))
        .orderBy('at')
        .limit(limit);
      const gone = await db.deleteFrom('audit').where('id', 'in', old).executeTakeFirst();
      return Number(gone.numDeletedRows);
    });
  }
}

function entryOf(row: Selectable<AuditTable>): AuditEntry {
  const { customer_id: customer, tenant_id: tenant } = row;
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer', customer);
  if (tenant !== null && !isTenantId(tenant)) throw unreadable('tenant', tenant);
  return {
    id: row.id,
    at: fromWallTime(row.at),
    requestId: row.request_id,
    operation: row.operation,
    caller: {
      kind: oneOf(CALLER_KINDS, row.caller_kind),
      ...{ id: row.caller_id, name: row.caller_name },
    },
    byOperator: row.by_operator,
    address: row.address,
    ...{ customer, tenant, target: row.target, fault: row.fault },
    outcome: oneOf(AUDIT_OUTCOMES, row.outcome),
    ...{ before: row.before, after: row.after },
  };
}
