/** What tests of the whole program do as a client of it: of its API, and of a tenant. */
import pg from 'pg';
import { DynaBaseError } from '../sdk/index.ts';

/** The failure of a call that must fail, and as the API tells it. */
export async function failureOf(call: Promise<unknown>): Promise<DynaBaseError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DynaBaseError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** Does `work` in a session of its own. */
export async function asClient<T>(
  uri: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(uri);
  // A session that is ended under it fails by what it asks next.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
