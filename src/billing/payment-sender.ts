/** Works off the outbox: every item until Stripe has it, and none twice. */
import type { BillingStore } from '../domain/billing.ts';
import type { CancelTimer, Clock } from '../domain/clock.ts';
import type { CustomerId } from '../domain/ids.ts';
import type { Log } from '../domain/log.ts';
import type { MeterNews, OutboxItem, PaymentStore } from '../domain/payment.ts';
import {
  type DurationMs,
  hours,
  later,
  minutes,
  ms,
  seconds,
  type Timestamp,
} from '../domain/units.ts';
import type { Invoice } from '../economics/invoice.ts';
import { HOUR_MS } from '../economics/month.ts';
import { type FeedWorld, feedHours } from './meter-feed.ts';
import { isRefusal, type StripeDoor, wordsOf } from './stripe-door.ts';

export type SenderWorld = Omit<FeedWorld, 'store'> & {
  readonly clock: Clock;
  readonly log: Log;
  readonly door: StripeDoor;
  readonly billing: Pick<BillingStore, 'settings' | 'profile' | 'byNumber'>;
  readonly store: PaymentStore;
  /** A closed invoice from its text. */
  readonly readInvoice: (text: string) => Invoice;
};

/** How often is looked for what is to be told. */
const LOOK_EVERY = minutes(1);

/** Items that are taken from the outbox at once. */
const BATCH = 500;

/** Customers of which something is told at the same time. */
const AT_ONCE = 8;

/** Stripe knows keys and identifiers for a day at least; what was tried before that is asked for first. */
const KNOWN_FOR = hours(20);

/** Stripe takes no older ones: 35 days, and a day for good measure. */
const OLDEST = hours(34 * 24);

/** Tries that fail one after the other for reasons that are not their own: then the provider is away, or wants less. */
const MISSES_MAX = 5;

/** After so long a person is to look. */
const AWAY_TOLD = hours(4);

/** Or after so many tries of one item, some five hours, if it is refused for what it is. */
const TRIES_TOLD = 12;

const WAIT_FIRST = seconds(30);
const WAIT_MAX = hours(1);

const MESSAGES_KEPT = hours(24 * 30);

export class PaymentSender {
  readonly #world: SenderWorld;
  #cancel: CancelTimer = () => undefined;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** One after the other. */
  #misses = 0;
  /** Since when the provider is away, and whether a person was told of it. */
  #away: { readonly since: Timestamp; readonly isTold: boolean } | null = null;

  constructor(world: SenderWorld) {
    this.#world = world;
  }

  start(): void {
    if (this.#isClosed) return;
    this.#cancel = this.#world.clock.timer(LOOK_EVERY, () => {
      this.#working = this.work().finally(() => this.start());
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#working;
  }

  /** Whatever is to be told now. Never throws: what fails is tried again. */
  async work(): Promise<void> {
    const { log } = this.#world;
    try {
      await this.#fill();
      this.#misses = 0;
      while (this.#goesOn && (await this.#send()) === BATCH);
      this.#tellAway();
    } catch (error) {
      log.warn('nothing could be told to the payment provider; it is tried again', { error });
    }
  }

  #tellAway(): void {
    if (this.#goesOn || this.#isClosed) return;
    const { clock, log } = this.#world;
    const { since, isTold } = this.#away ?? { since: clock.wall(), isTold: false };
    const isLong = clock.wall() - since >= AWAY_TOLD;
    if (isLong && !isTold) log.error('the payment provider has taken nothing for hours', { since });
    this.#away = { since, isTold: isLong };
  }

  get #goesOn(): boolean {
    return !this.#isClosed && this.#misses < MISSES_MAX;
  }

  async #fill(): Promise<void> {
    const { store, billing, clock } = this.#world;
    const { tells, meters } = await billing.settings();
    const now = clock.wall();
    if (tells === 'meters') await feedHours(this.#world, meters, now);
    if (tells === 'invoices') await store.tellInvoices(await store.toldUntil(now), now);
    await store.forgetMessages(later(now, ms(-MESSAGES_KEPT)));
  }

  /** Returns how many items were due. */
  async #send(): Promise<number> {
    const { store, clock } = this.#world;
    const due = await store.due(clock.wall(), BATCH);
    const byCustomer = Map.groupBy(due, ({ customer }) => customer);
    const queue = [...byCustomer.entries()];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await this.#sendAll(...next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return due.length;
  }

