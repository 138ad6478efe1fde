import { ServerControl } from '../control/server-control.ts';
import { TicketBook } from '../control/tickets.ts';
import type { Failpoints } from '../domain/failpoints.ts';
import { NO_FAILPOINTS } from '../domain/failpoints.ts';
import type { Passwords } from '../domain/passwords.ts';
import { ms } from '../domain/units.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { verifierNumber } from './drafts.ts';
import { MemoryDesk } from './memory-desk.ts';
import { Orchestrated } from './orchestrated.ts';

/** Longer than anything of the simulated world takes. */
const TAKES = ms(2_000);

/** The real control over the real orchestrator, in a simulated world. */
export class Controlled {
  readonly world = new Orchestrated();
  readonly takes = TAKES;
  readonly desk: MemoryDesk;
  readonly control: ServerControl;

  constructor(failpoints: Failpoints = NO_FAILPOINTS) {
    const { clock, catalog, policyStore, archive, orchestrator, proxies } = this.world;
    let made = 0;
    const passwords: Passwords = {
      generate: () => `password-${++made}`,
      verifierOf: () => Promise.resolve(verifierNumber(made)),
    };
    const random = new SeededRandom(3);
    this.desk = new MemoryDesk((rules) => orchestrator.setRules(rules));
    this.control = new ServerControl({
      ...{ clock, random, failpoints, catalog, archive, passwords },
      ...{ policyStore, policyDesk: this.desk, rules: () => this.desk.rules },
      lifecycle: orchestrator,
      tickets: new TicketBook({ clock, random, passwords }),
      sessions: () => proxies,
      server: {
        version: '1',
        startedAt: clock.wall(),
        engine: { kind: 'embedded', version: '18.1' },
        isolation: 'none',
        warnings: [],
        proxy: { host: 'localhost', port: 6_432 },
      },
    });
  }

  /** What `work` gives, while time goes on. */
  async done<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await this.world.clock.advance(TAKES);
    const outcome = await settled;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }
}
