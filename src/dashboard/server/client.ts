/** The server that has served this page, by its SDK: the only door there is. */
import { DynaBase } from '../../sdk/index.ts';
import { heard, lost } from './connection.ts';

const EVENTS = /\/v1\/(tenants\/[^/]+\/)?events/;

/** Says of what changes something that no foreign page has sent it, and watches the stream of events. */
const watched: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('x-dynabase-csrf', '1');
  const isStream = EVENTS.test(String(input));
  try {
    const answer = await fetch(input, { ...init, headers, credentials: 'same-origin' });
    if (isStream && answer.ok) heard();
    return answer;
  } catch (error) {
    if (isStream) lost();
    throw error;
  }
};

export const dynabase = new DynaBase({ apiUrl: window.location.origin, fetch: watched });

/** Opens a session by showing a key, which is kept nowhere. Throws `DynaBaseError`. */
export async function loginWith(key: string): Promise<void> {
  const shown = new DynaBase({ apiUrl: window.location.origin, apiKey: key });
  await shown.access.whoAmI();
  const answer = await fetch('/v1/auth/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
  if (!answer.ok) throw new Error(`the server opened no session (${answer.status})`);
}

export async function logout(): Promise<void> {
  await fetch('/v1/auth/logout', { method: 'POST', headers: { 'x-dynabase-csrf': '1' } });
}
