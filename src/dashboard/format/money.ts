/** Money as people read it: the API tells it exactly, as text, and nothing is reckoned with here. */
import { LOCALE } from './locale.ts';

const LEAST = 0.0001;

/** Below a cent the digits that matter are shown; an amount is never told as nothing when it is something. */
export function money(amount: string | null, currency: string): string {
  if (amount === null) return '–';
  const value = Number(amount);
  // Millionths are no amount that anybody compares.
  if (value !== 0 && Math.abs(value) < LEAST) {
    return `${value < 0 ? '> -' : '< '}${money(String(LEAST), currency)}`;
  }
  const isSmall = value !== 0 && Math.abs(value) < 0.1;
  const digits = isSmall ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 };
  const style = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const;
  return new Intl.NumberFormat(LOCALE, { ...style, ...digits }).format(value);
}
