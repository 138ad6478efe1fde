import { expect, test } from 'vitest';
import {
  type ArchiveWorld,
  archiveWorld,
  noise,
  OTHER,
  readContent,
  refOf,
  TENANT,
  templateContent,
  writeContent,
} from '../testing/archive-world.ts';

const keysOf = ({ memory }: ArchiveWorld): readonly string[] =>
  [...memory.objects.keys()].filter((key) => key.startsWith('templates/'));

function flipped(world: ArchiveWorld, key: string): void {
  const { bytes } = world.memory.objects.get(key) ?? { bytes: Buffer.alloc(1) };
  const at = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}

const DAMAGES: readonly (readonly [string, (world: ArchiveWorld) => void])[] = [
  ...['tree', 'packs'].flatMap((what) => {
    const each = (world: ArchiveWorld, damage: (key: string) => void): void =>
      keysOf(world)
        .filter((key) => key.split('/')[2] === what)
        .forEach(damage);
    return [
      [
        `${what} lost`,
        (world: ArchiveWorld) => each(world, (key) => world.memory.objects.delete(key)),
      ],
      [`${what} spoiled`, (world: ArchiveWorld) => each(world, (key) => flipped(world, key))],
    ] as const;
  }),
];

test.each(DAMAGES)(
  'a template with %s is stored anew by the next server that has it',
  async (_, damage) => {
    await using world = await archiveWorld();
    const big = new Map([...templateContent(), ['base/1/big', noise(300_000, 7)]] as const);
    await writeContent(world.template, big);
    await world.open();
    await world.save(refOf(TENANT, 1));
    damage(world);
    await world.open();
    await world.save(refOf(TENANT, 2));
    await writeContent(world.template, templateContent());
    await world.open({ scratchDir: `${world.dir}/elsewhere` });
    expect(await world.load(refOf(TENANT, 1))).toEqual(await readContent(world.data));
  },
);

test('a template that is whole is not stored again', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  const before = keysOf(world);
  await world.open();
  await world.save(refOf(TENANT, 2));
  expect([before.length > 0, keysOf(world)]).toEqual([true, before]);
  for (const key of before) world.memory.objects.delete(key);
  await world.open();
  await Promise.all([world.save(refOf(TENANT, 3)), world.save(refOf(OTHER, 1, OTHER))]);
  expect(keysOf(world).length).toBe(before.length);
});

test('the template of a server with another master key stays as it is', async () => {
  await using world = await archiveWorld();
  await world.save(refOf(TENANT, 1));
  await world.open({ masterKey: noise(32, 5) });
  await world.save(refOf(OTHER, 1, OTHER));
  await world.open();
  const before = keysOf(world);
  await world.save(refOf(TENANT, 2));
  expect(keysOf(world)).toEqual(before);
  await writeContent(world.template, new Map([...templateContent(), ['base/1/new', noise(9, 9)]]));
  const saved = await readContent(world.data);
  await world.open();
  expect(await world.load(refOf(TENANT, 2))).toEqual(saved);
  await world.open({ masterKey: noise(32, 5), scratchDir: `${world.dir}/elsewhere` });
  expect(await world.load(refOf(OTHER, 1, OTHER))).toEqual(saved);
});
