/** The desks of what is inside tenants, and the sessions by which queries of the API get there. */
import type { ServerOptions } from '../../cli/options/options.ts';
import { type InsideDesks, openInsideDesks } from '../../control/inside/inside-desks.ts';
import type { SettingsDesk } from '../../control/settings.ts';
import type { TicketBook } from '../../control/tickets.ts';
import type { Catalog } from '../../domain/catalog.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Interior } from '../../domain/interior.ts';
import type { Lifecycle } from '../../domain/lifecycle.ts';
import type { Passwords } from '../../domain/passwords.ts';
import { ms, seconds } from '../../domain/units.ts';
import type { Rules } from '../../policy/rules.ts';
import { PooledQueries } from '../query/runner.ts';

export type InsideParts = {
  readonly clock: Clock;
  readonly options: ServerOptions;
  readonly catalog: Catalog;
  readonly lifecycle: Lifecycle;
  readonly interior: Interior;
  readonly passwords: Passwords;
  readonly tickets: TicketBook;
  readonly rules: () => Rules;
  readonly settings: SettingsDesk;
  readonly proxyPort: number;
};

/** The proxy says itself why a wake has failed, a little later than it is over. */
const CONNECT_MARGIN = seconds(15);

export function openInsideParts(parts: InsideParts): {
  readonly desks: InsideDesks;
  close(): void;
} {
  const { options, clock, settings, proxyPort } = parts;
  const { requireTls } = options;
  const queryRunner = new PooledQueries(clock, {
    ...{ host: nearest(options.host), port: proxyPort, requireTls },
    connectWithin: ms(options.wakeTimeout + CONNECT_MARGIN),
  });
  const desks = openInsideDesks({
    ...parts,
    ...{ queryRunner, requireTls },
    allowedExtensions: () => settings.current().allowedExtensions,
    proxy: { host: options.publicHost, port: proxyPort },
  });
  return { desks, close: () => queryRunner.close() };
}

/** Where this machine reaches what listens at `host`. */
function nearest(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
