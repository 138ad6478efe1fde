/**
 * What a PostgreSQL version can do, and what is known to be wrong with it.
 *
 * A feature is looked up here and never assumed, so that an older system PostgreSQL works too.
 */

export type EngineVersion = { readonly major: number; readonly minor: number };

/** Older majors lack the schema rights that keep a tenant's owner out of what is ours. */
export const MAJOR_MIN = 15;

export type EngineFeatures = {
  /** `--locale-provider=builtin`: text order that is the same on every machine. */
  readonly builtinLocale: boolean;
  readonly allowAlterSystem: boolean;
  /** Buffers of transaction status and its like are settings. */
  readonly slruBuffers: boolean;
  readonly ioMethod: boolean;
  readonly autovacuumWorkerSlots: boolean;
  /** CREATEROLE reaches only roles that the holder made. Before, it could join any role. */
  readonly narrowCreaterole: boolean;
  /** Finds itself without leaving its directory, so it runs where it may not walk the path to. */
  readonly staysInPlace: boolean;
  /** `GRANT ... WITH INHERIT` and its kin. */
  readonly grantOptions: boolean;
};

export function featuresOf({ major }: EngineVersion): EngineFeatures {
  return {
    builtinLocale: major >= 17,
    allowAlterSystem: major >= 17,
    slruBuffers: major >= 17,
    ioMethod: major >= 18,
    autovacuumWorkerSlots: major >= 18,
    narrowCreaterole: major >= 16,
    staysInPlace: major >= 16,
    grantOptions: major >= 16,
  };
}

/**
 * The first minor without a published hole by which an ordinary role runs code as the server's user.
 * Source: CVE-2026-6460, CVE-2026-14680, CVE-2026-16239; PostgreSQL releases of 2026-11-12.
 */
const SAFE_MINOR: Readonly<Record<number, number>> = { 15: 20, 16: 16, 17: 12, 18: 7 };

/** Reads the answer of `postgres --version`; undefined if it is none. */
export function parseEngineVersion(answer: string): EngineVersion | undefined {
  const found = /\(PostgreSQL\) (\d+)(?:\.(\d+))?/.exec(answer);
  if (!found) return undefined;
  return { major: Number(found[1]), minor: Number(found[2] ?? 0) };
}

export const versionText = ({ major, minor }: EngineVersion): string => `${major}.${minor}`;

/** What an operator should know of this version, one sentence each. */
export function warningsOf(version: EngineVersion): string[] {
  const safe = SAFE_MINOR[version.major];
  const warnings: string[] = [];
  if (safe !== undefined && version.minor < safe) {
    warnings.push(
      `PostgreSQL ${versionText(version)} has published holes by which any role can run code as the ` +
        `server's user; ${version.major}.${safe} closes them: name a newer PostgreSQL with ` +
        '--postgres-bin-dir, and until then let in only tenants you trust',
    );
  }
  if (!featuresOf(version).narrowCreaterole) {
    warnings.push(
      `PostgreSQL ${version.major} lets CREATEROLE join any role, so tenants' owners do not get it; ` +
        'they do with 16 or newer',
    );
  }
  return warnings;
}
