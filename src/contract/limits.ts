/** The lists and bounds of the contract, apart from the schemas: who needs only these starts faster. */

export const TENANT_TIERS = ['COLD', 'WARM', 'HOT', 'PERSISTENT'] as const;
/** What gives a tenant's tier back to the policy. */
export const AUTO_TIER = 'auto';

/** What is advised to a tenant. */
export const ADVICE_KINDS = [
  'plan-up',
  'plan-down',
  'tier-up',
  'tier-down',
  'consent',
  'cache',
] as const;

/** Who may choose a tier. */
export const TIER_SETTERS = ['operator', 'customer'] as const;

export const TENANT_PLANS = ['free', 'starter', 'professional', 'enterprise'] as const;
export const TENANT_STATES = [
  'creating',
  'suspended',
  'waking',
  'running',
  'suspending',
  'failed',
  'archiving',
  'deleting',
] as const;

/** What lists of tenants can be sorted by. */
export const TENANT_SORTS = ['name', 'createdAt', 'tierSince', 'stateSince', 'state'] as const;

export const TENANT_HOMES = ['none', 'local', 'archive'] as const;
export const TENANT_LEVELS = ['L1', 'L2', 'L3', 'L4'] as const;

/** What is done on the ladder. */
export const STEPS = [
  'shed-l1',
  'resize',
  'shed-l2',
  'suspend',
  'archive',
  'snapshot',
  'hydrate',
  'wake',
  'prewarm',
  'restore',
] as const;

export const SNAPSHOT_KINDS = ['stopped', 'running'] as const;
export const SNAPSHOT_NAME_LENGTH_MAX = 63;

export const DECISION_KINDS = ['tier', 'prewarm', 'size', 'anomaly', 'policy'] as const;

export const POLICY_PRESETS = [
  'machine',
  'railway',
  'vision',
  'adaptive',
  'always-on',
  'demo',
] as const;

/** What a tenant's queries have to do. */
export const QUERY_COMPLEXITIES = ['simple', 'moderate', 'complex'] as const;
export const DATA_TRENDS = ['growing', 'steady', 'shrinking'] as const;
export const FINDING_SEVERITIES = ['info', 'warning', 'critical'] as const;
export const RESIDENCIES = ['fixed', 'adaptive'] as const;

/** The part of page reads that memory should serve. Source: VISION.md, KPI. */
export const HIT_RATIO_WANTED = 0.9;

/** A year; beyond that a tenant that must not sleep belongs in tier PERSISTENT. */
export const SUSPEND_AFTER_MAX_MS = 31_536_000_000;
export const SUSPEND_AFTER_MIN_MS = 1_000;
export const SESSIONS_MAX = 10_000;

/** 0 stands for never. */
export const MAX_PIN_IDLE_MIN_MS = 1_000;
export const MAX_PIN_IDLE_MAX_MS = 31_536_000_000;

export const RESTART_WITHIN_DEFAULT_MS = 10_000;
export const RESTART_WITHIN_MAX_MS = 600_000;

/** What a session counts as. */
export const VISITOR_CLASSES = ['person', 'probe', 'poller', 'monitor', 'backup'] as const;

export const SESSION_STATES = ['bound', 'pinned', 'parked', 'waiting'] as const;
export const SESSION_PIN_REASONS = [
  'temporary objects',
  'cursor WITH HOLD',
  'advisory lock',
  'sequence value',
  'open transaction',
  'COPY',
  'statement too large',
  'prepared in a batch',
  'session authorization',
  'state unknown',
] as const;

/** What events tell of. */
export const EVENT_TYPES = [
  'tenant.created',
  'tenant.connected',
  'tenant.state',
  'tenant.changed',
  'tenant.deleted',
  'tenant.decision',
  'tenant.expiring',
  'tenant.claimed',
  'quota.soft',
  'quota.hard',
  'quota.lifted',
  'cost.alert',
  'operation.begun',
  'operation.ended',
  'key.created',
  'key.rotated',
  'key.deleted',
  'customer.created',
  'customer.changed',
  'customer.deleted',
  'invoice.closed',
  'invoice.paid',
  'invoice.payment-failed',
  'webhook.test',
  'webhook.disabled',
  'events.missed',
  'events.cut',
] as const;

export const CALLER_KINDS = ['admin-key', 'key', 'person', 'token', 'anybody'] as const;
export const CALLER_ROLES = ['admin', 'operator', 'billing', 'viewer', 'claimer'] as const;
export const PERSON_ROLES = ['admin', 'operator', 'billing', 'viewer'] as const;
export const KEY_KINDS = ['key', 'personal', 'session'] as const;
export const AUDIT_OUTCOMES = ['begun', 'done', 'failed', 'unknown'] as const;

/** Long work of the API. */
export const WORK_KINDS = [
  'create',
  'wake',
  'suspend',
  'restart',
  'archive',
  'snapshot',
  'restore',
  'fork',
  'import',
  'recover',
  'delete',
  'what-if',
] as const;

/** Price books that are there without being made. */
export const PRICE_PRESETS = ['vision', 'vision-metered', 'railway', 'own-hardware'] as const;

/** By what costs can be summed. */
export const COST_KEYS = ['tenant', 'tier', 'plan', 'customer', 'day'] as const;

/** How it stands. */
export const WORK_STATUSES = ['running', 'done', 'failed', 'cancelled'] as const;

/** Of one query over the API. */
export const QUERY_BODY_BYTES_MAX = 4_194_304;
export const QUERY_ROWS_MAX = 50_000;
export const QUERY_ROWS_DEFAULT = 1_000;
export const QUERY_BYTES_MAX = 33_554_432;
export const QUERY_BYTES_DEFAULT = 4_194_304;
export const QUERY_TIMEOUT_MAX_MS = 600_000;
export const QUERY_TIMEOUT_DEFAULT_MS = 30_000;

/** By what the statements that take most come first. */
export const STATEMENT_SORTS = ['total', 'mean', 'longest', 'calls', 'rows'] as const;
export const STATEMENTS_MAX = 200;
export const STATEMENTS_DEFAULT = 100;

/** What a role may do with all that a tenant has. */
export const ROLE_ACCESSES = ['owner', 'read-write', 'read-only', 'none'] as const;
export const ROLE_CONNECTIONS_MAX = 10_000;

/** What is limited, soft and hard. */
export const QUOTA_NAMES = [
  'activeTimeSeconds',
  'computeTimeSeconds',
  'writtenDataBytes',
  'dataTransferBytes',
  'logicalSizeBytes',
  'sessions',
] as const;
