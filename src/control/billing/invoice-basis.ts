/**
 * What an invoice was made of besides the ledger, as text that is kept with it: prices, parties, credits. With it an invoice
 * can be made again years later, whatever was changed since.
 */
import type { InvoiceInput } from '../../economics/invoice.ts';
import type { TariffBook } from '../../economics/tariffs.ts';

export type Basis = Omit<InvoiceInput, 'billing' | 'customer'> & { readonly tariffs: TariffBook };

/** JSON has no whole numbers of any size. */
type Whole = { readonly whole: string };

export function writeBasis({ names, ...rest }: Basis): string {
  const plain = { ...rest, names: [...names] };
  return JSON.stringify(plain, (_key, value: unknown): unknown =>
    typeof value === 'bigint' ? ({ whole: value.toString() } satisfies Whole) : value,
  );
}

export function readBasis(text: string): Basis {
  const plain = JSON.parse(text, (_key, value: unknown): unknown =>
    isWhole(value) ? BigInt(value.whole) : value,
  );
  return { ...plain, names: new Map(plain.names) };
}

function isWhole(value: unknown): value is Whole {
  if (typeof value !== 'object' || value === null) return false;
  const [[name, text] = [], more] = Object.entries(value);
  return more === undefined && name === 'whole' && typeof text === 'string';
}
