/**
 * The port to what is inside a running compute besides data: roles, databases, extensions, settings.
 *
 * Whoever fulfils it works as our superuser, or as the tenant's owner where that will do. It is called only while
 * the compute cannot be stopped (`Lifecycle.inside`), and with names and values that have been looked at: what may
 * be done at all is decided by who calls.
 */
import type { Address } from './host.ts';
import type { TenantId, TenantName } from './ids.ts';
import type { Verifier } from './verifier.ts';

/** The compute that is meant. */
export type Place = {
  readonly tenant: TenantId;
  /** Also its owner role and its own database. */
  readonly name: TenantName;
  readonly address: Address;
};

export const ROLE_ACCESS = ['owner', 'read-write', 'read-only', 'none'] as const;

/**
 * What a role may do with all that there is and will be. `owner`: as a member of the owner role, what that may;
 * `none`: only what is granted to it by SQL.
 */
export type RoleAccess = (typeof ROLE_ACCESS)[number];

/** A role of the tenant's own. */
export type TenantRole = {
  readonly name: string;
  readonly isOwner: boolean;
  readonly access: RoleAccess;
  readonly mayLogIn: boolean;
  readonly hasPassword: boolean;
  /** Null for no limit. */
  readonly connectionsMax: number | null;
  /** As PostgreSQL writes it in ISO 8601; null for always. */
  readonly validUntil: string | null;
  /** Roles that were granted to it by SQL. */
  readonly memberOf: readonly string[];
};

/** What is not given stays. */
export type RoleChange = {
  readonly access?: RoleAccess;
  readonly mayLogIn?: boolean;
  /** Null takes the password away. */
  readonly verifier?: Verifier | null;
  readonly connectionsMax?: number | null;
  readonly validUntil?: string | null;
};

export type TenantDatabase = {
  readonly name: string;
  /** The one that has the tenant's name. */
  readonly isDefault: boolean;
  readonly owner: string;
  readonly bytes: number;
};

export type Extension = {
  readonly name: string;
  readonly comment: string;
  readonly defaultVersion: string;
  readonly versions: readonly string[];
  /** PostgreSQL lets whoever owns a database have it. */
  readonly isTrusted: boolean;
  /** Extensions that it needs. */
  readonly requires: readonly string[];
  /** Null where it is not installed. */
  readonly installed: {
    readonly version: string;
    readonly schema: string;
    /** The tenant's owner has it, and may drop it by SQL. */
    readonly isOwners: boolean;
  } | null;
};

export type ExtensionWish = {
  readonly database: string;
  readonly name: string;
  /** The default one if null. */
  readonly version: string | null;
  /** Made if it is not there. */
  readonly schema: string;
  /** By the owner, which PostgreSQL allows for those that it trusts; else by our superuser. */
  readonly asOwner: boolean;
};

/** One setting of PostgreSQL, as a new session of the owner has it. */
export type EffectiveSetting = {
  readonly name: string;
  /** As `SHOW` tells it. */
  readonly value: string;
  /** What was set for the database; null if nothing was. */
  readonly set: string | null;
  /** Who has said so. */
  readonly source: 'postgresql' | 'server' | 'database';
  /** Of the bare number, such as `kB` or `ms`; null without one. */
  readonly unit: string | null;
  readonly type: 'bool' | 'enum' | 'integer' | 'real' | 'string';
  readonly choices: readonly string[] | null;
  readonly summary: string;
};

/** A change of a setting of the database; null takes it back. */
export type SettingChange = {
  readonly name: string;
  readonly value: string | null;
  /** In the setting's own unit; null for no bound. */
  readonly min: number | null;
  readonly max: number | null;
};

/** All that differ in nothing but values are one, for each role and database. */
export type CountedStatement = {
  readonly id: string;
  /** Without the values that were in it. */
  readonly text: string;
  /** The text goes on. */
  readonly isCut: boolean;
  /** Null for one that is gone, and for what was asked by the role that reads only. */
  readonly role: string | null;
  /** Null for one that is gone. */
  readonly database: string | null;
  readonly calls: number;
  readonly totalMs: number;
  readonly meanMs: number;
  readonly longestMs: number;
  readonly rows: number;
  /** The part of its pages that was found in shared buffers; null if it asked for none. */
  readonly fromMemory: number | null;
};

/** The greatest first. */
export type StatementOrder = 'total' | 'mean' | 'longest' | 'calls' | 'rows';

export type StatementCounts =
  | {
      readonly kind: 'counted';
      /** When it was begun; as PostgreSQL writes it in ISO 8601. */
      readonly since: string | null;
      /** How often the rarest ones were dropped to make room. */
      readonly dropped: number;
      /** Of all that are known, told or not. */
      readonly known: number;
      readonly calls: number;
      readonly totalMs: number;
      readonly statements: readonly CountedStatement[];
    }
  | {
      readonly kind: 'uncounted';
      /** This PostgreSQL cannot, or the compute has been running since before they were counted. */
      readonly because: 'engine' | 'restart';
    };

/** What PostgreSQL has refused, in its own words, becomes `QUERY_FAILED`. */
export interface Interior {
  /** Sorted by name. */
  roles(place: Place): Promise<readonly TenantRole[]>;
  /** Throws `QUERY_FAILED` with 42710 for a role that exists. */
  createRole(place: Place, name: string, role: RoleChange): Promise<void>;
  changeRole(place: Place, name: string, change: RoleChange): Promise<void>;
  /** What it owns becomes the owner's; its sessions end. */
  dropRole(place: Place, name: string): Promise<void>;

  /**
   * Has the role that reads only (`Host.ticketKey`) be there, and able to read all that is in `database` now and
   * all that the owner will make. Row-level security holds for it.
   */
  prepareReader(place: Place, database: string): Promise<void>;

  /** Sorted by name. */
  databases(place: Place): Promise<readonly TenantDatabase[]>;
  createDatabase(place: Place, name: string): Promise<void>;
  /** Ends the sessions that are in it. */
  dropDatabase(place: Place, name: string): Promise<void>;

  /** All that this engine has, sorted by name. */
  extensions(place: Place, database: string): Promise<readonly Extension[]>;
  createExtension(place: Place, wish: ExtensionWish): Promise<void>;
  updateExtension(place: Place, wish: Omit<ExtensionWish, 'schema'>): Promise<void>;
  dropExtension(
    place: Place,
    which: Pick<ExtensionWish, 'database' | 'name' | 'asOwner'> & { readonly cascade: boolean },
  ): Promise<void>;

  /** Of `names`, those that this engine has, in its order. */
  settings(
    place: Place,
    database: string,
    names: readonly string[],
  ): Promise<readonly EffectiveSetting[]>;
  /** All of them or none. Throws `BAD_REQUEST` for a value that is out of its bounds. */
  changeSettings(place: Place, database: string, changes: readonly SettingChange[]): Promise<void>;

  /** Those of the tenant's roles in all its databases, and none that is ours. */
  statements(
    place: Place,
    wish: { readonly order: StatementOrder; readonly limit: number },
  ): Promise<StatementCounts>;
  /** Has them be counted from zero. */
  forgetStatements(place: Place): Promise<void>;
}
