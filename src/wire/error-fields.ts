import { ByteReader } from './bytes.ts';

/**
 * Field `name`, one letter, of an ErrorResponse's or NoticeResponse's body; empty if it has none.
 * The body may be cut: a field that is not whole is not there.
 */
export function errorField(body: Buffer, name: string): string {
  const reader = new ByteReader(body);
  for (let field = reader.text(); field; field = reader.text()) {
    if (field.startsWith(name)) return field.slice(1);
  }
  return '';
}
