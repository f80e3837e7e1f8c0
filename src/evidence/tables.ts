// The tables of a bundle beside the consents: who, contracts, copies offered and taken, notices, outages with their sums, sign-ins.
import type { HistoryRow } from '../audit/audit.ts';
import { everOf } from '../backups/backups.ts';
import type { SeenRow } from '../notices/notices.ts';
import type { Names } from './names.ts';
import type { EvidenceParts, Member, Table } from './parts.ts';

const rowsAtOnce = 500;
const downloads = ['backups.downloaded', 'backups.partDownloaded', 'backups.linkMade', 'databases.downloaded'];
const signIns = [
  'signIn.succeeded',
  'signIn.failed',
  'signIn.secondFactorFailed',
  'signIn.loggedOut',
  'ftp.signedIn',
  'ftp.refused',
];

export function peopleTable({ people, local, iso }: Names): Table {
  const columns = ['person_id', 'name', 'email', 'role', 'from', 'from_utc', 'until', 'until_utc'];
  const rows = people.map(({ id, name, email, role, from, until }) => [
    ...[id, name, email, role, local(from), iso(from), local(until), iso(until)],
  ]);
  return { name: 'people', columns, rows };
}

export async function orderTable(customerId: string, { local, iso }: Names, { orders }: EvidenceParts): Promise<Table> {
  const columns = [
    'order',
    'plan',
    'monthly_fee_won',
    'backup_variant',
    'placed',
    'placed_utc',
    'consented_utc',
    'ended_utc',
    'domain',
  ];
  const rows = (await orders.forCustomer(customerId)).map((one) => [
    ...[one.id, one.plan, String(one.priceWon), one.backupVariant, local(one.placedAt), iso(one.placedAt)],
    ...[iso(one.consentedAt), iso(one.endedAt), one.domain ?? ''],
  ]);
  return { name: 'orders', columns, rows };
}

/** Every backup that was ever made, with those that are gone by now: what was offered, when, and how it was proven. */
export async function backupTable(customerId: string, names: Names, { connection }: EvidenceParts): Promise<Table> {
  const { local, iso, site } = names;
  const columns = [
    ...[
      'backup',
      'site',
      'day',
      'kind',
      'state',
      'data_of',
      'made_utc',
      'verified_utc',
      'proven_utc',
      'failed_utc',
      'expired_utc',
    ],
    ...['bytes', 'sha256', 'files', 'databases', 'file_name'],
  ];
  const rows: string[][] = [];
  for await (const one of everOf(connection, customerId))
    rows.push([
      ...[one.id, site(one.siteId), one.day, one.kind, one.state, local(one.dataAt), iso(one.madeAt), iso(one.verifiedAt)],
      ...[iso(one.provenAt), iso(one.failedAt), iso(one.expiredAt), text(one.bytes), one.sha256 ?? '', text(one.files)],
      ...[text(one.databases), one.fileName ?? ''],
    ]);
  return { name: 'backups', columns, rows };
}

const text = (count: number | null) => (count === null ? '' : String(count));

export const downloadTable = (customerId: string, names: Names, parts: EvidenceParts) =>
  actTable('downloads', downloads, { customerId, names, parts });

export const signInTable = (customerId: string, names: Names, parts: EvidenceParts) =>
  actTable('sign-ins', signIns, { customerId, names, parts });

/** A row of the audit holds the id alone of what a customer has named. */
function detailsOf({ subjectId, details }: HistoryRow, { database }: Names): string {
  const name = database(subjectId);
  return JSON.stringify({ ...(name !== undefined && { name }), ...details });
}

type Of = { readonly customerId: string; readonly names: Names; readonly parts: EvidenceParts };

async function actTable(name: string, actions: readonly string[], { customerId, names, parts }: Of): Promise<Table> {
  const columns = ['time', 'utc', 'person', 'action', 'site', 'subject', 'details', 'address', 'agent'];
  const rows: string[][] = [];
  let after: HistoryRow | undefined;
  for (;;) {
    const some = await parts.audit.rowsAfter({ customerId, actions, since: 0 }, after, rowsAtOnce);
    for (const one of some)
      rows.push([
        ...[names.local(one.at), names.iso(one.at), names.person(one.personId), one.action, names.site(one.siteId)],
        ...[one.subjectId ?? '', detailsOf(one, names), one.address ?? '', one.agent ?? ''],
      ]);
    after = some.at(-1);
    if (!after) return { name, columns, rows };
  }
}

/** @returns the table, and each text that was shown, under its digest */
export async function noticePart(
  customerId: string,
  names: Names,
  { notices }: EvidenceParts,
): Promise<{ table: Table; members: Member[] }> {
  const columns = [
    'day',
    'first_seen',
    'first_seen_utc',
    'person',
    'page',
    'notice',
    'document',
    'version',
    'language',
    'text_sha256',
  ];
  const rows: string[][] = [];
  const digests = new Set<string>();
  let after: SeenRow | undefined;
  for (;;) {
    const some = await notices.seenBy(customerId, after, rowsAtOnce);
    for (const one of some) {
      digests.add(one.sha256);
      rows.push([
        ...[one.day, names.local(one.at), names.iso(one.at), names.person(one.personId), one.page, one.notice],
        ...[one.document, one.version, one.language, one.sha256],
      ]);
    }
    after = some.at(-1);
    if (!after) break;
  }
  const texts = await notices.textsOf([...digests]);
  const members = [...texts].map(([sha256, content]) => ({ path: `notices/${sha256}.txt`, content }));
  return { table: { name: 'notices', columns, rows }, members };
}

export async function outageTables(customerId: string, names: Names, { outages }: EvidenceParts): Promise<Table[]> {
  const { iso, local, site } = names;
  const all = await outages.forCustomer(customerId, null);
  const facts = all.flatMap(({ siteId, facts: own }) =>
    own.map((one) => [
      ...[one.outageId, site(siteId), local(one.startedAt), iso(one.startedAt), local(one.endedAt), iso(one.endedAt)],
      ...[one.cause, one.restored ? 'yes' : 'no', JSON.stringify(one.exclusions)],
    ]),
  );
  const credits = all.flatMap(({ siteId, contract, months }) =>
    months.map(({ month, downMinutes, monthMinutes, availability, incidents, uncappedWon, mostWon, won }) => [
      ...[month, site(siteId), contract.plan, contract.sla_version, iso(contract.agreed_at), String(downMinutes)],
      ...[String(monthMinutes), availability.toFixed(4), String(contract.availability_percent)],
      incidents
        .map((one) => `${one.priceWon} / ${one.monthMinutes} * ${one.minutes} * ${one.rule.times} = ${one.won}`)
        .join('; '),
      ...[String(uncappedWon), String(mostWon), String(won)],
    ]),
  );
  const outageColumns = ['outage', 'site', 'from', 'from_utc', 'to', 'to_utc', 'cause', 'restored', 'not_counted'];
  const creditColumns = [
    ...['month', 'site', 'plan', 'sla_version', 'agreed_utc', 'down_minutes', 'month_minutes', 'availability_percent'],
    ...['promised_percent', 'calculation', 'before_limit_won', 'limit_won', 'credit_won'],
  ];
  return [
    { name: 'outages', columns: outageColumns, rows: facts },
    { name: 'credits', columns: creditColumns, rows: credits },
  ];
}
