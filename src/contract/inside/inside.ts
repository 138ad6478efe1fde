/** Extensions, settings and connection strings of a tenant. */
import { type Static, Type } from 'typebox';
import { Name } from './role.ts';

const strict = { additionalProperties: false } as const;

const textOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description });

const numberOrNull = (description: string) =>
  Type.Union([Type.Number(), Type.Null()], { description });

export const Extension = Type.Object(
  {
    name: Type.String({ examples: ['pg_trgm'] }),
    comment: Type.String({ description: 'What it is for, in the words of who made it.' }),
    allowed: Type.Boolean({ description: 'Whether it may be installed here.' }),
    because: textOrNull('Why it is not allowed; null if it is.'),
    defaultVersion: Type.String({ examples: ['1.6'] }),
    versions: Type.Array(Type.String()),
    requires: Type.Array(Type.String(), { description: 'Installed with it.' }),
    installedVersion: textOrNull('Null where it is not installed.'),
    schema: textOrNull('Where its objects are; null where it is not installed.'),
  },
  { $id: 'Extension', ...strict },
);
export type Extension = Static<typeof Extension>;

export const ExtensionList = Type.Object(
  { extensions: Type.Array(Extension, { description: 'Sorted by name.' }) },
  { $id: 'ExtensionList', ...strict },
);
export type ExtensionList = Static<typeof ExtensionList>;

export const ExtensionWish = Type.Object(
  {
    version: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    schema: Type.Optional(
      Name(
        'Made if it is not there. `public` if not given, or `extensions` for one that PostgreSQL does not trust.',
        'public',
      ),
    ),
  },
  { $id: 'ExtensionWish', ...strict },
);
export type ExtensionWish = Static<typeof ExtensionWish>;

export const TenantSetting = Type.Object(
  {
    name: Type.String({ examples: ['work_mem'] }),
    value: Type.String({ description: 'What a new session has.', examples: ['4MB'] }),
    set: textOrNull('What was set for this database; null if nothing was.'),
    source: Type.Enum(['postgresql', 'server', 'database'], {
      type: 'string',
      description: 'Who says so: PostgreSQL, this server, or the setting of the database.',
    }),
    type: Type.Enum(['bool', 'enum', 'integer', 'real', 'string'], { type: 'string' }),
    unit: textOrNull('Of a bare number; null without one.'),
    min: numberOrNull('In that unit; null for no bound of ours.'),
    max: numberOrNull('In that unit, as the tier and the plan have it; null for no bound of ours.'),
    choices: Type.Union([Type.Array(Type.String()), Type.Null()], {
      description: 'Of an `enum`.',
    }),
    summary: Type.String({ description: 'In the words of PostgreSQL.' }),
  },
  { $id: 'TenantSetting', ...strict },
);
export type TenantSetting = Static<typeof TenantSetting>;

export const TenantSettingList = Type.Object(
  { settings: Type.Array(TenantSetting) },
  { $id: 'TenantSettingList', ...strict },
);
export type TenantSettingList = Static<typeof TenantSettingList>;

const SettingValue = Type.Union([
  Type.String({ maxLength: 1_000 }),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
]);

export const TenantSettingsChange = Type.Object(
  {
    settings: Type.Unsafe<Record<string, Static<typeof SettingValue>>>(
      Type.Object(
        {},
        {
          additionalProperties: SettingValue,
          description: 'By name, as SQL would have it; null takes a setting back.',
          minProperties: 1,
          maxProperties: 100,
          examples: [{ work_mem: '16MB', statement_timeout: '30s', jit: null }],
        },
      ),
    ),
  },
  { $id: 'TenantSettingsChange', ...strict },
);
export type TenantSettingsChange = Static<typeof TenantSettingsChange>;

export const ConnectionStrings = Type.Object(
  {
    host: Type.String({ examples: ['localhost'] }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, examples: [6432] }),
    database: Type.String({ examples: ['acme'] }),
    user: Type.String({ description: 'As clients send it.', examples: ['acme'] }),
    pooled: Type.Boolean(),
    placeholder: Type.String({
      description: 'Stands in every form where the password goes, which nobody here knows.',
      examples: ['YOUR_PASSWORD'],
    }),
    forms: Type.Array(
      Type.Object(
        {
          kind: Type.String({ description: 'For programs.', examples: ['psycopg'] }),
          title: Type.String({ description: 'For people.', examples: ['Python (psycopg)'] }),
          language: Type.String({ description: 'What the text is written in.', examples: ['sh'] }),
          text: Type.String(),
        },
        strict,
      ),
    ),
  },
  { $id: 'ConnectionStrings', ...strict },
);
export type ConnectionStrings = Static<typeof ConnectionStrings>;
