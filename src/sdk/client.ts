/** The typed client: `new DynaBase({ apiUrl, apiKey })`. */
import type { Policy, PolicyChange } from '../contract/policy/policy.ts';
import type { AnswerOf } from '../contract/routes.ts';
import type { Branding, Settings, SettingsChange } from '../contract/service/settings.ts';
import type { Status } from '../contract/service/status.ts';
import type { Recovery } from '../contract/tenants/recovery.ts';
import { Access, Customers, Keys, People, TokenIssuers } from './access.ts';
import { Awake } from './awake.ts';
import { Billing } from './billing.ts';
import { Economics } from './economics.ts';
import { EventFeed } from './events.ts';
import { Health } from './health.ts';
import { Computes, Inside } from './inside.ts';
import { Claims, Limits } from './limits.ts';
import { Tenants } from './tenants.ts';
import { type CallOptions, type ClientOptions, Transport } from './transport.ts';
import { UsageReports } from './usage.ts';
import { Webhooks } from './webhooks.ts';
import { Operations } from './work.ts';

/** A server of DynaBase. It keeps no connection of its own: there is nothing to close. */
export class DynaBase {
  /** Tenants, and what is done with one as a whole. */
  readonly tenants: Tenants;
  /** What is in a tenant: SQL, roles, databases, extensions, settings. */
  readonly inside: Inside;
  /** What is awake, and the rules of plans and tiers. */
  readonly computes: Computes;
  /** Work that takes long: begun, watched, stopped. */
  readonly operations: Operations;
  /** What happens, as it happens. */
  readonly events: EventFeed;
  /** Events, sent to servers of yours. */
  readonly webhooks: Webhooks;
  /** Whose the tenants are. */
  readonly customers: Customers;
  /** Invoices, credits, and the payment provider. */
  readonly billing: Billing;
  /** Why tenants are awake, and what that costs. */
  readonly awake: Awake;
  /** What may be used, and was. */
  readonly limits: Limits;
  /** What was used and asked. */
  readonly usage: UsageReports;
  /** What it costs, what is charged, prices and budgets. */
  readonly economics: Economics;
  /** Databases without an account. */
  readonly claims: Claims;
  /** Keys of the API. */
  readonly keys: Keys;
  /** Who may log in. */
  readonly people: People;
  /** Applications whose signed tokens are taken. */
  readonly tokenIssuers: TokenIssuers;
  /** Who one is, and who has done what. */
  readonly access: Access;
  /** The rules by which all tenants are kept. */
  readonly policy: Policies;
  /** What the operator sets for the whole server. */
  readonly settings: ServerSettings;
  /** How the server does, and where that can be seen. */
  readonly health: Health;
  readonly #transport: Transport;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options);
    this.tenants = new Tenants(this.#transport);
    this.inside = new Inside(this.#transport);
    this.computes = new Computes(this.#transport);
    this.operations = new Operations(this.#transport);
    this.events = new EventFeed(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
    this.customers = new Customers(this.#transport);
    this.billing = new Billing(this.#transport);
    this.awake = new Awake(this.#transport);
    this.limits = new Limits(this.#transport);
    this.usage = new UsageReports(this.#transport);
    this.economics = new Economics(this.#transport);
    this.claims = new Claims(this.#transport);
    this.keys = new Keys(this.#transport);
    this.people = new People(this.#transport);
    this.tokenIssuers = new TokenIssuers(this.#transport);
    this.access = new Access(this.#transport);
    this.policy = new Policies(this.#transport);
    this.settings = new ServerSettings(this.#transport);
    this.health = new Health(this.#transport);
  }

  /** What the server says of itself. */
  status(options?: CallOptions): Promise<Status> {
    return this.#transport.call('getStatus', {}, options);
  }

  /** Enters the tenants that the archive has and the catalog has lost. Repeating it does no harm. */
  recover(options?: CallOptions): Promise<Recovery> {
    return this.#transport.call('recoverTenants', {}, options);
  }

  /** Resolves if the process lives. Needs no key. */
  healthy(options?: CallOptions): Promise<AnswerOf<'getHealth'>> {
    return this.#transport.call('getHealth', {}, options);
  }

  /** Resolves if the server can do its work. Needs no key. */
  ready(options?: CallOptions): Promise<AnswerOf<'getReadiness'>> {
    return this.#transport.call('getReadiness', {}, options);
  }
}

/** The rules by which all tenants are kept. */
export class Policies {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What is in force. */
  get(options?: CallOptions): Promise<Policy> {
    return this.#transport.call('getPolicy', {}, options);
  }

  /** Holds from now on, and after a restart. Answers with what is in force then. */
  set(policy: PolicyChange, options?: CallOptions): Promise<Policy> {
    return this.#transport.call('setPolicy', { body: policy }, options);
  }
}

/** What the operator sets for the whole server. */
export class ServerSettings {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All of them. */
  get(options?: CallOptions): Promise<Settings> {
    return this.#transport.call('getSettings', {}, options);
  }

  /** Name and looks of the dashboard, and whether one can sign up. Needs no key. */
  branding(options?: CallOptions): Promise<Branding> {
    return this.#transport.call('getBranding', {}, options);
  }

  /** What is left out stays; a list is replaced. Holds at once, and after a restart. */
  change(change: SettingsChange, options?: CallOptions): Promise<Settings> {
    return this.#transport.call('changeSettings', { body: change }, options);
  }
}
