import { AdminKey } from '../api/access/access.ts';
import type { ApiParts } from '../api/app.ts';
import { Doors } from '../api/doors.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { AskedRequests } from '../system/asked-now.ts';
import type { MemoryControl } from './memory-control.ts';
import { type MemoryLogins, memoryDesks } from './memory-desks.ts';
import { MemoryLog } from './memory-log.ts';

/** What an API over a control in memory is made of. Its key is `key`. */
export async function memoryApiParts(world: {
  readonly clock: Clock;
  readonly control: MemoryControl;
  readonly log?: Log;
  readonly key?: string;
  /** Who can log in, and with whom. */
  readonly logins?: MemoryLogins;
  /** Whether browsers reach it over TLS; not so if not given. */
  readonly isSecure?: boolean;
}): Promise<Omit<ApiParts, 'callers'>> {
  const { clock, control, log = new MemoryLog(), key = 'key', isSecure = false } = world;
  const random = new SeededRandom(7);
  const desks = await memoryDesks({ clock, log, control, key, ...world.logins });
  const authority = new Doors({ ...desks, admin: new AdminKey(key), isSecure });

  const asked = new AskedRequests();
  return { clock, random, log, asked, control, desks, authority, isSecure, version: '1.2.3' };
}
