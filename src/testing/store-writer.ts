/**
 * A process that writes to a directory store: `node store-writer.ts MODE PATH NAME`.
 *
 * `race`: for every line ROUND of its input creates `race/ROUND` and prints whether it did.
 * `count`: adds one to the number in the pointer `counter` as often as its input's first line says.
 * `endless`: creates objects that say their own hash, and prints the key of each when it is acknowledged.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { createInterface } from 'node:readline';
import { openDirectoryStore } from '../archive/directory-store.ts';
import type { Store } from '../archive/store.ts';
import { SystemClock } from '../system/clock.ts';

const BODY_MAX = 200_000;

/** An object that its reader can check: the hash of what follows comes first. */
function selfChecking(): Buffer {
  const body = randomBytes(randomInt(1, BODY_MAX));
  return Buffer.concat([createHash('sha256').update(body).digest(), body]);
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function count(store: Store, times: number): Promise<void> {
  let done = 0;
  while (done < times) {
    const found = await store.read('counter');
    const next = Buffer.from(String(Number(found?.bytes ?? 0) + 1));
    if ((await store.swap('counter', next, found?.version ?? null)) !== null) done++;
  }
}

async function endless(store: Store, name: string): Promise<void> {
  let version: string | null = null;
  for (let n = 0; ; n++) {
    const key = `objects/${name}/${n % 7}/${n}`;
    await store.create(key, selfChecking());
    version = await store.swap(`heads/${name}`, selfChecking(), version);
    say(key);
  }
}

const [mode, path = '', name = ''] = process.argv.slice(2);
const store = await openDirectoryStore({ path, clock: new SystemClock() });
say('ready');
if (mode === 'endless') await endless(store, name);
for await (const line of createInterface({ input: process.stdin })) {
  if (mode === 'count') {
    await count(store, Number(line));
    say('done');
    break;
  }
  say(String(await store.create(`race/${line}`, Buffer.from(name))));
}
process.exit();
