/** Money and prices as texts and documents, for the doors, which know nothing of how they are reckoned. */
import { decimalOf } from '../../economics/money.ts';
import type { PriceBook } from '../../economics/price-book.ts';
import { priceDocument, tariffDocument } from '../../economics/price-text.ts';
import type { TariffBook } from '../../economics/tariffs.ts';

/** All its decimals, two at least. */
export const moneyText = (amount: bigint): string => decimalOf(amount, 2);

export const bookDocument = (book: PriceBook): Record<string, unknown> => priceDocument(book);

export const tariffsDocument = (book: TariffBook): Record<string, unknown> => tariffDocument(book);
