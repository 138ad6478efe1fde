/** What the operator sets for the whole server while it runs; kept in the catalog. */
import { PLANS, type Plan } from './tier.ts';
import { type DurationMs, hours } from './units.ts';

/** A bucket that fills at a steady pace: what it holds may be spent at once. */
export type Rate = { readonly perMinute: number; readonly burst: number };

export type ServerSettings = {
  /** Of a new tenant that is no customer's, where nobody says. */
  readonly defaultPlan: Plan;
  /** Plans that a customer may choose by itself. */
  readonly selfServicePlans: readonly Plan[];
  /** Extensions of PostgreSQL that tenants may have beyond the harmless ones. */
  readonly allowedExtensions: readonly string[];
  /** Databases without an account, which somebody claims or which go. */
  readonly claimable: {
    readonly enabled: boolean;
    readonly lifeMs: DurationMs;
    /** Unclaimed at once, of all together. */
    readonly unclaimedMax: number;
    readonly logicalBytesMax: number;
    readonly sessionsMax: number;
    /** New ones, from one address. */
    readonly perAddress: Rate;
  };
  readonly webhooks: {
    /** Of one customer, and of the operator. */
    readonly perOwnerMax: number;
    /** How long deliveries can be looked at. */
    readonly keptMs: DurationMs;
  };
  /** How long what was used and asked is kept by the minute and by the hour; days are kept for ever. */
  readonly retention: { readonly minutesMs: DurationMs; readonly hoursMs: DurationMs };
  /** The dashboard that customers see, as the operator's own product. */
  readonly branding: {
    readonly name: string;
    /** An image as a `data:` URL; empty for ours. */
    readonly logo: string;
    /** `#rrggbb`, which is made lighter or darker until it can be read; empty for ours. */
    readonly accent: string;
    /** Where customers find help; empty for nowhere. */
    readonly supportUrl: string;
    /** Whether customers see tiers, levels and why their databases sleep. */
    readonly transparency: boolean;
  };
  /** Becoming a customer by oneself, with the identity provider. */
  readonly signUp: {
    readonly enabled: boolean;
    /** Domains of the addresses that may; none for any. */
    readonly emailDomains: readonly string[];
    /** Databases that who has signed up may have. */
    readonly tenantsMax: number;
    /** New customers, all together. */
    readonly rate: Rate;
  };
  /** Requests to the API. */
  readonly rates: {
    readonly perCaller: Rate;
    /** From one address, whoever asks. */
    readonly perAddress: Rate;
    /** Failed attempts to prove who one is, from one address. */
    readonly failedLogins: Rate;
  };
};

const MB = 1_048_576;

export const SETTINGS_DEFAULT: ServerSettings = {
  defaultPlan: 'free',
  selfServicePlans: [],
  allowedExtensions: [],
  claimable: {
    ...{ enabled: false, lifeMs: hours(72), unclaimedMax: 1_000 },
    ...{ logicalBytesMax: 100 * MB, sessionsMax: 10 },
    perAddress: { perMinute: 0.1, burst: 5 },
  },
  branding: { name: 'DynaBase', logo: '', accent: '', supportUrl: '', transparency: false },
  signUp: {
    ...{ enabled: false, emailDomains: [], tenantsMax: 3 },
    rate: { perMinute: 1, burst: 60 },
  },
  webhooks: { perOwnerMax: 20, keptMs: hours(24 * 30) },
  retention: { minutesMs: hours(24 * 14), hoursMs: hours(24 * 400) },
  rates: {
    perCaller: { perMinute: 6_000, burst: 1_000 },
    perAddress: { perMinute: 12_000, burst: 2_000 },
    failedLogins: { perMinute: 10, burst: 20 },
  },
};

type Change<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Change<T[K]> | undefined }
    : T;

/** What is not given stays. A list is replaced as a whole. */
export type SettingsChange = Change<ServerSettings>;

/** `settings` with `change`. */
export const changed = (settings: ServerSettings, change: SettingsChange): ServerSettings =>
  merged(settings, change) as ServerSettings;

/**
 * What is in `text`, which this version or another one has written: what is not known here is left out, what
 * is not there or of another kind is as at first.
 */
export function readSettings(text: string): ServerSettings {
  const settings = merged(SETTINGS_DEFAULT, JSON.parse(text)) as ServerSettings;
  const isPlan = (plan: unknown): plan is Plan => PLANS.some((known) => known === plan);
  return {
    ...settings,
    defaultPlan: isPlan(settings.defaultPlan) ? settings.defaultPlan : 'free',
    selfServicePlans: settings.selfServicePlans.filter(isPlan),
    allowedExtensions: settings.allowedExtensions.filter(isText),
    signUp: { ...settings.signUp, emailDomains: settings.signUp.emailDomains.filter(isText) },
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Of `change` what `base` has too, and that is of the same kind there. */
function merged(base: unknown, change: unknown): unknown {
  if (change === undefined || change === null || typeof change !== typeof base) return base;
  if (Array.isArray(base) !== Array.isArray(change)) return base;
  if (typeof base !== 'object' || base === null || Array.isArray(base)) return change;
  const parts = change as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(base).map(([key, part]) => [
      key,
      Object.hasOwn(parts, key) ? merged(part, parts[key]) : part,
    ]),
  );
}
