/**
 * The columns of an answer: what is told of them in JSON, and how their values are written.
 *
 * Applications ask the same few questions again and again, so that what was made of a RowDescription is
 * kept, under its very bytes. All that is kept is the same for whoever asks.
 */
import { type JsonOf, jsonOf, jsonString } from './json-values.ts';

type Column = {
  /** What stands before its value in a row that is an object; null if a later one has its name. */
  readonly label: Buffer | null;
  readonly json: JsonOf;
};

/** `head` is what stands before the rows. */
export type Description = { readonly head: Buffer; readonly columns: readonly Column[] };

/** Longer ones are read each time; all that is kept is some megabytes at most. */
const KEPT_BYTES_MAX = 2 * 1024;
const KEPT_MAX = 500;

export class Descriptions {
  readonly #known = new Map<string, Description>();

  /** The body of a RowDescription is `bytes` from `start` to `end`. */
  of(bytes: Buffer, start: number, end: number, isRaw: boolean): Description {
    if (end - start > KEPT_BYTES_MAX) return read(bytes.subarray(start, end), isRaw);
    const name = (isRaw ? 'r' : 't') + bytes.toString('latin1', start, end);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = read(bytes.subarray(start, end), isRaw);
    // Who asks much finds what he asks again soon after.
    if (this.#known.size >= KEPT_MAX) this.#known.clear();
    this.#known.set(name, made);
    return made;
  }
}

function read(body: Buffer, isRaw: boolean): Description {
  const count = body.readUInt16BE(0);
  const fields: string[] = [];
  const columns: { name: string; oid: number }[] = [];
  let at = 2;
  for (let index = 0; index < count; index++) {
    const zero = body.indexOf(0, at);
    const name = body.toString('utf8', at, zero);
    const oid = body.readUInt32BE(zero + 7);
    fields.push(
      `{"name":${JSON.stringify(name)},"dataTypeID":${oid},"tableID":${body.readUInt32BE(zero + 1)},` +
        `"columnID":${body.readInt16BE(zero + 5)},"dataTypeSize":${body.readInt16BE(zero + 11)},` +
        `"dataTypeModifier":${body.readInt32BE(zero + 13)},"format":"text"}`,
    );
    columns.push({ name, oid });
    at = zero + 19;
  }
  // Of columns with one name an object has the last.
  const last = new Map(columns.map(({ name }, index) => [name, index]));
  return {
    head: headOf(fields),
    columns: columns.map(({ name, oid }, index) => {
      const label = last.get(name) === index ? Buffer.from(`${JSON.stringify(name)}:`) : null;
      return { label, json: isRaw ? jsonString : jsonOf(oid) };
    }),
  };
}

function headOf(fields: readonly string[]): Buffer {
  return Buffer.from(`{"fields":[${fields.join(',')}],"rows":[`);
}

/** Of a statement that gives none. */
export const NO_ROWS: Description = { head: headOf([]), columns: [] };
