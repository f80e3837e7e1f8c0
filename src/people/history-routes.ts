// The HTTP of a year's history: of a customer, of one's own sign-ins, and as a file for a dispute; and of choosing the customer.
import { Readable } from 'node:stream';
import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import type { Audit } from '../audit/audit.ts';
import type { Choices } from '../options.ts';
import { type Clock, localDay } from '../platform/clock.ts';
import { byteOrderMark, csvLine } from '../platform/csv.ts';
import type { Connection } from '../platform/database/database.ts';
import { notFound } from '../platform/errors.ts';
import { actorOf } from '../platform/web/actor.ts';
import { deviceName } from '../platform/web/device.ts';
import { form } from '../platform/web/form.ts';
import { asAttachment } from '../platform/web/headers.ts';
import { say } from '../platform/web/page.ts';
import { send } from '../platform/web/sending.ts';
import { signedIn, type Visit } from '../platform/web/visit.ts';
import type { Words } from '../platform/web/words.ts';
import { can, type Guards } from '../sign-in/guards.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { kinds, plainDetails } from './acts.ts';
import { type Act, pageRows, type Question } from './history.ts';
import type { People } from './people.ts';

export type HistoryRouteParts = {
  readonly people: People;
  readonly signIn: SignIn;
  readonly audit: Audit;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly choices: Pick<Choices, 'timeZone'>;
};

export function historyRoutes(parts: HistoryRouteParts, guards: Guards): Router {
  const { people, signIn } = parts;
  const router = Router();

  router.get('/account/history', guards.signedIn, async (req, res) => {
    const by = signedIn(req);
    const { words } = req.visit;
    const mayAll = can(by, 'people');
    const everybody = mayAll ? await people.history.people(by.customerId) : [];
    const question = asked(req, everybody);
    const page = pageOf(req);
    const { acts, total } = await people.history.page(by, question, page);
    await res.page('people/history', {
      title: words.t('people.history.title'),
      section: 'account',
      acts: acts.map((one) => ({ ...one, whoText: whoOf(one, words), what: whatOf(one, words) })),
      everybody,
      mayAll,
      kinds,
      question,
      total,
      zone: words.zoneAt(parts.clock.now()),
      exportHref: req.visit.url(`/account/history/export${queryOf(question)}`),
      pages: neighbours(req.visit, { path: '/account/history', question, page, total, rows: pageRows }),
    });
  });

  router.get('/account/history/export', guards.signedIn, (req, res) => exported(parts, req, res));

  router.get('/account/security/history', guards.signedIn, async (req, res) => {
    const { words } = req.visit;
    const page = pageOf(req);
    const { rows, total } = await signIn.own.history.part(req, { count: pageRows, skip: (page - 1) * pageRows });
    await res.page('people/own-history', {
      title: words.t('people.ownHistory.title'),
      section: 'account',
      rows: rows.map((row) => ({ ...row, device: deviceName(row.agent ?? '') })),
      zone: words.zoneAt(parts.clock.now()),
      pages: neighbours(req.visit, { path: '/account/security/history', question: {}, page, total, rows: pageRows }),
    });
  });

  const customers = form({
    view: 'people/customers',
    fields: z.object({ customer: z.string().max(100).catch('').default('') }),
    show: async (req) => ({
      title: req.visit.words.t('people.customers.title'),
      section: 'account',
      places: await signIn.places.own(req),
    }),
    submit: async ({ req, values }) => {
      await signIn.places.goTo(req, values.customer);
      say(req, 'people.customers.done');
      return '/dashboard';
    },
  });
  router.get('/account/customers', guards.signedIn, customers.get);
  router.post('/account/customers', guards.signedIn, customers.post);
  return router;
}

