/** The bytes PostgreSQL hashes for a password. */
export function preparedPassword(password: Buffer): Buffer {
  return password;
}
