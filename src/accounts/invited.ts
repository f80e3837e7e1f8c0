// Persons who come by an invitation: the letter has proven their address, and they have no customer and no order of their own.
import type { Actor } from '../audit/audit.ts';
import { type Answer, documentOf } from '../orders/orders.ts';
import type { Tx } from '../platform/database/database.ts';
import { conflict, type FieldFault, Invalid } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Words } from '../platform/web/words.ts';
import type { AccountsParts } from './accounts.ts';
import { takenName } from './addresses.ts';
import { agreedCopy } from './agreed-copy.ts';
import type { Mailboxes } from './mailbox.ts';
import { ownWords, panelNames } from './passwords.ts';
import { changedDocuments, readVersions, type Versions } from './shown-versions.ts';
import { type ShownItem, shownItems, wordingOf } from './sign-up-page.ts';
import type { AccountStore } from './store.ts';

/** What belongs to the contract (backups, compensation) the customer has agreed to; a guest of theirs agrees to the terms of use. */
const items = ['age_14', 'agree_terms'] as const;

/** The form as it was sent; nothing is checked yet. */
export type InvitedInput = {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly ticked: Readonly<Partial<Record<(typeof items)[number], boolean>>>;
  /** the signed list of shown versions */
  readonly versions: string;
};

/** A person who was checked and hashed, and is not written yet. */
export type NewInvited = {
  readonly personId: string;
  readonly email: string;
  readonly row: ReturnType<AccountStore['personRow']>;
  readonly answers: readonly Answer[];
  readonly shown: Versions;
};

export class InvitedPersons {
  readonly #parts: AccountsParts;
  readonly #store: AccountStore;

  readonly #mailboxes: Mailboxes;

  constructor(parts: AccountsParts, store: AccountStore, mailboxes: Mailboxes) {
    this.#parts = parts;
    this.#store = store;
    this.#mailboxes = mailboxes;
  }

  /** @returns what the page asks to agree to */
  shownItems(words: Words): ShownItem[] {
    const { consent, orders } = this.#parts;
    return shownItems(words, consent, { plans: [], rule: orders.compensation() }).required.filter(({ name }) =>
      (items as readonly string[]).includes(name),
    );
  }

  /**
   * Checks everything and hashes the password, by the same rules as a sign-up; nothing is written.
   * @throws Invalid with every refused field at once, PanelError 503 when too many passwords wait to be hashed
   */
  async prepare(input: InvitedInput, words: Words): Promise<NewInvited> {
    const { consent, secrets, passwords, hashing, choices, clock } = this.#parts;
    const { language } = words;
    const name = takenName(input.name);
    const answers = items.map((item) => ({ item, agreed: input.ticked[item] === true, wording: wordingOf(words, item) }));
    const shown = readVersions(secrets, language, input.versions);
    const more = [choices.brand.name, ...panelNames];
    const own = ownWords({ address: input.email, name: input.name, more });
    const lists: Record<string, readonly FieldFault[]> = {
      ...Object.fromEntries(answers.map(({ item, agreed }) => [item, agreed ? [] : [{ key: `consent.missing.${item}` }]])),
      ...changedDocuments(consent, language, shown, answers),
      password: input.password === '' ? [{ key: 'password.missing' }] : await passwords.judge(input.password, { words: own }),
      name: 'faults' in name ? name.faults : [],
    };
    const refused = Object.entries(lists).filter(([, faults]) => faults.length > 0);
    if (refused.length > 0) throw new Invalid(Object.fromEntries(refused));
    if (!shown || 'faults' in name) throw new Error('a refused field was not in the list');
    const now = clock.now();
    const personId = newId(now);
    const passwordHash = await hashing.hash(input.password);
    const about = { id: personId, email: input.email, name: name.name, phone: undefined, language };
    const row = this.#store.personRow({ ...about, passwordHash, createdAt: now, eraseAt: now });
    return { personId, email: input.email, row, answers, shown };
  }

  /**
   * Joins the caller's transaction: the person, verified, and what they agreed to.
   * @param at `actor` is the visitor
   * @throws PanelError 409 when somebody has taken the address meanwhile, as theirs or as a login name
   */
  async add(
    tx: Tx,
    { personId, email, row, answers, shown }: NewInvited,
    at: { customerId: string; actor: Actor },
  ): Promise<void> {
    const { consent, audit, letters } = this.#parts;
    const { customerId } = at;
    const actor: Actor = { ...at.actor, kind: 'person', personId };
    await this.#mailboxes.lock(tx, email);
    if (await this.#mailboxes.isTaken(email, personId, tx)) throw conflict('people.invitation.taken');
    await this.#store.addVerified(tx, row);
    const recorded = answers.map((answer) => {
      const document = documentOf(answer.item, 'none');
      const version = document && shown[document];
      return { ...answer, required: true, ...(document && { document }), ...(version && { version }) };
    });
    const { language } = row;
    await consent.record(tx, { customerId, actor, language, method: 'checkbox', page: 'invitation', items: recorded });
    const given = recorded.map((item) => ({ document: null, version: null, ...item, language }));
    const parameters = agreedCopy(consent, given, language);
    await letters.queue(tx, { template: 'joined', language, to: email, parameters, actorPersonId: personId, customerId });
    await audit.record(tx, { action: 'accounts.invitedJoined', actor, customerId, subjectId: personId });
  }
}
