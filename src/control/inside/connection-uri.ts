/** How clients are told where a tenant is. */

/** Where clients connect. */
export type ProxyAddress = { readonly host: string; readonly port: number };

export type UriLogin = {
  readonly user: string;
  readonly password?: string;
  readonly database: string;
};

/** A host as it stands in a URI. */
export const hostInUri = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * The user that leads to `role` of the tenant. A database that has the tenant's name says which tenant is meant; with
 * another one the user has to.
 */
export const userOf = (login: {
  readonly role: string;
  readonly database: string;
  readonly tenant: string;
}): string => (login.database === login.tenant ? login.role : `${login.role}.${login.tenant}`);

/** `query` stands behind it as it is. */
export function uriOf({ host, port }: ProxyAddress, login: UriLogin, query = ''): string {
  const { password } = login;
  const [user, database] = [login.user, login.database].map(percentEncoded);
  const secret = password === undefined ? '' : `:${percentEncoded(password)}`;
  const behind = query === '' ? '' : `?${query}`;
  return `postgresql://${user}${secret}@${hostInUri(host)}:${port}/${database}${behind}`;
}

/** Also what `encodeURIComponent` leaves, and some parsers of URIs or shells take for more than text. */
export const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
