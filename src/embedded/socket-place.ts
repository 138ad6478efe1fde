import { dirname } from 'node:path';
import type { Address } from '../domain/host.ts';
import { PORT } from './settings.ts';

/** A socket as `pg` wants it: `host` is its directory, and the port is part of its name. */
export const socketPlace = ({ socketPath }: Address) => ({
  host: dirname(socketPath),
  port: PORT,
});
