/** Extensions of tenants. */
import { fault } from '../../domain/faults.ts';
import type { Extension } from '../../domain/interior.ts';
import type { TenantRef } from '../control.ts';
import { whyRefused } from './extension-rules.ts';
import { databaseMeant, goInside, type Inside, type InsideWorld } from './inside.ts';

export type ExtensionView = {
  readonly extension: Extension;
  /** Why it may not be installed; null if it may. */
  readonly refusal: string | null;
};

export type ExtensionWorld = InsideWorld & {
  /** Extensions that the operator allows besides. */
  readonly allowed: () => readonly string[];
};

export type ExtensionPlace = { readonly name: string; readonly database: string | null };

/** Of those that the owner installs: where everybody looks. */
const SCHEMA = 'public';

/** Of those that our superuser installs: nobody else makes anything in it. */
const OUR_SCHEMA = 'extensions';

export class ExtensionDesk {
  readonly #world: ExtensionWorld;

  constructor(world: ExtensionWorld) {
    this.#world = world;
  }

  /** Throws `NOT_FOUND` for the database. */
  list(ref: TenantRef, asked: string | null): Promise<readonly ExtensionView[]> {
    return goInside(this.#world, ref, async (inside) => {
      const database = await databaseMeant(inside, asked);
      const found = await inside.interior.extensions(inside.place, database);
      return found.map((extension) => this.#view(extension));
    });
  }

  /** Throws `NOT_FOUND`, `EXTENSION_REFUSED`, and `BAD_REQUEST` to move one between schemas. */
  put(
    ref: TenantRef,
    { name, database: asked }: ExtensionPlace,
    wish: { readonly version: string | null; readonly schema: string | null },
  ): Promise<ExtensionView> {
    return goInside(this.#world, ref, async (inside) => {
      const database = await databaseMeant(inside, asked);
      const { interior, place } = inside;
      const extension = await this.#allowed(inside, database, name);
      const { installed, isTrusted } = extension;
      if (installed === null) {
        await this.#mustAllow(inside, database, extension.requires);
        const schema = wish.schema ?? (isTrusted ? SCHEMA : OUR_SCHEMA);
        const whole = { database, name, version: wish.version, schema, asOwner: isTrusted };
        await interior.createExtension(place, whole);
      } else {
        mustStay(installed.schema, wish.schema);
        const asOwner = installed.isOwners;
        await interior.updateExtension(place, { database, name, version: wish.version, asOwner });
      }
      return this.#view(await extensionOf(inside, database, name));
    });
  }

  /** Throws `NOT_FOUND`, `EXTENSION_REFUSED`. */
  delete(
    ref: TenantRef,
    { name, database: asked }: ExtensionPlace,
    cascade: boolean,
  ): Promise<void> {
    return goInside(this.#world, ref, async (inside) => {
      const database = await databaseMeant(inside, asked);
      const { installed } = await this.#allowed(inside, database, name);
      if (installed === null) throw fault('NOT_FOUND', { what: `extension "${name}" installed` });
      const which = { database, name, cascade, asOwner: installed.isOwners };
      await inside.interior.dropExtension(inside.place, which);
    });
  }

  async #allowed(inside: Inside, database: string, name: string): Promise<Extension> {
    const extension = await extensionOf(inside, database, name);
    const why = whyRefused(extension, this.#world.allowed());
    if (why !== null) throw fault('EXTENSION_REFUSED', { extension: name, why });
    return extension;
  }

  /** Those that come with it are looked at alike. */
  async #mustAllow(inside: Inside, database: string, names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { installed } = await extensionOf(inside, database, name);
      if (installed === null) await this.#allowed(inside, database, name);
    }
  }

  #view(extension: Extension): ExtensionView {
    return { extension, refusal: whyRefused(extension, this.#world.allowed()) };
  }
}

async function extensionOf(
  { interior, place }: Inside,
  database: string,
  name: string,
): Promise<Extension> {
  const found = (await interior.extensions(place, database)).find((one) => one.name === name);
  if (found === undefined) throw fault('NOT_FOUND', { what: `extension "${name}"` });
  return found;
}

function mustStay(is: string, wanted: string | null): void {
  if (wanted === null || wanted === is) return;
  const why = `it is in schema "${is}"; remove it and install it anew, or move it by SQL`;
  throw fault('BAD_REQUEST', { why });
}
