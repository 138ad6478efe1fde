/** A password, the one time that it is shown. */
import type { ReactNode } from 'react';
import type { TenantSecret } from '../../sdk/index.ts';
import { Snippet } from '../ui/copy.tsx';

export function SecretShown({
  secret,
  children,
}: {
  readonly secret: TenantSecret;
  readonly children?: ReactNode;
}) {
  return (
    <div className="space-y-3">
      <p>
        The password of <b>{secret.name}</b> is shown here once and kept nowhere. Any PostgreSQL
        client connects with this:
      </p>
      <Snippet text={secret.connectionUri} label="Copy the connection string" />
      <Snippet text={secret.password} label="Copy the password" />
      {children}
    </div>
  );
}
