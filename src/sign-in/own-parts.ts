// What belongs to a person's own way in, built together: each knows some of the others.
import { AddressChanges } from './address-change.ts';
import { AddressChangeStore } from './address-change-store.ts';
import { ClosedPasswords } from './closed-passwords.ts';
import { FactorStore } from './factor-store.ts';
import { LostFactors } from './lost-factors.ts';
import { OwnAccount } from './own-account.ts';
import { OwnNetworks } from './own-networks.ts';
import type { SignInParts } from './parts.ts';
import { PasskeyStore } from './passkey-store.ts';
import { Passkeys } from './passkeys.ts';
import { Recovery } from './recovery.ts';
import { SecondFactors } from './second-factors.ts';
import type { SecurityLetters } from './security-letters.ts';
import { SignInStore } from './store.ts';

export function ownParts(parts: SignInParts & { readonly securityLetters: SecurityLetters }) {
  const { connection, secrets, securityLetters, choices } = parts;
  const store = new SignInStore(connection, secrets);
  const changes = new AddressChangeStore(connection, secrets);
  const factorStore = new FactorStore(connection, secrets);
  const lostFactors = new LostFactors(parts);
  const telling = { ...parts, letters: securityLetters };
  const closedPasswords = new ClosedPasswords({ ...parts, store });
  const issuer = choices.brand.name;
  const factors = new SecondFactors({ ...telling, issuer, closedPasswords, store: factorStore, lost: lostFactors });
  const passkeys = new Passkeys({
    ...telling,
    issuer: choices.brand.name,
    store: new PasskeyStore(connection, secrets),
    factors: factorStore,
    lost: lostFactors,
    firstCodes: (tx, req, personId) => factors.firstCodes(tx, req, personId),
  });
  const own = new OwnAccount({ ...telling, store, changes, factors, passkeys });
  const recovery = new Recovery({ ...parts, store, changes, factors: factorStore });
  const addressChanges = new AddressChanges({ ...parts, store, changes, recovery });
  const networks = new OwnNetworks(telling);
  return { own, factors, lostFactors, passkeys, recovery, addressChanges, networks, closedPasswords };
}
