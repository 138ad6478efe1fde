/** An OpenID provider that people log in with. Sources: OpenID Connect Core 1.0, RFC 7636 (PKCE). */
import * as oidc from 'openid-client';
import { type Fault, fault } from '../domain/faults.ts';
import type { Identity, IdentityProvider, LoginBegun, LoginKept } from '../domain/identity.ts';

export type OidcOptions = {
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a client without one, which PKCE makes safe. */
  readonly clientSecret: string | null;
  readonly redirectUri: string;
};

const ANSWERS_WITHIN_S = 10;

/** What its metadata says is looked at anew after a failure, and not before. */
export class OidcProvider implements IdentityProvider {
  readonly #options: OidcOptions;
  #found: Promise<oidc.Configuration> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  async begin(isToChoose: boolean): Promise<LoginBegun> {
    const config = await this.#config();
    const kept: LoginKept = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(config, {
      ...{ redirect_uri: this.#options.redirectUri, scope: 'openid email profile' },
      ...{ state: kept.state, nonce: kept.nonce, code_challenge_method: 'S256' },
      code_challenge: await oidc.calculatePKCECodeChallenge(kept.verifier),
      ...(isToChoose ? choosing({ ...config.serverMetadata() }) : {}),
    });
    return { url: url.href, kept };
  }

  async finish(url: URL, { state, nonce, verifier }: LoginKept): Promise<Identity> {
    const config = await this.#config();
    const asked = new URL(this.#options.redirectUri);
    asked.search = url.search;
    try {
      const tokens = await oidc.authorizationCodeGrant(config, asked, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
        idTokenExpected: true,
      });
      return await identityOf(config, tokens);
    } catch (error) {
      throw whyRefused(error);
    }
  }

  #config(): Promise<oidc.Configuration> {
    this.#found ??= this.#discovered().catch((cause: unknown) => {
      this.#found = undefined;
      throw fault('LOGIN_UNAVAILABLE', { why: 'it does not answer' }, { cause });
    });
    return this.#found;
  }

  async #discovered(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const server = new URL(issuer);
    const isLocal = server.protocol === 'http:';
    return await oidc.discovery(
      server,
      clientId,
      clientSecret === null ? {} : { client_secret: clientSecret },
      clientSecret === null ? oidc.None() : undefined,
      { timeout: ANSWERS_WITHIN_S, execute: isLocal ? [oidc.allowInsecureRequests] : [] },
    );
  }
}

/** How the provider is made to ask for an account; most that do not say what they know know this. */
function choosing(known: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const values = known.prompt_values_supported;
  if (!Array.isArray(values) || values.includes('select_account')) {
    return { prompt: 'select_account' };
  }
  return values.includes('login') ? { prompt: 'login' } : {};
}

type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>;

/** Some providers say who it is in the id token, some only when they are asked. */
async function identityOf(config: oidc.Configuration, tokens: Tokens): Promise<Identity> {
  const claims = tokens.claims();
  if (claims === undefined) throw refused('the provider has not said who it is');
  const asked =
    claims.email === undefined
      ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
      : claims;
  const { email, email_verified: isVerified, name } = asked;
  if (typeof email !== 'string') throw refused('the provider has not told an e-mail address');
  if (isVerified !== true) throw refused(`the provider has not verified the address ${email}`);
  return { email, name: typeof name === 'string' ? name : email };
}

const refused = (why: string, cause?: unknown): Fault => fault('LOGIN_REFUSED', { why }, { cause });

function whyRefused(error: unknown): unknown {
  if (error instanceof oidc.AuthorizationResponseError) {
    return refused('the provider has not let this person in', error);
  }
  if (error instanceof oidc.ResponseBodyError) {
    return refused('the provider does not know this login; begin it again', error);
  }
  if (error instanceof oidc.ClientError) {
    return refused("the provider's answer does not belong to this login; begin it again", error);
  }
  return error instanceof TypeError
    ? fault('LOGIN_UNAVAILABLE', { why: 'it does not answer' }, { cause: error })
    : error;
}
