/** The server that has served this page, by its SDK: the only door there is. */
import { DynaBase, DynaBaseError } from '../../sdk/index.ts';
import { asked, heard, lost } from './connection.ts';
import { sessionOver, tellLeft, tellOpened } from './session.ts';

const EVENTS = /\/v1\/(tenants\/[^/]+\/)?events/;

const UNAUTHORIZED = 401;

/** What changes something says that no foreign page has sent it. */
const OURS = { 'x-dynabase-csrf': '1' };

/** Watches the session and the stream of events, too. */
const watched: typeof fetch = async (input, init) => {
  const headers = new Headers({ ...Object.fromEntries(new Headers(init?.headers)), ...OURS });
  const isStream = EVENTS.test(String(input));
  if (isStream) asked();
  try {
    const answer = await fetch(input, { ...init, headers, credentials: 'same-origin' });
    if (answer.status === UNAUTHORIZED) sessionOver();
    if (isStream) (answer.ok ? heard : lost)();
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
  await post('session', { authorization: `Bearer ${key}` });
  tellOpened();
}

/** For all tabs. Throws `DynaBaseError`. */
export async function logout(): Promise<void> {
  await post('logout', OURS);
  tellLeft();
}

/** The way of browsers through a login is no operation of the API. */
async function post(what: 'session' | 'logout', headers: Readonly<Record<string, string>>) {
  const answer = await fetch(`/v1/auth/${what}`, { method: 'POST', headers }).catch(() => null);
  if (answer?.ok) return;
  const told: unknown = await answer?.json().catch(() => null);
  const message = String(Object(told).detail ?? 'The server did not answer.');
  const code = String(Object(told).code ?? 'SERVER_UNREACHABLE');
  const http = answer?.status ?? 503;
  throw new DynaBaseError({ code, message, sqlstate: '08001', http, retry: 'soon' });
}