  /** One after the other, so that a customer is made once; whatever fails lets the next one be tried, unless all do. */
  async #sendAll(customer: CustomerId, items: readonly OutboxItem[]): Promise<void> {
    const { store, clock, log } = this.#world;
    for (const item of items) {
      if (!this.#goesOn) return;
      await store.begin(item.id, clock.wall());
      try {
        await this.#sendOne(customer, item);
        await store.done(item.id, clock.wall());
        this.#misses = 0;
        this.#away = null;
      } catch (error) {
        if (!isRefusal(error)) this.#misses++;
        const why = wordsOf(error);
        const nextAt = this.#nextTry(item);
        const level = nextAt === null || item.attempts === TRIES_TOLD ? 'error' : 'warn';
        const { key, attempts } = item;
        log[level]('the payment provider was not told', { customer, key, attempts, why, nextAt });
        await store.failed(item.id, why, nextAt);
      }
    }
  }

  /** Null once it is too late. */
  #nextTry({ attempts, news }: OutboxItem): Timestamp | null {
    const now = this.#world.clock.wall();
    if (news.kind === 'meter' && now - news.hour > OLDEST) return null;
    const wait = Math.min(WAIT_MAX, WAIT_FIRST * 2 ** Math.min(attempts, 10));
    return later(now, wait as DurationMs);
  }

  async #sendOne(customer: CustomerId, item: OutboxItem): Promise<void> {
    const { door, store, billing, readInvoice, clock } = this.#world;
    const account = await this.#account(customer, item);
    if (item.news.kind === 'meter') {
      await this.#sendMeter(account, item, item.news);
      return;
    }
    const stored = await billing.byNumber(item.news.number);
    if (stored === undefined) return;
    const isRepeated = item.begunAt !== null;
    const told = await door.sendInvoice(account, item.key, readInvoice(stored.text), isRepeated);
    const state = told.state === 'draft' ? 'open' : told.state;
    await store.notePayment(stored.number, state, told.id, clock.wall());
  }

  async #account(customer: CustomerId, { begunAt }: OutboxItem): Promise<string> {
    const { store, billing, door } = this.#world;
    const known = await store.account(customer);
    if (known !== undefined) return known;
    const profile = await billing.profile(customer);
    if (profile === undefined) throw new Error(`there is no customer ${customer}`);
    const made = await door.createCustomer(profile, begunAt !== null);
    const { tells, prices } = await billing.settings();
    if (tells === 'meters') await door.subscribe(made, prices);
    await store.saveAccount(customer, made);
    return made;
  }

  async #sendMeter(account: string, item: OutboxItem, news: MeterNews): Promise<void> {
    const { clock, door } = this.#world;
    const isOld = item.begunAt !== null && clock.wall() - item.begunAt > KNOWN_FOR;
    if (isOld && (await this.#hasHour(account, news))) return;
    try {
      await door.sendMeter(account, item.key, news);
    } catch (error) {
      // It may be there from an attempt whose answer was lost.
      if (item.begunAt !== null && isRefusal(error) && (await this.#hasHour(account, news))) return;
      throw error;
    }
  }

  /** There is one item for an hour of a meter: whether anything was counted in it says whether it has arrived. */
  async #hasHour(account: string, { event, hour }: MeterNews): Promise<boolean> {
    const { door } = this.#world;
    const meter = (await door.meters()).get(event);
    if (meter === undefined) return false;
    return (await door.meterSum(meter, account, { from: hour, to: later(hour, ms(HOUR_MS)) })) > 0n;
  }
}
