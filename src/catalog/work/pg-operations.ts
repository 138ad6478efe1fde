/** Operations as rows. */
import { sql } from 'kysely';
import type { Json } from '../../domain/decision.ts';
import { isId, isTenantId, isTenantName, type OperationId } from '../../domain/ids.ts';
import {
  type Operation,
  type OperationQuery,
  type OperationStore,
  type Progress,
  WORK_KINDS,
  WORK_STATUSES,
} from '../../domain/operation.ts';
import type { Timestamp } from '../../domain/units.ts';
import type { Ask } from '../access/access-schema.ts';
import { fromWallTime, toWallTime } from '../schema.ts';
import { oneOf, unreadable } from '../tenant-row.ts';

type OperationRow = {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly customer_id: string | null;
  readonly tenant_id: string | null;
  readonly tenant_name: string | null;
  readonly caller: string;
  readonly progress: Progress | null;
  readonly result: { readonly [key: string]: Json } | null;
  readonly fault: Operation['fault'];
  readonly begun_at: number;
  readonly ended_at: number | null;
};

export class PgOperations implements OperationStore {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async save(operation: Operation): Promise<void> {
    const { id, kind, status, customer, tenant, caller, begunAt, endedAt } = operation;
    const [progress, result, fault] = [operation.progress, operation.result, operation.fault].map(
      (part) => (part === null ? null : JSON.stringify(part)),
    );
    await this.#ask((db) =>
      sql`
        insert into dynabase.operations as known (id, kind, status, customer_id, tenant_id,
          tenant_name, caller, progress, result, fault, begun_at, ended_at)
        values (${id}, ${kind}, ${status}, ${customer}, ${tenant?.id ?? null},
          ${tenant?.name ?? null}, ${caller}, ${progress}::jsonb, ${result}::jsonb, ${fault}::jsonb,
          ${toWallTime(begunAt)}, ${endedAt === null ? null : toWallTime(endedAt)})
        on conflict (id) do update set status = excluded.status, progress = excluded.progress,
          tenant_id = excluded.tenant_id, tenant_name = excluded.tenant_name,
          result = excluded.result, fault = excluded.fault, ended_at = excluded.ended_at
        where known.status = 'running'`.execute(db),
    );
  }

  find(id: OperationId): Promise<Operation | undefined> {
    return this.#ask(async (db) => {
      const found = sql<OperationRow>`select * from dynabase.operations where id = ${id}`;
      const [row] = (await found.execute(db)).rows;
      return row && operationOf(row);
    });
  }

  list(query: OperationQuery): Promise<readonly Operation[]> {
    const { customer, tenant, status, kind, after, limit } = query;
    const wanted = [
      customer === undefined ? null : sql`customer_id = ${customer}`,
      tenant === undefined ? null : sql`tenant_id = ${tenant}`,
      status === undefined ? null : sql`status = ${status}`,
      kind === undefined ? null : sql`kind = ${kind}`,
      after === undefined
        ? null
        : sql`(begun_at, id) < (${toWallTime(after.begunAt)}, ${after.id}::text collate "C")`,
    ].filter((part) => part !== null);
    return this.#ask(async (db) => {
      const where = wanted.length === 0 ? sql`true` : sql.join(wanted, sql` and `);
      const { rows } = await sql<OperationRow>`
        select * from dynabase.operations where ${where}
        order by begun_at desc, id desc limit ${limit}`.execute(db);
      return rows.map(operationOf);
    });
  }

  cutOff(fault: Operation['fault']): Promise<number> {
    return this.#ask(async (db) => {
      const { numAffectedRows } = await sql`
        update dynabase.operations set status = 'failed', ended_at = now(),
          fault = ${JSON.stringify(fault)}::jsonb
        where status = 'running'`.execute(db);
      return Number(numAffectedRows ?? 0);
    });
  }

  forget(before: Timestamp, limit: number): Promise<number> {
    return this.#ask(async (db) => {
      const { numAffectedRows } = await sql`
        delete from dynabase.operations where id in (
          select id from dynabase.operations
          where begun_at < ${toWallTime(before)} and status <> 'running'
          order by begun_at limit ${limit})`.execute(db);
      return Number(numAffectedRows ?? 0);
    });
  }
}

function operationOf(row: OperationRow): Operation {
  const { id, caller, progress, result, fault, customer_id: customer } = row;
  if (!isId('op', id)) throw unreadable('operation id', id);
  if (customer !== null && !isId('cu', customer)) throw unreadable('customer id', customer);
  const { tenant_id, tenant_name, begun_at, ended_at } = row;
  const isWhole = tenant_id !== null && tenant_name !== null;
  const tenant =
    isWhole && isTenantId(tenant_id) && isTenantName(tenant_name)
      ? { id: tenant_id, name: tenant_name }
      : null;
  return {
    ...{ id, tenant, customer, caller, progress, result, fault },
    kind: oneOf(WORK_KINDS, row.kind),
    status: oneOf(WORK_STATUSES, row.status),
    begunAt: fromWallTime(begun_at),
    endedAt: ended_at === null ? null : fromWallTime(ended_at),
  };
}
