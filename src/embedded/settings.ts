/**
 * The settings a compute starts with.
 *
 * They go on the command line: there they outrank every file in the data directory, so that a
 * tenant that got hold of its files still cannot open a door; roles and databases may set their own
 * on top as in any PostgreSQL. Nothing here is secret, since `ps` shows it.
 *
 * Memory decides most of them. Measured with PostgreSQL 18.4 and 200 connections, an idle compute
 * costs per connection 2.1 kB for every 10 `max_pred_locks_per_transaction`, 1.8 kB for every 10
 * `max_locks_per_transaction`, 4.4 kB for serializable transactions and 4 kB for the rest.
 * A segment of dynamic shared memory is allocated as a whole, 1 MB of it for statistics alone;
 * `min_dynamic_shared_memory` takes it from memory that counts only once it is touched.
 */
import { isSmall as isSmallSize, type SizeClass } from '../domain/tier.ts';
import type { EngineFeatures } from './engine-version.ts';

export type Setting = readonly [name: string, value: string];

export type SettingsRequest = {
  readonly features: EngineFeatures;
  readonly size: SizeClass;
  /** Shown in `ps` and in the log. */
  readonly clusterName: string;
  readonly onLinux: boolean;
  /** Statements are counted one by one: for tenants, where the engine can. */
  readonly countsStatements: boolean;
};

/** Connections kept for our own superuser, beyond what the size class allows. */
export const RESERVED_CONNECTIONS = 3;

/** A module of PostgreSQL, and its settings' prefix. */
export const STATEMENT_COUNTER = 'pg_stat_statements';

/** Statements that are counted one by one at once; of more, those that are asked least make room. */
export const STATEMENTS_COUNTED = { small: 100, large: 1_000 } as const;

/** Relative to PGDATA, where every process of a compute works. */
const SOCKET_DIR = '../run';
export const PORT = 5432;

/** As many locks as a stock PostgreSQL has room for: 64 for each of 100 connections. */
const LOCKS_MIN = 6_400;
/**
 * In a small compute. Its lock tables are half of this at the start and grow into memory that nobody
 * else has taken: measured with 200 connections, one transaction can hold 3,900 locks, so a dump of
 * that many tables goes through. Room for 6,400 would take 0.7 MB more while idle.
 */
const LOCKS_MIN_SMALL = 2_000;
const LOCKS_PER_TRANSACTION_MIN = 10;

/**
 * Room for the four pages that a busy connection may hold at once. With 1 MB and 190 busy ones,
 * statements failed for want of an unpinned buffer; what is never touched costs next to nothing.
 */
const KB_PER_CONNECTION = 32;

export function settingsOf(request: SettingsRequest): Setting[] {
  const { features, size, onLinux } = request;
  const isSmall = isSmallSize(size);
  return [
    ...doors(request),
    ...capacity(size, isSmall),
    ...writing(size, isSmall),
    ...background(isSmall),
    ...logging(),
    ...(request.countsStatements ? counting(isSmall) : []),
    ...habits(),
    ...(onLinux ? [['recovery_init_sync_method', 'syncfs'] as const] : []),
    ...sinceVersion(features, isSmall),
  ];
}

/** As arguments for `postgres`. */
export const asArguments = (settings: readonly Setting[]): string[] =>
  settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);

function doors({ clusterName, countsStatements }: SettingsRequest): Setting[] {
  return [
    ['cluster_name', clusterName],
    ['listen_addresses', ''],
    ['port', `${PORT}`],
    ['unix_socket_directories', SOCKET_DIR],
    ['unix_socket_permissions', '0700'],
    ['ssl', 'off'],
    ['shared_preload_libraries', countsStatements ? STATEMENT_COUNTER : ''],
    ['superuser_reserved_connections', `${RESERVED_CONNECTIONS}`],
    ['password_encryption', 'scram-sha-256'],
    // Who restarts a crashed compute, and how often, is decided outside of it.
    ['restart_after_crash', 'off'],
  ];
}