/** @throws PanelError 404 for a person who never had a place here */
function asked(req: Request, everybody: readonly { personId: string }[]): Question {
  const { person, kind } = req.query;
  if (typeof person === 'string' && person !== '' && !everybody.some(({ personId }) => personId === person)) throw notFound();
  const known = kinds.find((one) => one === kind);
  return { ...(typeof person === 'string' && person !== '' && { personId: person }), ...(known && { kind: known }) };
}

const pageOf = (req: Request): number => {
  const page = Number(req.query.page);
  return Number.isInteger(page) && page >= 1 && page < 1_000_000 ? page : 1;
};

function queryOf({ personId, kind }: Question, page = 1): string {
  const query = new URLSearchParams({
    ...(personId && { person: personId }),
    ...(kind && { kind }),
    ...(page > 1 && { page: String(page) }),
  });
  return query.size > 0 ? `?${query}` : '';
}

function neighbours(
  { words, url }: Visit,
  at: { path: string; question: Question; page: number; total: number; rows: number },
): object | undefined {
  const last = Math.max(1, Math.ceil(at.total / at.rows));
  if (last === 1 && at.page === 1) return undefined;
  const href = (page: number) => url(`${at.path}${queryOf(at.question, page)}`);
  return {
    label: words.t('people.history.pages'),
    text: words.t('people.history.page', { page: words.number(at.page), last: words.number(last) }),
    ...(at.page > 1 && { previous: { href: href(Math.min(at.page - 1, last)), text: words.t('people.history.newer') } }),
    ...(at.page < last && { next: { href: href(at.page + 1), text: words.t('people.history.older') } }),
  };
}

function whoOf({ who, actorKind, personId }: Act, { t }: Pick<Words, 't'>): string {
  if (who) return who.name ?? who.email;
  return t(`people.who.${personId === null ? actorKind : 'unknown'}`);
}

function whatOf({ action, details, subject, actorKind, database }: Act, { t }: Pick<Words, 't'>): string {
  const what = t(`people.act.${action}`, { name: database ?? t('people.act.databaseGone'), ...plainDetails(details) });
  // Whose account a stranger tried, and whose rights were changed: the person beside it is not the one.
  const isAbout = subject !== undefined && (actorKind !== 'person' || /^people\.(changed|ended|expired|exported)$/.test(action));
  return isAbout ? t('people.act.about', { what, who: subject.name ?? subject.email }) : what;
}

/** For a dispute: everything that was asked for, as a table that opens in a spreadsheet. Taking it out is itself written down. */
async function exported(
  { people, audit, connection, clock, choices }: HistoryRouteParts,
  req: Request,
  res: Response,
): Promise<void> {
  const by = signedIn(req);
  const { words } = req.visit;
  const everybody = can(by, 'people') ? await people.history.people(by.customerId) : [];
  const question = asked(req, everybody);
  const entry = { action: 'people.exported', actor: actorOf(req), customerId: by.customerId };
  if (req.method === 'GET')
    await connection.write((tx) => audit.record(tx, { ...entry, ...(question.personId && { subjectId: question.personId }) }));
  asAttachment(res, `history-${localDay(clock.now(), choices.timeZone).replaceAll('-', '')}.csv`);
  res.type('text/csv');
  const columns = ['time', 'utc', 'who', 'email', 'what', 'action', 'site', 'address', 'device'];
  const lines = async function* () {
    yield byteOrderMark + csvLine(columns.map((name) => words.t(`people.csv.${name}`)));
    for await (const acts of people.history.all(by, question)) yield acts.map((one) => csvLine(cellsOf(one, words))).join('');
  };
  if (req.method === 'HEAD') return void res.end();
  await send(Readable.from(lines()), res);
}

function cellsOf(one: Act, words: Words): string[] {
  const device = [one.device?.browser, one.device?.system].filter(Boolean).join(', ');
  return [
    words.time(one.at),
    words.iso(one.at),
    whoOf(one, words),
    one.who?.email ?? '',
    whatOf(one, words),
    one.action,
    one.site ?? '',
    one.address ?? '',
    device,
  ];
}
