/** Who may read the schema of a database that is imported. */
export const SCHEMA_READERS = ['auto', 'pg_dump', 'catalog'] as const;

export type SchemaReader = (typeof SCHEMA_READERS)[number];
