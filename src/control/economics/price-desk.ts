/**
 * Which price book holds, and what plans are sold for.
 *
 * Books are kept by name, each change as a revision; presets are there without being kept. One book is in force from a day
 * on. What has been settled was reckoned by prices that were told to somebody: no book that was used for it may be changed in
 * what it said then, and another book holds from the first day on that is not settled.
 */
import type { Clock } from '../../domain/clock.ts';
import { dayOf } from '../../domain/day.ts';
import type { BookInForce, PriceStore } from '../../domain/economics.ts';
import { fault } from '../../domain/faults.ts';
import { Serial } from '../../domain/serial.ts';
import { type Timestamp, timestamp } from '../../domain/units.ts';
import { monthOf } from '../../economics/month.ts';
import type { PriceBook } from '../../economics/price-book.ts';
import { parsePriceBook } from '../../economics/price-file.ts';
import { PRICE_BOOKS, PRICE_PRESETS, type PricePreset } from '../../economics/price-presets.ts';
import { priceDocument, tariffDocument } from '../../economics/price-text.ts';
import { parseTariffs, TARIFFS, type TariffBook } from '../../economics/tariffs.ts';

/** Of a server to which nobody has said anything: an example, which says of itself that its figures are to be replaced. */
const FIRST_BOOK: PricePreset = 'own-hardware';

export type BookView = {
  readonly name: string;
  /** 0 for a preset. */
  readonly revision: number;
  readonly isPreset: boolean;
  readonly isInForce: boolean;
  readonly book: PriceBook;
};

export type PriceWorld = {
  readonly clock: Clock;
  readonly store: PriceStore;
  /** Up to where costs have been told; null for none. */
  readonly settledUntil: () => Promise<Timestamp | null>;
};

type Kept = { readonly revision: number; readonly book: PriceBook };

export class PriceDesk {
  readonly #world: PriceWorld;
  readonly #books: Map<string, Kept>;
  #inForce: readonly BookInForce[];
  #tariffs: TariffBook;
  /** Each change sees what the one before it has left. */
  readonly #turns = new Serial<'prices'>();
  readonly #listeners = new Set<() => void>();

  /** Throws `CATALOG_DOWN`, and `BAD_PRICES` if what is kept cannot be read. */
  static async open(world: PriceWorld): Promise<PriceDesk> {
    const { store } = world;
    const books = new Map<string, Kept>();
    for (const preset of PRICE_PRESETS) {
      books.set(preset, { revision: 0, book: PRICE_BOOKS[preset] });
    }
    for (const { name, revision, document } of await store.books()) {
      books.set(name, { revision, book: { ...parsePriceBook(document), name } });
    }
    const [inForce, tariffs] = [await store.inForce(), await tariffsKept(store)];
    return new PriceDesk(world, { books, inForce, tariffs });
  }

  private constructor(
    world: PriceWorld,
    kept: {
      readonly books: Map<string, Kept>;
      readonly inForce: readonly BookInForce[];
      readonly tariffs: TariffBook;
    },
  ) {
    this.#world = world;
    this.#books = kept.books;
    this.#inForce = kept.inForce;
    this.#tariffs = kept.tariffs;
  }

  get tariffs(): TariffBook {
    return this.#tariffs;
  }

