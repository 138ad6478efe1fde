/**
 * Logins to servers elsewhere, each under the name of a profile, in one file of the user's own that
 * nobody else can read. Source: XDG Base Directory Specification.
 */
import { join } from 'node:path';
import { badRequest } from './failure.ts';
import { closest } from './options/closest.ts';
import type { World } from './world.ts';

/** The profile of who names none. */
export const PROFILE_DEFAULT = 'default';

export type Login = { readonly apiUrl: string; readonly apiKey: string };

export function credentialsPath({ env, homeDir }: World): string {
  return join(env.XDG_CONFIG_HOME || join(homeDir, '.config'), 'dynabase', 'credentials.json');
}

/** By name of their profiles. Throws `BAD_REQUEST` for a file that somebody has spoilt. */
export async function readLogins(world: World): Promise<ReadonlyMap<string, Login>> {
  const path = credentialsPath(world);
  const text = await world.readText(path).catch(() => {
    throw badRequest(`${path} cannot be read`);
  });
  if (text === undefined) return new Map();
  const logins = new Map<string, Login>();
  for (const [name, login] of Object.entries(profilesIn(text, path))) {
    if (!isLogin(login)) throw spoilt(path);
    logins.set(name, { apiUrl: login.apiUrl, apiKey: login.apiKey });
  }
  return logins;
}

export async function writeLogins(
  world: World,
  logins: ReadonlyMap<string, Login>,
): Promise<string> {
  const path = credentialsPath(world);
  const profiles = Object.fromEntries([...logins].sort(([a], [b]) => (a < b ? -1 : 1)));
  await world.writeText(path, `${JSON.stringify({ profiles }, null, 2)}\n`);
  return path;
}

/** Throws `BAD_REQUEST` if there is none of that name. */
export async function loginNamed(world: World, profile: string): Promise<Login> {
  const logins = await readLogins(world);
  const found = logins.get(profile);
  if (found !== undefined) return found;
  const near = closest(profile, [...logins.keys()]);
  throw badRequest(
    near === undefined
      ? `there is no profile "${profile}"; dynabase login --profile ${profile} makes it`
      : `there is no profile "${profile}"; did you mean ${near}?`,
  );
}

function profilesIn(text: string, path: string): object {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && 'profiles' in read) {
      const { profiles } = read;
      if (typeof profiles === 'object' && profiles !== null) return profiles;
    }
  } catch {
    // Told below: what is in the file must not be.
  }
  throw spoilt(path);
}

const isLogin = (value: unknown): value is Login =>
  typeof value === 'object' &&
  value !== null &&
  'apiUrl' in value &&
  typeof value.apiUrl === 'string' &&
  'apiKey' in value &&
  typeof value.apiKey === 'string';

const spoilt = (path: string) =>
  badRequest(`${path} is not what "dynabase login" wrote; correct it or remove it`);
