// The doors up to accounts on a real database, with letters that are rendered and kept, and a clock that stands still.

import { Accounts } from '../../src/accounts/accounts.ts';
import { PasswordHashing } from '../../src/accounts/hashing.ts';
import type { SignUpContext, SignUpInput } from '../../src/accounts/sign-up.ts';
import { answersOf } from '../../src/accounts/sign-up-page.ts';
import { Audit } from '../../src/audit/audit.ts';
import { Consent } from '../../src/consent/consent.ts';
import { letterRenderer } from '../../src/letters.ts';
import { accounts as accountsEn } from '../../src/messages/en/accounts.ts';
import { consent as consentEn } from '../../src/messages/en/consent.ts';
import { imports as importsEn } from '../../src/messages/en/imports.ts';
import { accounts as accountsKo } from '../../src/messages/ko/accounts.ts';
import { consent as consentKo } from '../../src/messages/ko/consent.ts';
import { imports as importsKo } from '../../src/messages/ko/imports.ts';
import { chosen } from '../../src/options.ts';
import { Orders, readRules } from '../../src/orders/orders.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { StoppedClock } from '../../src/platform/clock.ts';
import { databaseCounters } from '../../src/platform/counters/database-counters.ts';
import { installGraphile } from '../../src/platform/jobs/graphile-queue.ts';
import { newQueue } from '../../src/platform/jobs/queue.ts';
import { Letters } from '../../src/platform/mail/letters.ts';
import type { Letter } from '../../src/platform/mail/port.ts';
import { Secrets } from '../../src/platform/secrets.ts';
import { Settings } from '../../src/platform/settings.ts';
import { Addresses } from '../../src/platform/web/addresses.ts';
import { type Language, wordsIn } from '../../src/platform/web/words.ts';
import { openTestDatabase } from '../support/databases.ts';
import { passwordRules } from './rules.ts';

export const publicUrl = 'http://127.0.0.1:3000';
const secret = 'a secret of at least thirty-two bytes';

export async function openDoors({ documentsFolder = packageFolder('views/documents') } = {}) {
  const clock = new StoppedClock('2026-11-23T00:00:00Z');
  const connection = await openTestDatabase(undefined, clock);
  const secrets = new Secrets(secret);
  const choices = chosen({ publicUrl, secret });
  const words = {
    catalogues: { ko: { ...accountsKo, ...consentKo, ...importsKo }, en: { ...accountsEn, ...consentEn, ...importsEn } },
    zone: 'Asia/Seoul',
    now: () => clock.now(),
  };
  const outbox: Letter[] = [];
  const mailer = { send: async (letter: Letter) => void outbox.push(letter), check: async () => {}, close: async () => {} };
  if (connection.engine === 'postgresql') await installGraphile(connection.url);
  const queue = await newQueue(connection, { url: connection.url, clock });
  const render = letterRenderer({ words, addresses: new Addresses(publicUrl), brand: choices.brand });
  const letters = new Letters({ connection, queue, mailer, secrets, clock, render });
  const counters = databaseCounters(connection, clock);
  const audit = new Audit({ connection, secrets, clock });
  const consent = new Consent({ connection, secrets, clock, documentsFolder });
  const ruleOf = readRules(packageFolder('views/documents/sla-rules.json'));
  const orders = new Orders({ connection, consent, audit, clock, ruleOf });
  const hashing = new PasswordHashing({ concurrency: 2 });
  const settings = new Settings(connection, clock);
  const accounts = new Accounts({
    connection,
    secrets,
    clock,
    orders,
    consent,
    audit,
    letters,
    queue,
    counters,
    settings,
    hashing,
    memoryBytes: 2 ** 32,
    passwords: passwordRules(),
    choices,
  });
  await consent.rememberDocuments();
  await orders.seedPlans();
  const hands = {
    'letters.send': ({ payload }: { payload: Readonly<Record<string, unknown>> }) => letters.send(String(payload.letterId)),
  };
  return {
    connection,
    clock,
    secrets,
    consent,
    orders,
    accounts,
    audit,
    counters,
    settings,
    hashing,
    outbox,
    wordsIn: (language: Language) => wordsIn(language, words),
    /** Sends what waits. @returns the letters that went out by it */
    post: async () => {
      const before = outbox.length;
      await queue.drain(hands);
      return outbox.slice(before);
    },
    close: async () => {
      await queue.close();
      await connection.remove();
    },
  };
}

export type Doors = Awaited<ReturnType<typeof openDoors>>;

export const goodPassword = 'mountain 27 kettle ribbon';
const required = { age_14: true, agree_terms: true, agree_backup: true, agree_sla: true };

/** A form filled in well, with what a test changes. */
export function filledIn(
  doors: Doors,
  { ticked = {}, language = 'ko' as Language, ...changes }: { ticked?: object; language?: Language } & Partial<SignUpInput> = {},
): SignUpInput {
  return {
    plan: 'tree',
    answers: answersOf(doors.wordsIn(language), { ...required, ...ticked }),
    versions: doors.accounts.shownVersions(language),
    email: 'haneul@example.com',
    password: goodPassword,
    name: '',
    phone: '',
    website: '',
    ...changes,
  };
}

export const browser = (changes: Partial<SignUpContext> = {}): SignUpContext => ({
  language: 'ko',
  actor: { kind: 'visitor', address: '203.0.113.7', agent: 'A browser' },
  sessionHash: 'this browser',
  ...changes,
});

/** @returns the token of the link in a letter */
export function tokenIn(letter: Letter | undefined): string {
  const link = letter?.text.split('\n').find((line) => line.startsWith(`${publicUrl}/`) && line.includes('/verify/'));
  if (!link) throw new Error('no link stands alone on a line of this letter');
  return link.slice(link.indexOf('/verify/') + '/verify/'.length);
}

/** Signs up and opens the link in the letter. */
export async function verified(
  doors: Doors,
  changes: Partial<SignUpInput> = {},
): Promise<{ personId: string; customerId: string }> {
  await doors.accounts.signUp(filledIn(doors, changes), browser());
  const token = tokenIn((await doors.post()).at(-1));
  return doors.connection.write((tx) => doors.accounts.verify(tx, token, { kind: 'visitor' }));
}

/** @returns how many rows a table holds */
export async function rows(
  doors: Doors,
  table: 'persons' | 'customers' | 'memberships' | 'orders' | 'consents' | 'consents_personal' | 'mailed_tokens' | 'letters',
): Promise<number> {
  const { count } = await doors.connection.db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}
