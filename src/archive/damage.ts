/** What is in the store is not what was put there. Told as `ARCHIVE_CORRUPT` at the port. */
export class Damage extends Error {
  override readonly name = 'Damage';
}
