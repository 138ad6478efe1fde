/** The drivers of SQL over HTTP and WebSocket, unmodified, with nothing set but where the server is. */
import { neonConfig } from '@neondatabase/serverless';
import { WebSocket } from 'ws';
import type { ClientTenant } from './client-tenant.ts';

/** Both go to the port of PostgreSQL clients. There is one configuration a process. */
export function aimNeonAt({ server }: ClientTenant): void {
  const place = `127.0.0.1:${server.proxyPort}`;
  neonConfig.fetchEndpoint = `http://${place}/sql`;
  neonConfig.wsProxy = `${place}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.webSocketConstructor = WebSocket;
}
