/**
 * What tenants have used, minute by minute, is given to their lives. A minute is told when it is over, and
 * by then its tenant may sleep again: what is learned of it is brought back for that, a few tenants at a
 * time.
 */
import type { TenantId } from '../domain/ids.ts';
import type { UsageMinute } from '../domain/usage.ts';
import { eachAtOnce } from './each-at-once.ts';
import type { TenantLife } from './tenant-life.ts';
import type { LifeWorld } from './world.ts';

/** Minutes that wait for their tenants at most; what is learned bears a loss. */
const WAITING_MAX = 50_000;

export type LateMinutesParts = {
  readonly world: Pick<LifeWorld, 'log'>;
  /** Undefined of a tenant with which nothing is going on. */
  readonly life: (tenant: TenantId) => TenantLife | undefined;
  readonly using: (tenant: TenantId, work: (life: TenantLife) => Promise<void>) => Promise<void>;
};

export class LateMinutes {
  readonly #parts: LateMinutesParts;
  #waiting: UsageMinute[] = [];
  #work: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: LateMinutesParts) {
    this.#parts = parts;
  }

  took(records: readonly UsageMinute[]): void {
    for (const record of records) {
      const life = this.#parts.life(record.tenant);
      if (life !== undefined) life.policy.minute(record);
      else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(record);
    }
    if (this.#waiting.length > 0) this.#work ??= this.#catchUp();
  }

  /** Those that still wait are not learned. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
  }

  async #catchUp(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      await eachAtOnce(records, (record) => this.#one(record));
    }
    this.#work = null;
  }

  async #one(record: UsageMinute): Promise<void> {
    if (this.#isClosed) return;
    const { tenant } = record;
    const learn = async ({ policy }: TenantLife): Promise<void> => {
      await policy.learning.loaded;
      policy.minute(record);
      policy.arrange();
    };
    await this.#parts.using(tenant, learn).catch((error: unknown) => {
      this.#parts.world.log.debug('a minute of a tenant was not learned', { tenant, error });
    });
  }
}
