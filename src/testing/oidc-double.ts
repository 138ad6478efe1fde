/** A real OpenID provider on a port of this machine, and somebody who goes through its pages like a browser. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** Whom the provider lets in next, and what it says of them. */
export type Account = { readonly email: string; readonly verified: boolean };

export class OidcDouble implements AsyncDisposable {
  readonly issuer: string;
  account: Account = { email: 'ann@example.com', verified: true };
  readonly #server: Server;

  private constructor(server: Server, issuer: string) {
    this.#server = server;
    this.issuer = issuer;
  }

  static async open(redirectUri: string): Promise<OidcDouble> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const double = new OidcDouble(server, issuer);
    const provider = new Provider(issuer, {
      clients: [
        {
          ...{ client_id: 'dynabase', client_secret: 'client-secret-of-the-test' },
          ...{ redirect_uris: [redirectUri], grant_types: ['authorization_code'] },
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, sub) => ({
        accountId: sub,
        claims: () => ({
          sub,
          email: double.account.email,
          email_verified: double.account.verified,
        }),
      }),
      cookies: { keys: ['only for tests'] },
    });
    const handle = provider.callback();
    server.on('request', (request, reply) => {
      if (!request.url?.startsWith('/interaction/')) return void handle(request, reply);
      void interact(provider, request, reply);
    });
    return double;
  }

  /** Follows the provider's pages until it sends the browser back to us; gives that address. */
  async visit(url: string): Promise<string> {
    const jar = new Map<string, string>();
    let next = url;
    for (let steps = 0; steps < 10 && next.startsWith(this.issuer); steps++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
      for (const set of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        jar.set(name, value);
      }
      const location = answer.headers.get('location');
      if (location === null) throw new Error(`${next}: ${answer.status} ${await answer.text()}`);
      next = new URL(location, next).href;
    }
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

type Handler = Parameters<Provider['interactionDetails']>;

/** Logs in whoever comes, and consents for them. */
async function interact(provider: Provider, request: Handler[0], reply: Handler[1]): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, reply);
  if (prompt.name === 'login') {
    const result = { login: { accountId: 'account-1' } };
    return await provider.interactionFinished(request, reply, result);
  }
  const accountId = session?.accountId ?? 'account-1';
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId, clientId: String(params.client_id) });
  grant.addOIDCScope('openid email profile');
  const result = { consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, reply, result, { mergeWithLastSubmission: true });
}
