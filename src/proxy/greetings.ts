/**
 * What a client is told at its login where there is no backend to tell it: the settings that PostgreSQL
 * reports, as a backend of the same tenant last reported them, or as a fresh one of this engine would.
 *
 * What turns out to be otherwise is told when the session gets a backend, as to any that changes its backend.
 * Bounded: about 1 kB a tenant, the least lately used goes first.
 */
import type { TenantId } from '../domain/ids.ts';
import type { Identity } from './pooled-backend.ts';

const TENANTS_MAX = 2_000;

/** As PostgreSQL 14 and later report them, but for the version. */
const USUAL: readonly (readonly [name: string, value: string])[] = [
  ['in_hot_standby', 'off'],
  ['integer_datetimes', 'on'],
  ['TimeZone', 'Etc/UTC'],
  ['IntervalStyle', 'postgres'],
  ['is_superuser', 'off'],
  ['application_name', ''],
  ['default_transaction_read_only', 'off'],
  ['DateStyle', 'ISO, MDY'],
  ['standard_conforming_strings', 'on'],
  ['client_encoding', 'UTF8'],
  ['session_authorization', ''],
  ['server_encoding', 'UTF8'],
];

/** Which startup parameters come back as they were sent; the form of all others is PostgreSQL's own. */
const AS_SENT: ReadonlySet<string> = new Set(['application_name', 'TimeZone', 'IntervalStyle']);

const UTF8 = /^(?:utf-?8|unicode)$/i;

type Reported = ReadonlyMap<string, string>;

export class Greetings {
  readonly #engineVersion: string;
  readonly #ofTenants = new Map<TenantId, Reported>();

  constructor(engineVersion: string) {
    this.#engineVersion = engineVersion;
  }

  /** A backend of the tenant has greeted with these. */
  note(tenant: TenantId, reported: Reported): void {
    this.#ofTenants.delete(tenant);
    this.#ofTenants.set(tenant, reported);
    if (this.#ofTenants.size <= TENANTS_MAX) return;
    const [oldest] = this.#ofTenants.keys();
    if (oldest !== undefined) this.#ofTenants.delete(oldest);
  }

  /** What a session of this identity is told. */
  of(tenant: TenantId, { role, parameters, baseline }: Identity): Map<string, string> {
    if (baseline !== null) return new Map(baseline);
    const known = this.#ofTenants.get(tenant) ?? [
      ...USUAL,
      ['server_version', this.#engineVersion] as const,
    ];
    const told = new Map(known);
    told.set('session_authorization', role);
    told.set('application_name', '');
    for (const [name, value] of parameters) {
      const reported = [...told.keys()].find((one) => one.toLowerCase() === name.toLowerCase());
      if (reported !== undefined && AS_SENT.has(reported)) told.set(reported, value);
      if (reported === 'client_encoding') {
        told.set(reported, UTF8.test(value) ? 'UTF8' : value.toUpperCase());
      }
    }
    return told;
  }
}
