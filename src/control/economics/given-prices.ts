/**
 * The price book that a server is started with: put in force, and audited as what is asked of the API is.
 *
 * A server that is started with the same again changes nothing, and tells of nothing.
 */
import type { AuditStore, NewAuditEntry } from '../../domain/audit.ts';
import { Fault } from '../../domain/faults.ts';
import type { Log } from '../../domain/log.ts';
import { parsePriceBook } from '../../economics/price-file.ts';
import { priceDocument } from '../../economics/price-text.ts';
import { changedFields } from '../access/audit-fields.ts';
import type { PriceDesk } from './price-desk.ts';

export type GivenPrices = {
  readonly prices: PriceDesk;
  readonly audit: Pick<AuditStore, 'add' | 'finish'>;
  readonly log: Log;
};

/** `document` is null for a preset. Throws `BAD_PRICES`, and `CATALOG_DOWN` also where it cannot be audited. */
export async function startWithPrices(
  world: GivenPrices,
  { name, document }: { readonly name: string; readonly document: string | null },
): Promise<void> {
  const { prices, log } = world;
  if (document !== null && !isKept(prices, name, document)) {
    const before = prices.list().find((book) => book.name === name);
    const change = changedFields(
      before === undefined ? {} : priceDocument(before.book),
      priceDocument(parsePriceBook(document)),
    );
    const wish = { operation: 'putPriceBook', target: name, ...change };
    await audited(world, wish, () => prices.put(name, document));
  }
  const before = prices.chosen === null ? null : prices.list().find((one) => one.isInForce);
  if (before?.name === name) return;
  const [was, is] = [{ priceBook: before?.name ?? null }, { priceBook: name }];
  const wish = { operation: 'usePriceBook', target: name, before: was, after: is };
  await audited(world, wish, () => prices.use(name));
  log.info('another price book is in force', { priceBook: name, before: before?.name ?? null });
}

function isKept(prices: PriceDesk, name: string, document: string): boolean {
  const before = prices.list().find((book) => book.name === name);
  const text = (book: ReturnType<typeof parsePriceBook>): string =>
    JSON.stringify(priceDocument({ ...book, name }));
  return before !== undefined && text(before.book) === text(parsePriceBook(document));
}

/** Written before it is done, and its outcome behind it: not written, not done. */
async function audited(
  { audit, log }: GivenPrices,
  wish: Pick<NewAuditEntry, 'operation' | 'target' | 'before' | 'after'>,
  work: () => Promise<unknown>,
): Promise<void> {
  const subject = { customer: null, tenant: null, target: wish.target };
  const entry = {
    ...{ ...wish, ...subject, requestId: 'start', address: 'local', fault: null },
    // Whoever starts the server has its directory, and the key in it.
    caller: { kind: 'admin-key', id: 'admin', name: '--price-book' },
    byOperator: true,
  } as const;
  const id = await audit.add({ ...entry, outcome: 'begun' });
  const finish = (outcome: 'done' | 'failed', fault: string | null) =>
    audit
      .finish(id, { ...subject, outcome, fault, before: wish.before, after: wish.after })
      .catch((error: unknown) => log.error('audit entry not finished', { entry: id, error }));
  try {
    await work();
  } catch (error) {
    await finish('failed', error instanceof Fault ? error.code : 'INTERNAL');
    throw error;
  }
  await finish('done', null);
}
