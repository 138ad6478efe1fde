/** The rows of the option table that say where the archive is kept, and who may write to it. */
import type { Option } from './option.ts';
import { duration, key, path, text, url } from './parse.ts';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** Of AES-256. */
const MASTER_KEY_BYTES = 32;

export const ARCHIVE_OPTIONS = {
  archiveDir: {
    parse: path,
    value: 'dir',
    of: 'server',
    doc: 'Volume that the archive is kept on; archive in the data directory if not given',
  },
  archiveUrl: {
    parse: url(['s3:']),
    value: 'url',
    of: 'server',
    doc: 'Bucket to keep the archive in instead: s3://bucket/prefix?endpoint=https://...',
  },
  archiveRegion: {
    parse: text,
    value: 'region',
    of: 'server',
    alsoVariable: 'AWS_REGION',
    doc: 'Region of the bucket',
  },
  archiveAccessKeyId: {
    parse: text,
    of: 'server',
    secret: true,
    alsoVariable: 'AWS_ACCESS_KEY_ID',
    doc: 'Who writes to the bucket',
  },
  archiveSecretAccessKey: {
    parse: text,
    of: 'server',
    secret: true,
    alsoVariable: 'AWS_SECRET_ACCESS_KEY',
    doc: 'Proves it',
  },
  archiveSessionToken: {
    parse: text,
    of: 'server',
    secret: true,
    alsoVariable: 'AWS_SESSION_TOKEN',
    doc: 'Goes with keys that are lent for a time',
  },
  archiveKey: {
    parse: key(MASTER_KEY_BYTES),
    of: 'server',
    secret: true,
    doc: 'Master key of the archive, 32 bytes in base64; one is made at first start if not given',
  },
  archiveKeyFile: {
    parse: path,
    value: 'file',
    of: 'server',
    doc: 'File that holds the master key of the archive',
  },
  archiveAfter: {
    parse: duration({ min: SECOND_MS, max: 365 * DAY_MS }),
    value: 'duration',
    of: 'server',
    doc: 'How long a tenant sleeps before its files go to the archive; as the policy says if not given',
  },
} as const satisfies Readonly<Record<string, Option<unknown>>>;
