// Whom and what the rows of a bundle are about, by id.
import type { EvidenceParts } from './parts.ts';

export type Names = {
  readonly person: (id: string | null) => string;
  readonly site: (id: string | null) => string;
  /** undefined: it is none of the customer's databases */
  readonly database: (id: string | null) => string | undefined;
  /** RFC 3339 in UTC, or nothing */
  readonly iso: (at: number | null) => string;
  /** as clocks of the company show it, or nothing */
  readonly local: (at: number | null) => string;
  /** everybody who has or had a place, oldest first */
  readonly people: readonly { id: string; name: string; email: string; role: string; from: number; until: number | null }[];
};

export async function namesOf(customerId: string, parts: EvidenceParts): Promise<Names> {
  const { accounts, sites, databases, words } = parts;
  const places = await accounts.memberships.ofCustomer(customerId);
  const [called, names, bases] = await Promise.all([
    accounts.memberships.names([...new Set(places.map(({ personId }) => personId))]),
    sites.namesOf(customerId),
    databases.namesOf(customerId),
  ]);
  const people = places.map(({ personId: id, role, createdAt: from, endedAt, endsAt }) => {
    const { name = '', email = '' } = called.get(id) ?? {};
    return { id, name, email, role, from, until: endedAt ?? endsAt };
  });
  return {
    people,
    person: (id) => (id === null ? '' : (called.get(id)?.email ?? id)),
    site: (id) => (id === null ? '' : (names.get(id) ?? id)),
    database: (id) => (id === null ? undefined : bases.get(id)),
    iso: (at) => (at === null ? '' : new Date(at).toISOString()),
    local: (at) => (at === null ? '' : words.time(at)),
  };
}
