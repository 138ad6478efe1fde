/** A server in memory with two customers, and everybody who might call it for one of them. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Role } from '../domain/caller.ts';
import { later, ms } from '../domain/units.ts';
import { InjectedApi } from './injected-api.ts';

export type Party = {
  readonly customer: string;
  readonly tenant: string;
  readonly tenantName: string;
  readonly key: string;
  readonly email: string;
};

type Signing = Awaited<ReturnType<typeof generateKeyPair>>;

export class TwoCustomers {
  readonly api: InjectedApi;
  readonly ours: Party;
  readonly theirs: Party;
  readonly issuer: string;
  readonly #signing: Signing;

  private constructor(
    parts: Pick<TwoCustomers, 'api' | 'ours' | 'theirs' | 'issuer'>,
    signing: Signing,
  ) {
    this.api = parts.api;
    this.ours = parts.ours;
    this.theirs = parts.theirs;
    this.issuer = parts.issuer;
    this.#signing = signing;
  }

  static async open(): Promise<TwoCustomers> {
    const api = await InjectedApi.open();
    const signing = await generateKeyPair('ES256');
    const ours = await party(api, 'ours');
    const theirs = await party(api, 'theirs');
    const jwk = { ...(await exportJWK(signing.publicKey)), alg: 'ES256' };
    const made = await api.ask('POST', '/v1/token-issuers', {
      payload: {
        ...{ name: 'app', issuer: 'https://app.example', audience: 'dynabase', role: 'admin' },
        ...{ customerClaim: 'org', keys: { keys: [jwk] } },
      },
    });
    return new TwoCustomers({ api, ours, theirs, issuer: made.body.id }, signing);
  }

  /** The secret of a new key. */
  async key(scope: object, role: Role, more: object = {}): Promise<string> {
    const payload = { name: `${role} key`, scope, role, ...more };
    const { status, body } = await this.api.ask('POST', '/v1/keys', { payload });
    if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
    return body.secret;
  }

  /** A token as the application would sign it, or with what is `wrong` about it. */
  async token(claims: object, wrong: { readonly iss?: string; readonly by?: Signing } = {}) {
    const { iss = 'https://app.example', by = this.#signing } = wrong;
    const now = Math.floor(this.api.clock.wall() / 1_000);
    const jwt = new SignJWT({ iss, aud: 'dynabase', iat: now, exp: now + 3_600, ...claims });
    return await jwt.setProtectedHeader({ alg: 'ES256' }).sign(by.privateKey);
  }

  /** Callers that prove nothing, by what is wrong with them. */
  async strangers(): Promise<Readonly<Record<string, string | undefined>>> {
    const scope = { kind: 'customer', customer: this.theirs.customer };
    const expiresAt = new Date(later(this.api.clock.wall(), ms(1_000))).toISOString();
    const expired = await this.key(scope, 'admin', { expiresAt });
    await this.api.clock.advance(ms(2_000));
    const revoked = await this.key(scope, 'admin');
    const id = `key_${revoked.split('_')[1]}`;
    await this.api.ask('DELETE', `/v1/keys/${id}`);
    const other = await generateKeyPair('ES256');
    return {
      nobody: undefined,
      'an expired key': expired,
      'a revoked key': revoked,
      'a wrong secret of a right key': `${revoked.slice(0, -4)}AAAA`,
      'a key of nobody': `dyb_000000000000_${'A'.repeat(43)}`,
      'a token of an unknown issuer': await this.token(
        { org: this.theirs.customer },
        { iss: 'https://other.example' },
      ),
      'a token signed by another': await this.token({ org: this.ours.customer }, { by: other }),
    };
  }

  /** Callers of `theirs`, and of nobody's, who reach nothing of `ours`. */
  async foreigners(): Promise<Readonly<Record<string, string>>> {
    const { customer, tenant } = this.theirs;
    const scope = { kind: 'customer', customer };
    return {
      'an admin of another customer': await this.key(scope, 'admin'),
      'an operator of another customer': await this.key(scope, 'operator'),
      'a viewer of another customer': await this.key(scope, 'viewer'),
      'a billing key of another customer': await this.key(scope, 'billing'),
      'a read-only key of another customer': await this.key(scope, 'admin', { readOnly: true }),
      'an admin of another tenant': await this.key({ kind: 'tenant', tenant }, 'admin'),
      'a token of another customer': await this.token({ org: customer }),
      'a token for one tenant of another': await this.token({ org: customer, tenant }),
      'a publishable key': await this.key({ kind: 'operator' }, 'claimer'),
    };
  }

  close(): Promise<void> {
    return this.api.close();
  }
}

async function party(api: InjectedApi, name: string): Promise<Party> {
  const made = async (url: string, payload: object) =>
    (await api.ask('POST', url, { payload })).body;
  const { id: customer } = await made('/v1/customers', { name, externalId: `ext-${name}` });
  const tenantName = `tenant-of-${name}`;
  const { id: tenant } = await made('/v1/tenants', { name: tenantName, customer });
  const scope = { kind: 'customer', customer };
  const { id: key } = await made('/v1/keys', { name: `key of ${name}`, scope, role: 'admin' });
  const email = `person@${name}.example`;
  const payload = { role: 'viewer' };
  await api.ask('PUT', `/v1/customers/${customer}/people/${email}`, { payload });
  return { customer, tenant, tenantName, key, email };
}
