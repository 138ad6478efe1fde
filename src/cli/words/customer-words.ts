/** Customers as a person reads them. */
import type { Customer, CustomerPage } from '../../contract/access/customer.ts';
import { orDash } from '../options/fields.ts';
import { visible } from '../sql/rows-text.ts';
import { factsText, tableText } from './layout.ts';
import type { Style } from './style.ts';
import { agoWords } from './words.ts';

export type CustomerRow = CustomerPage['customers'][number];

export function customersText(found: readonly CustomerRow[], now: number, style: Style): string {
  if (found.length === 0) return 'no customers; make one with: dynabase customers create NAME';
  const columns = [
    { head: 'ID' },
    { head: 'NAME' },
    { head: 'PLAN' },
    { head: 'EXTERNAL ID' },
    { head: 'TENANTS MAX', align: 'right' },
    { head: 'CREATED' },
  ] as const;
  const rows = found.map((one) => [
    one.id,
    visible(one.name),
    one.plan,
    visible(orDash(one.externalId)),
    orDash(one.tenantsMax),
    agoWords(one.createdAt, now),
  ]);
  return tableText(columns, rows, style);
}

export function customerText(customer: Customer, style: Style): string {
  const { tenants, tenantsMax } = customer;
  return factsText(
    [
      ['name', style.bold(visible(customer.name))],
      ['id', customer.id],
      ['external id', visible(orDash(customer.externalId))],
      ['plan', customer.plan],
      ['tenants', tenantsMax === null ? String(tenants) : `${tenants} of at most ${tenantsMax}`],
      ['created', customer.createdAt],
      ['changed', customer.changedAt],
    ],
    style,
  );
}
