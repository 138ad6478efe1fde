/**
 * What is remembered of a tenant's levels, beside its data directory where the tenant cannot write. Losing
 * it costs speed and nothing else, so a rename is enough and nobody waits for the disk.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  type AccessRecord,
  accessRecordText,
  NO_RECORD,
  parseAccessRecord,
} from '../access-record.ts';
import type { ComputeFiles } from '../layout.ts';
import { isErrno } from '../machine/durable.ts';
import { type HotList, hotListText, parseHotList } from './hot-list.ts';

export const readHotList = async ({ hotList }: ComputeFiles): Promise<HotList> =>
  parseHotList(await textIn(hotList));

export const writeHotList = ({ hotList }: ComputeFiles, list: HotList): Promise<void> =>
  replace(hotList, hotListText(list));

export async function readAccessRecord({ access }: ComputeFiles): Promise<AccessRecord> {
  const text = await textIn(access);
  return text === '' ? NO_RECORD : parseAccessRecord(text);
}

export const writeAccessRecord = ({ access }: ComputeFiles, record: AccessRecord): Promise<void> =>
  replace(access, accessRecordText(record));

/** Empty if there is none. */
async function textIn(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

/** A reader finds the old text or the new. What a crash leaves of the draft the next call replaces. */
async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
