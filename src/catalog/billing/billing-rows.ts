/** Rows of billing as what they mean. Amounts are kept with their decimals, for people who look into the tables. */
import type {
  BillingItem,
  BillingProfile,
  InvoiceHead,
  PlanChange,
  StoredInvoice,
  TaxSetting,
} from '../../domain/billing.ts';
import { ITEM_KINDS, PAYMENT_STATES } from '../../domain/billing.ts';
import { PLANS } from '../../domain/tier.ts';
import { fromWallTime } from '../schema.ts';
import { customerIn, oneOf, tenantIn, unreadable } from '../tenant-row.ts';

const PLACES = 12;

/** `12.5`, exactly. */
export function decimalText(amount: bigint): string {
  const size = (amount < 0n ? -amount : amount).toString().padStart(PLACES + 1, '0');
  return `${amount < 0n ? '-' : ''}${size.slice(0, -PLACES)}.${size.slice(-PLACES)}`;
}

export function readDecimal(text: string): bigint {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  if (whole === undefined) throw unreadable('amount', text);
  const size = BigInt(whole + part.padEnd(PLACES, '0'));
  return sign === '-' ? -size : size;
}

export type PlanChangeRow = {
  readonly tenant_id: string;
  readonly tenant_name: string;
  readonly customer_id: string | null;
  readonly plan: string | null;
  readonly at: number;
};

export type ProfileRow = {
  readonly customer_id: string;
  readonly name: string;
  readonly legal_name: string | null;
  readonly address: string[];
  readonly tax_id: string | null;
  readonly taxes: TaxSetting[];
  readonly failed_at: number | null;
  readonly failed_note: string | null;
};

export type ItemRow = {
  readonly id: string;
  readonly customer_id: string;
  readonly kind: string;
  readonly says: string;
  readonly currency: string;
  readonly amount: string;
  readonly remaining: string;
  readonly created_at: number;
};

export type HeadRow = {
  readonly ordinal: number;
  readonly number: string;
  readonly customer_id: string;
  readonly month: string;
  readonly currency: string;
  readonly total: string;
  readonly closed_at: number;
  readonly payment: string | null;
};

export type InvoiceRow = HeadRow & {
  readonly text: string;
  readonly digest: string;
  readonly basis: string;
};

export function planChangeOf(row: PlanChangeRow): PlanChange {
  const { tenant_id: tenant, tenant_name: name, customer_id: customer } = row;
  return {
    ...{ tenant: tenantIn(tenant), name },
    customer: customer === null ? null : customerIn(customer),
    plan: row.plan === null ? null : oneOf(PLANS, row.plan),
    // Whole milliseconds: what is charged goes by the second.
    at: fromWallTime(Math.floor(row.at)),
  };
}

export function profileOf(row: ProfileRow): BillingProfile {
  const { name, legal_name, address, tax_id, taxes, failed_at, failed_note } = row;
  return {
    ...{ customer: customerIn(row.customer_id), name, legalName: legal_name, address },
    ...{ taxId: tax_id, taxes },
    failed:
      failed_at === null ? null : { at: fromWallTime(failed_at), note: failed_note ?? 'unknown' },
  };
}

export const itemOf = (row: ItemRow): BillingItem => ({
  ...{ id: row.id, customer: customerIn(row.customer_id), kind: oneOf(ITEM_KINDS, row.kind) },
  ...{ says: row.says, currency: row.currency, createdAt: fromWallTime(row.created_at) },
  ...{ amount: readDecimal(row.amount), remaining: readDecimal(row.remaining) },
});

export const headOf = (row: HeadRow): InvoiceHead => ({
  ...{ number: row.number, customer: customerIn(row.customer_id), month: row.month },
  ...{ currency: row.currency, total: readDecimal(row.total) },
  closedAt: fromWallTime(row.closed_at),
  payment: row.payment === null ? null : oneOf(PAYMENT_STATES, row.payment),
});

export const invoiceOf = (row: InvoiceRow): StoredInvoice => ({
  ...headOf(row),
  ...{ text: row.text, digest: row.digest, basis: row.basis },
});
