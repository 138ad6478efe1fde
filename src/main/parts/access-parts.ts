/** Who may call the API, and what is kept of what they did: desks over the catalog, and what stands behind them. */
import { readFile } from 'node:fs/promises';
import { AdminKey, type Authority, adminOpenerOf } from '../../api/access/access.ts';
import { Doors } from '../../api/doors.ts';
import type { PgCatalog } from '../../catalog/pg-catalog.ts';
import type { ServerOptions } from '../../cli/options/options.ts';
import type { AccessDesks } from '../../control/access/access-desks.ts';
import { openAccess } from '../../control/access/open-access.ts';
import type { Control } from '../../control/control.ts';
import type { SettingsDesk } from '../../control/settings.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Events } from '../../domain/events.ts';
import { fault } from '../../domain/faults.ts';
import type { Log } from '../../domain/log.ts';
import type { Random } from '../../domain/random.ts';
import { ms } from '../../domain/units.ts';
import { OidcProvider } from '../../system/identity-provider.ts';
import { KeyedSecrecy } from '../../system/secrecy.ts';
import { JoseTokens } from '../../system/tokens.ts';
import type { DataDirectory } from '../data-directory.ts';

export type AccessParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly catalog: PgCatalog;
  readonly control: Control;
  readonly events: Events;
  readonly settings: SettingsDesk;
  /** Where browsers reach the API. */
  readonly publicUrl: string;
};

export type Access = {
  readonly desks: AccessDesks;
  readonly authority: Authority;
  close(): Promise<void>;
};

export async function openAccessParts(parts: AccessParts): Promise<Access> {
  const { clock, random, log, options, directory, catalog, control, events, settings } = parts;
  const desks = openAccess({
    ...{ clock, random, log, control, events, stores: catalog.stores },
    secrecy: new KeyedSecrecy(await directory.secret('seal'), random),
    reader: new JoseTokens(clock),
    adminOpener: adminOpenerOf(directory.apiKey),
    provider: await identityProvider(options, parts.publicUrl),
    admins: options.oidcAdmins ?? [],
    tenantById: (id) => catalog.tenantById(id),
    settings: () => settings.current(),
    auditKeep: ms(options.auditKeep),
  });
  await desks.logins.start();
  desks.ring.start();
  await desks.audit.start();
  return {
    desks,
    authority: new Doors({
      ...desks,
      admin: new AdminKey(directory.apiKey),
      isSecure: parts.publicUrl.startsWith('https:'),
    }),
    close: async () => {
      desks.audit.close();
      await desks.ring.close();
    },
  };
}

/** Null if nobody is to log in. Throws `BAD_OPTION` for half a provider. */
async function identityProvider(
  options: ServerOptions,
  publicUrl: string,
): Promise<OidcProvider | null> {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecretFile: file } = options;
  if (issuer === null) return null;
  if (clientId === null) {
    throw fault('BAD_OPTION', { option: '--oidc-client-id', why: 'is needed with --oidc-issuer' });
  }
  const redirectUri = new URL('/v1/auth/callback', publicUrl).href;
  const clientSecret = file === null ? null : await secretIn(file);
  return new OidcProvider({ issuer, clientId, clientSecret, redirectUri });
}

async function secretIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const why = 'the file cannot be read';
    throw fault('BAD_OPTION', { option: '--oidc-client-secret-file', why }, { cause });
  }
}