function capacity(size: SizeClass, isSmall: boolean): Setting[] {
  const connections = size.connectionsMax + RESERVED_CONNECTIONS;
  const locksMin = isSmall ? LOCKS_MIN_SMALL : LOCKS_MIN;
  const locks = Math.max(LOCKS_PER_TRANSACTION_MIN, Math.ceil(locksMin / connections));
  const buffersKb = Math.max(size.sharedBuffersMb * 1_024, connections * KB_PER_CONNECTION);
  const tempMb = Math.max(1_024, size.sharedBuffersMb * 64);
  return [
    ['max_connections', `${connections}`],
    ['shared_buffers', `${buffersKb}kB`],
    ['work_mem', `${size.workMemKb}kB`],
    ['maintenance_work_mem', `${size.maintenanceWorkMemMb}MB`],
    ['temp_file_limit', `${tempMb}MB`],
    ['max_locks_per_transaction', `${locks}`],
    ['max_pred_locks_per_transaction', isSmall ? '10' : '64'],
    // The stock bound: half of 64, and not half of 10.
    ['max_pred_locks_per_relation', '32'],
    ['max_worker_processes', isSmall ? '1' : '8'],
    ['max_parallel_workers', isSmall ? '1' : '8'],
    // The start of a statement tells which it is; a whole one a connection costs 0.2 MB a compute.
    ['track_activity_query_size', isSmall ? '256' : '1024'],
    ['huge_pages', 'off'],
    ['min_dynamic_shared_memory', '4MB'],
    ['jit', 'off'],
  ];
}

function writing(size: SizeClass, isSmall: boolean): Setting[] {
  return [
    ['wal_level', 'replica'],
    ['max_wal_senders', '2'],
    ['max_replication_slots', '2'],
    ['wal_compression', 'pglz'],
    // By itself it would follow shared_buffers, which a small compute has for its connections' sake.
    ...(isSmall ? [['wal_buffers', '64kB'] as const] : []),
    ['wal_recycle', isSmall ? 'off' : 'on'],
    ['min_wal_size', isSmall ? '2MB' : '32MB'],
    ['max_wal_size', `${Math.max(64, size.sharedBuffersMb * 8)}MB`],
    ['checkpoint_timeout', '15min'],
    ['fsync', 'on'],
    ['synchronous_commit', 'on'],
    ['full_page_writes', 'on'],
  ];
}

function background(isSmall: boolean): Setting[] {
  return [
    // A small compute has it in its settings file, off until the orchestrator says otherwise.
    ...(isSmall ? [] : [['autovacuum', 'on'] as const]),
    ['autovacuum_max_workers', isSmall ? '1' : '3'],
    ['max_logical_replication_workers', isSmall ? '0' : '4'],
    // Without a goal the background writer hibernates at once instead of after minutes.
    ['bgwriter_lru_maxpages', isSmall ? '0' : '100'],
  ];
}

function logging(): Setting[] {
  return [
    ['logging_collector', 'off'],
    ['log_destination', 'stderr'],
    ['log_line_prefix', '%m [%p] %q%u@%d '],
    ['log_timezone', 'UTC'],
    ['log_checkpoints', 'off'],
    // A statement can hold a password or a customer's row.
    ['log_min_error_statement', 'panic'],
    ['lc_messages', 'C'],
  ];
}

/**
 * What is counted of statements, and for how long: until somebody has it forgotten, suspends included.
 *
 * Commands are not, since CREATE ROLE has a password in its text. Measured with PostgreSQL 18.4, a small
 * compute takes 0.09 MB more while idle, and 1 ms more to stop; in 240 pairs a wake took as long as
 * without, and a statement within 1 % of the processor. The texts lie in a file of the data directory, which
 * grows to twice what the statements kept take, or to 0.5 kB for each of `max`.
 */
const counting = (isSmall: boolean): Setting[] => [
  [`${STATEMENT_COUNTER}.max`, `${STATEMENTS_COUNTED[isSmall ? 'small' : 'large']}`],
  [`${STATEMENT_COUNTER}.track`, 'top'],
  [`${STATEMENT_COUNTER}.track_utility`, 'off'],
  [`${STATEMENT_COUNTER}.save`, 'on'],
];

/** What initdb would have written into postgresql.conf. */
function habits(): Setting[] {
  return [
    ['timezone', 'UTC'],
    ['datestyle', 'ISO, MDY'],
    ['default_text_search_config', 'pg_catalog.english'],
    ['track_io_timing', 'on'],
  ];
}

function sinceVersion(features: EngineFeatures, isSmall: boolean): Setting[] {
  const settings: Setting[] = [];
  if (features.allowAlterSystem) settings.push(['allow_alter_system', 'off']);
  if (features.slruBuffers && isSmall) {
    for (const name of ['multixact_member', 'serializable'])
      settings.push([`${name}_buffers`, '16']);
  }
  if (features.autovacuumWorkerSlots) {
    settings.push(['autovacuum_worker_slots', isSmall ? '1' : '6']);
  }
  if (features.ioMethod) {
    settings.push(['io_method', isSmall ? 'sync' : 'worker']);
    if (isSmall) settings.push(['io_max_concurrency', '1']);
    else settings.push(['io_workers', '2']);
  }
  return settings;
}
