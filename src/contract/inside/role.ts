/** Roles and databases of a tenant. */
import { type Static, Type } from 'typebox';
import { ROLE_ACCESSES, ROLE_CONNECTIONS_MAX } from '../limits.ts';
import { Count, Moment } from '../values.ts';

const strict = { additionalProperties: false } as const;

/** The most that PostgreSQL takes for a name; in bytes, which the server looks at. */
const NAME_LENGTH_MAX = 63;

export const Name = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, description, examples: [example] });

const Access = Type.Enum([...ROLE_ACCESSES], {
  type: 'string',
  description:
    'What it may do with all that there is in every schema, and will be: `owner` what the owner may, as a member of it; `none` only what SQL has granted to it.',
});

const ConnectionsMax = Type.Union(
  [Type.Integer({ minimum: 0, maximum: ROLE_CONNECTIONS_MAX }), Type.Null()],
  { description: 'Backends that it may have at once; null for no limit of its own.' },
);

const ValidUntil = Type.Union([Moment(''), Type.Null()], {
  description: 'Its password is refused from then on; null for never.',
});

const Password = Type.String({
  minLength: 8,
  maxLength: 256,
  description: 'One of your own; one is made if not given. Only what checks it is kept.',
});

const roleFields = {
  name: Type.String({ examples: ['reporting'] }),
  isOwner: Type.Boolean({ description: 'The role that has the name of the tenant.' }),
  access: Access,
  login: Type.Boolean({ description: 'Whether it may log in.' }),
  hasPassword: Type.Boolean({ description: 'Without one it cannot log in.' }),
  connectionsMax: ConnectionsMax,
  validUntil: ValidUntil,
  memberOf: Type.Array(Type.String(), { description: 'Roles that SQL has granted to it.' }),
};

export const Role = Type.Object(roleFields, { $id: 'Role', ...strict });
export type Role = Static<typeof Role>;

export const RoleSecret = Type.Object(
  {
    ...roleFields,
    password: Type.Union([Type.String(), Type.Null()], {
      description: 'Shown once, kept nowhere; null where it is none that was made here.',
    }),
    connectionUri: Type.String({
      description: 'What a PostgreSQL client connects to, with that password.',
      examples: ['postgresql://reporting:4PqX...@localhost:6432/acme'],
    }),
  },
  { $id: 'RoleSecret', ...strict },
);
export type RoleSecret = Static<typeof RoleSecret>;

export const RoleList = Type.Object(
  { roles: Type.Array(Role, { description: 'Sorted by name.' }) },
  { $id: 'RoleList', ...strict },
);
export type RoleList = Static<typeof RoleList>;

const Settable = {
  access: Type.Optional(Access),
  login: Type.Optional(Type.Boolean({ description: 'Whether it may log in; true at first.' })),
  connectionsMax: Type.Optional(ConnectionsMax),
  validUntil: Type.Optional(ValidUntil),
};

export const NewRole = Type.Object(
  {
    name: Name('Any that PostgreSQL takes, but for reserved ones.', 'reporting'),
    ...Settable,
    password: Type.Optional(Password),
  },
  { $id: 'NewRole', ...strict },
);
export type NewRole = Static<typeof NewRole>;

export const RoleChange = Type.Object(Settable, { $id: 'RoleChange', ...strict, minProperties: 1 });
export type RoleChange = Static<typeof RoleChange>;

export const RolePassword = Type.Object(
  { password: Type.Optional(Password) },
  { $id: 'RolePassword', ...strict },
);
export type RolePassword = Static<typeof RolePassword>;

export const Database = Type.Object(
  {
    name: Type.String({ examples: ['acme'] }),
    isDefault: Type.Boolean({
      description: 'The one that has the name of the tenant, by which clients find it.',
    }),
    owner: Type.String({ description: 'The role that has it.', examples: ['acme'] }),
    bytes: Count('On disk.'),
    connectionUri: Type.String({ examples: ['postgresql://acme.acme@localhost:6432/Reports'] }),
  },
  { $id: 'Database', ...strict },
);
export type Database = Static<typeof Database>;

export const DatabaseList = Type.Object(
  { databases: Type.Array(Database, { description: 'Sorted by name.' }) },
  { $id: 'DatabaseList', ...strict },
);
export type DatabaseList = Static<typeof DatabaseList>;

export const NewDatabase = Type.Object(
  {
    name: Name(
      'One that no tenant can have, since clients are led to tenants by the name of the database: with a capital or a dot in it, for instance.',
      'acme.reports',
    ),
  },
  { $id: 'NewDatabase', ...strict },
);
export type NewDatabase = Static<typeof NewDatabase>;
