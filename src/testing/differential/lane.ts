/** One way to a database: straight to its socket, or through the proxy. */
import pg from 'pg';
import { eventually } from '../eventually.ts';
import { FrameClient, type Place } from '../frame-client.ts';
import { query, sync } from '../requests.ts';
import type { WireMessage } from '../wire-peer.ts';
import { SCENE } from './statements.ts';
import { MARKER, type Step } from './steps.ts';
import { told } from './transcript.ts';

/** Whoever waits for a lock waits for a session that does nothing meanwhile: for ever. */
const OPTIONS = '-c lock_timeout=100';

export type Lane = {
  readonly name: string;
  /** Where to connect to; asked before every scenario. */
  readonly place: () => Promise<Place>;
  readonly login: { readonly user: string; readonly password: string; readonly database: string };
  /** Done between two steps: what the client must not notice. */
  readonly disturb: (step: number) => Promise<void>;
};

/** What each step brought, and the session's end. */
export type Heard = readonly (readonly string[])[];

/** Plays all steps from the beginning, on a scene of its own. */
export async function play(lane: Lane, steps: readonly Step[]): Promise<Heard> {
  const place = await lane.place();
  await setScene(lane, place);
  const sessions = 1 + Math.max(0, ...steps.map(({ session }) => session));
  const clients: FrameClient[] = [];
  try {
    for (let opened = 0; opened < sessions; opened++) {
      clients.push(
        await FrameClient.open({ place, ...lane.login, parameters: { options: OPTIONS } }),
      );
    }
    const heard: string[][] = clients.map(greeting);
    // A session that asks for the value of a sequence for the first time may be told there is none.
    for (const client of clients) await client.ask(query('select lastval()'));
    for (const [number, step] of steps.entries()) {
      await lane.disturb(number);
      heard.push(
        await take(clients, step).catch((error: unknown) => {
          throw new Error(`${lane.name}, step ${number}: ${step.says}`, { cause: error });
        }),
      );
    }
    return heard;
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
}

/** Parameters of a fresh session; the key is its own. */
const greeting = (client: FrameClient): string[] =>
  client.greeting
    .filter(({ type }) => type === 'S' || type === 'Z')
    .map((found) => told(found, 0))
    .toSorted();

async function take(clients: readonly FrameClient[], step: Step): Promise<string[]> {
  const client = clients[step.session];
  if (client === undefined) throw new Error('a step for nobody');
  const frames = await answers(client, step);
  const pid = client.key.processId;
  if (clients.length === 1) return frames.map((found) => told(found, pid));
  // Where sessions notify each other, when it arrives is chance; that it has arrived is not.
  const notifications: string[] = [];
  for (const [number, each] of clients.entries()) {
    const late = await each.ask(sync());
    const all = each === client ? [...frames, ...late] : late;
    const asynchronous = all.filter(({ type }) => type === 'A');
    notifications.push(...asynchronous.map((a) => `${number} ${told(a, each.key.processId)}`));
  }
  const others = frames.filter(({ type }) => type !== 'A').map((found) => told(found, pid));
  return [...others, ...notifications];
}

async function answers(client: FrameClient, step: Step): Promise<WireMessage[]> {
  if (step.cancel === 'idle') {
    await client.cancel();
    return [];
  }
  for (const { bytes, cuts = [] } of step.writes) {
    const ends = [...cuts, bytes.length];
    await client.sendApart(ends.map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end)));
  }
  if (step.readies === 'marked') return await toMarker(client);
  if (step.cancel === undefined) return await client.until('Z', step.readies);
  const begun = await client.until('NZ');
  if (begun.at(-1)?.type === 'Z') return begun;
  await client.cancel();
  return [...begun, ...(await client.until('Z', step.readies))];
}

async function toMarker(client: FrameClient): Promise<WireMessage[]> {
  const found: WireMessage[] = [];
  while (!client.closed) {
    found.push(...(await client.until('Z')));
    if (found.some(({ type, body }) => type === 'E' && isMarker(body))) break;
  }
  return found;
}

/** PostgreSQL 18 itself stumbles over some of these sequences, and then fails the marker so. */
const isMarker = (error: Buffer): boolean =>
  error.includes(MARKER) || error.includes('CXX000\0MStartTransactionCommand');

/** Everything that scenarios work on, as if it had just been made. */
async function setScene(lane: Lane, place: Place): Promise<void> {
  const client = new pg.Client({ ...lane.login, ...place });
  await client.connect();
  try {
    await eventually('nobody holds a lock', async () => {
      const held = `select 1 from pg_locks where locktype = 'advisory'`;
      return (await client.query(held)).rowCount === 0;
    });
    for (const statement of SCENE) await client.query(statement);
  } finally {
    await client.end();
  }
}