  /** The book of now. */
  get book(): PriceBook {
    return this.at(this.#world.clock.wall()).book;
  }

  /** The book of now where somebody has said which; null while it is the example that nobody has chosen. */
  get chosen(): PriceBook | null {
    return this.#inForce.length === 0 ? null : this.book;
  }

  /** The book that holds on a day. */
  at(day: Timestamp): BookView {
    const name = this.#nameAt(day);
    return this.find(name);
  }

  /** Other prices are in force, or will be. The answer ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): readonly BookView[] {
    return [...this.#books.keys()].map((name) => this.find(name));
  }

  /** Throws `PRICE_BOOK_UNKNOWN`. */
  find(name: string): BookView {
    const kept = this.#books.get(name);
    if (kept === undefined) throw fault('PRICE_BOOK_UNKNOWN', { book: name });
    const isInForce = this.#nameAt(this.#world.clock.wall()) === name;
    return { name, ...kept, isPreset: isPreset(name), isInForce };
  }

  /** Throws `BAD_PRICES` where it is no book, or would change what has been settled. */
  put(name: string, document: string): Promise<BookView> {
    return this.#turns.run('prices', async () => {
      if (isPreset(name)) {
        throw fault('BAD_PRICES', { why: `"${name}" is a preset; give yours another name` });
      }
      const book: PriceBook = { ...parsePriceBook(document), name };
      const before = this.#books.get(name);
      const settled = await this.#world.settledUntil();
      const isUsed = settled !== null && this.#isUsedBefore(name, settled);
      if (before !== undefined && isUsed) requireSamePast(before.book, book, settled);
      const text = JSON.stringify(priceDocument(book));
      if (before === undefined || text !== JSON.stringify(priceDocument(before.book))) {
        const revision = await this.#world.store.putBook(name, text);
        this.#books.set(name, { revision, book });
        this.#tell();
      }
      return this.find(name);
    });
  }

  /** From the first day on that is not settled, and not before today. Throws `PRICE_BOOK_UNKNOWN`, `BAD_PRICES`. */
  use(name: string): Promise<BookView> {
    return this.#turns.run('prices', async () => {
      const { book } = this.find(name);
      const settled = await this.#world.settledUntil();
      const now = this.#world.clock.wall();
      const current = this.at(now);
      if (settled !== null && current.book.currency !== book.currency) {
        const why = `days are settled in ${current.book.currency}, and "${name}" is in ${book.currency}`;
        throw fault('BAD_PRICES', { why });
      }
      const isFirst = this.#inForce.length === 0 && settled === null;
      const since = isFirst ? timestamp(0) : timestamp(Math.max(dayOf(now), settled ?? 0));
      if (this.#inForce.at(-1)?.name !== name) {
        await this.#world.store.use({ since, name });
        this.#inForce = [...this.#inForce.filter((one) => one.since < since), { since, name }];
        this.#tell();
      }
      return this.find(name);
    });
  }

  /** Replaces them. Throws `BAD_PRICES`, also where a month that has begun would have another price. */
  setTariffs(document: string): Promise<TariffBook> {
    return this.#turns.run('prices', async () => {
      const tariffs = parseTariffs(document);
      const settled = await this.#world.settledUntil();
      if (settled !== null) this.#requireSameMonths(tariffs, settled);
      await this.#world.store.putTariffs(JSON.stringify(tariffDocument(tariffs)));
      this.#tariffs = tariffs;
      this.#tell();
      return tariffs;
    });
  }

  #requireSameMonths(tariffs: TariffBook, settled: Timestamp): void {
    const { from } = monthOf(settled);
    // What is settled ends in a month, or where one ends: that month may have been billed by the hour.
    const past = (book: TariffBook): string =>
      JSON.stringify(
        tariffDocument({ ...book, versions: [book.versions[0], ...begunBy(book, from)] }),
      );
    if (past(tariffs) !== past(this.#tariffs)) {
      throw fault('BAD_PRICES', {
        why: 'they would change months for which days are settled; begin a version with a later month',
      });
    }
  }

  #nameAt(at: Timestamp): string {
    const held = this.#inForce.findLast(({ since }) => since <= at) ?? this.#inForce[0];
    return held?.name ?? FIRST_BOOK;
  }

  #isUsedBefore(name: string, settled: Timestamp): boolean {
    return this.#inForce.some((one) => one.name === name && one.since < settled);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What plans are sold for now; the presets before anybody has said anything. Throws `CATALOG_DOWN`. */
export async function tariffsKept(store: Pick<PriceStore, 'tariffs'>): Promise<TariffBook> {
  const kept = await store.tariffs();
  return kept === null ? TARIFFS : parseTariffs(kept.document);
}

const isPreset = (name: string): boolean => PRICE_PRESETS.some((preset) => preset === name);

const begunBy = ({ versions: [, ...rest] }: TariffBook, month: Timestamp) =>
  rest.filter(({ from }) => from <= month);

/** All that held before `settled` has to be as it was. */
function requireSamePast(before: PriceBook, after: PriceBook, settled: Timestamp): void {
  const past = ({ versions: [first, ...rest], ...book }: PriceBook): string =>
    JSON.stringify(
      priceDocument({ ...book, versions: [first, ...rest.filter(({ from }) => from < settled)] }),
    );
  if (past(before) === past(after)) return;
  const why = `it would change prices before ${new Date(settled).toISOString()}, by which days are settled; begin a version there or later`;
  throw fault('BAD_PRICES', { why });
}
