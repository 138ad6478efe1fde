/**
 * Sends letters that are due, one after the other, each within a time: a mail server that hangs holds up letters alone.
 *
 * A letter is taken for longer than it may take, so nobody else sends it meanwhile, and is removed once it was sent; after a
 * crash in between it is sent once more, which is better than never. What cannot be sent is tried for three days.
 */
import type { Clock } from '../../domain/clock.ts';
import type { BudgetStore, MailSender, StoredMail } from '../../domain/economics.ts';
import type { Log } from '../../domain/log.ts';
import { Rounds } from '../../domain/rounds.ts';
import { type DurationMs, hours, later, minutes, seconds } from '../../domain/units.ts';

const LOOK_EVERY = minutes(1);

/** Letters of one look: all of them together take less than the time for which they are taken. */
const AT_ONCE = 10;
const SENT_WITHIN = seconds(30);
const TAKEN_FOR = minutes(10);

/** From the first try on. */
const TRIES: readonly DurationMs[] = [
  ...[minutes(10), minutes(30)],
  ...[1, 2, 4, 8, 12, 24, 24].map(hours),
];

export type MailWorld = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<BudgetStore, 'takeMails' | 'postponeMail' | 'removeMail'>;
  readonly sender: MailSender;
};

export class MailRound {
  readonly #world: MailWorld;
  readonly #stop = new AbortController();
  readonly #rounds: Rounds;

  constructor(world: MailWorld) {
    this.#world = world;
    const failed = 'letters were not looked for; it is tried again';
    const { clock, log } = world;
    this.#rounds = new Rounds({ clock, log, every: LOOK_EVERY, work: () => this.#look(), failed });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Never rejects. */
  look(): Promise<void> {
    return this.#rounds.now();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#rounds.close();
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#world;
    for (const mail of await store.takeMails(AT_ONCE, later(clock.wall(), TAKEN_FOR))) {
      await this.#send(mail);
    }
  }

  async #send(mail: StoredMail): Promise<void> {
    const { store, log, sender, clock } = this.#world;
    const stop = new AbortController();
    const cancel = clock.timer(SENT_WITHIN, () => stop.abort());
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    try {
      await sender.send(mail, signal);
      await store.removeMail(mail.id);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const wait = TRIES[mail.attempts - 1];
      if (wait === undefined) {
        log.warn('a letter could not be sent for three days and is given up', { error });
        await store.removeMail(mail.id);
        return;
      }
      log.warn('a letter could not be sent; it is tried again', { attempts: mail.attempts, error });
      await store.postponeMail(mail.id, later(clock.wall(), wait));
    } finally {
      cancel();
    }
  }
}
