/** Who may log in, and for whom. Who is given another role, or none, is logged out everywhere. */
import type { KeyStore } from '../../domain/api-key.ts';
import type { CustomerId } from '../../domain/ids.ts';
import { emailOf, type Person, type PersonRole, type PersonStore } from '../../domain/person.ts';
import type { KeyRing } from './key-ring.ts';

export type PeopleWorld = {
  readonly store: PersonStore;
  readonly keys: KeyStore;
  readonly ring: KeyRing;
};

export type PersonListing = { readonly people: readonly Person[]; readonly next: string | null };

export class PeopleDesk {
  readonly #world: PeopleWorld;

  constructor(world: PeopleWorld) {
    this.#world = world;
  }

  /** Those of a customer, or with null the operator's. */
  async list(
    customer: CustomerId | null,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<PersonListing> {
    const found = await this.#world.store.list({ customer, after, limit: limit + 1 });
    const people = found.slice(0, limit);
    return { people, next: found.length > limit ? (people.at(-1)?.email ?? null) : null };
  }

  async find(email: string, customer: CustomerId | null): Promise<Person | undefined> {
    const all = await this.#world.store.byEmail(emailOf(email));
    return all.find((person) => person.customer === customer);
  }

  async put(email: string, customer: CustomerId | null, role: PersonRole): Promise<Person> {
    const before = await this.find(email, customer);
    const person = await this.#world.store.put({ email: emailOf(email), customer, role });
    if (before !== undefined && before.role !== role) await this.#logOut(person);
    return person;
  }

  /** Throws `PERSON_UNKNOWN`. */
  async remove(email: string, customer: CustomerId | null): Promise<void> {
    const person = { email: emailOf(email), customer };
    await this.#world.store.remove(person.email, customer);
    await this.#logOut(person);
  }

  async #logOut({ email, customer }: Pick<Person, 'email' | 'customer'>): Promise<void> {
    await this.#world.keys.removeOfPerson(email, customer);
    this.#world.ring.forgetAll();
  }
}
