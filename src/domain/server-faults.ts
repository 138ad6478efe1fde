/** Failures of the server itself: its catalog, its machine, how it was started. */
import type { FaultSpec, None } from './fault-spec.ts';

export const SERVER_FAULTS = {
  CATALOG_DOWN: {
    kind: 'control',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (_: None) => 'the catalog cannot be reached; try again in a moment',
  },
  CONTROL_AWAY: {
    kind: 'control',
    sqlstate: '57P03',
    http: 503,
    retry: 'soon',
    message: (_: None) =>
      'the server is being restarted, and this has to wait for it; try again in a moment',
  },
  CATALOG_NEWER: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { found: number; known: number }) =>
      `the catalog was made by a newer DynaBase (it is at migration ${p.found}, and this program knows ${p.known}); ` +
      'start that version or a later one',
  },
  CATALOG_UNUSABLE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) => `the catalog cannot be used: ${p.why}`,
  },
  STALE_GENERATION: {
    kind: 'control',
    sqlstate: '40001',
    http: 409,
    retry: 'soon',
    message: (p: { tenant: string }) =>
      `tenant "${p.tenant}" was changed by someone else meanwhile; look again and repeat`,
  },
  DISK_FULL: {
    kind: 'control',
    sqlstate: '53100',
    http: 507,
    retry: 'never',
    message: (p: { what: string }) => `the disk is full: ${p.what}; free some space and repeat`,
  },
  ARCHIVE_DOWN: {
    kind: 'control',
    sqlstate: '58030',
    http: 503,
    retry: 'soon',
    message: (p: { why: string }) =>
      `the archive cannot be used: ${p.why}; what is there stays there, try again in a moment`,
  },
  ARCHIVE_CORRUPT: {
    kind: 'compute',
    sqlstate: 'XX001',
    http: 500,
    retry: 'never',
    message: (p: { snapshot: string; why: string }) =>
      `snapshot ${p.snapshot} is damaged (${p.why}) and is not used; an earlier one may be good: "dynabase snapshots list"`,
  },
  NOT_ARCHIVED: {
    kind: 'compute',
    sqlstate: '55000',
    http: 409,
    retry: 'never',
    message: (p: { tenant: string; why: string }) =>
      `tenant "${p.tenant}" could not be saved: ${p.why}; its files stay where they are`,
  },
  ARCHIVE_KEY: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) =>
      `the archive's master key is not usable: ${p.why}; give the one that this archive was begun with`,
  },
  SNAPSHOT_UNKNOWN: {
    kind: 'client',
    sqlstate: '42704',
    http: 404,
    retry: 'never',
    message: (p: { snapshot: string }) => `there is no snapshot "${p.snapshot}" of this tenant`,
  },
  BAD_IMPORT: {
    kind: 'client',
    sqlstate: '22000',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) =>
      `the file cannot be imported: ${p.why}; use one that "dynabase export" has made`,
  },
  BAD_POLICY: {
    kind: 'client',
    sqlstate: '22023',
    http: 400,
    retry: 'never',
    message: (p: { why: string }) => `the policy cannot be used: ${p.why}`,
  },
  PORT_IN_USE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { port: number; option: string }) =>
      `port ${p.port} is in use by another program; stop it, or choose another with ${p.option}`,
  },
  DATA_DIR_IN_USE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (_: None) =>
      'this data directory is in use by another DynaBase; stop that one, or choose another with --data-dir',
  },
  DATA_DIR_VERSION: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { found: string; wanted: string }) =>
      `this data directory was made by ${p.found}, and this is ${p.wanted}; use that version, or another --data-dir`,
  },
  DATA_DIR_UNUSABLE: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) => `the data directory cannot be used: ${p.why}`,
  },
  NO_UIDS: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) =>
      `running as root needs unused user ids, one a tenant: ${p.why}; give a range with --uid-range, or start as an ordinary user`,
  },
  USER_UNKNOWN: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (_: None) =>
      'PostgreSQL asks for the name of the user it runs as, and the system knows none for this user id; start as a user with a name',
  },
  ENGINE_MISSING: {
    kind: 'control',
    sqlstate: '58000',
    http: 500,
    retry: 'never',
    message: (p: { why: string }) =>
      `no usable PostgreSQL was found: ${p.why}; run "npm ci", or name one with --postgres-bin-dir`,
  },
  SERVER_UNREACHABLE: {
    kind: 'control',
    sqlstate: '08001',
    http: 503,
    retry: 'soon',
    message: (p: { why: string }) =>
      `DynaBase does not answer: ${p.why}; start it with "dynabase up", or name it with --data-dir or DYNABASE_API_URL`,
  },
  INTERNAL: {
    kind: 'internal',
    sqlstate: 'XX000',
    http: 500,
    retry: 'never',
    message: (_: None) => 'internal error; the server log has the cause',
  },
} as const satisfies Record<string, FaultSpec>;
