// A customer with everything that has an address of its own: a site, a folder, a file, an upload, a verified backup, databases, an FTP account.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { make, sendDump } from '../databases/owners.ts';
import { makeAccount, withRoom } from '../ftp/customer.ts';
import { invite, placeOf, welcome } from '../people/guests.ts';
import { addSshServer } from '../ssh/asking.ts';
import { type TestPanel, Visitor } from '../support/panel.ts';
import { makeToken } from './alert-rows.ts';
import { beginExtraction, layArchive } from './job-rows.ts';

export type Household = {
  readonly email: string;
  readonly visitor: Visitor;
  readonly site: string;
  /** id of an answer in the ledger of consents */
  readonly consent: string;
  /** id of an upload */
  readonly upload: string;
  /** id of an upload that is not finished */
  readonly unfinished: string;
  /** an archive that comes back in pieces */
  readonly arriving: string;
  /** id of an extraction that runs; its archive is `www/archive.zip` */
  readonly fileJob: string;
  /** id of a verified backup */
  readonly backup: string;
  /** id of a restore that is done and can be undone */
  readonly restore: string;
  /** id of a file that was found in an upload folder and left there */
  readonly finding: string;
  /** ids of two databases, of an import into the first, and of a dump in the trash */
  readonly database: string;
  readonly spare: string;
  readonly imported: string;
  readonly dump: string;
  /** id of the owner's main FTP account; there is room for more */
  readonly ftpAccount: string;
  /** id of a token for programs */
  readonly apiToken: string;
  /** id of a developer's place, and of an invitation that nobody has accepted */
  readonly place: string;
  readonly invitation: string;
  /** id of the order that the site is for */
  readonly order: string;
};

/**
 * Signs up, uploads three files into the site, makes a backup of it and databases (`hostDatabases` was called before), and invites a developer, who
 * comes, and a viewer, who does not.
 */
export async function household(house: TestPanel, email: string): Promise<Household> {
  const visitor = new Visitor(house);
  const site = await visitor.arrive(email, { plan: 'forest' });
  await addSshServer(house);
  const uploaded = await visitor.upload(site, [
    { name: 'notes.html', body: '<!doctype html><title>notes</title>' },
    { name: 'album/readme.txt', body: 'an album' },
    // Proposed for protection.
    { name: 'images/readme.txt', body: 'pictures' },
  ]);
  const made = await visitor.submit(`/sites/${site}/backups`, {});
  await house.work();
  const [guest, invited] = [`developer-of-${email}`, `viewer-of-${email}`];
  await welcome(house, visitor, { email: guest, sites: site });
  await invite(house, visitor, { email: invited, role: 'viewer', sites: site });
  const row = (await visitor.get('/account/people')).text.split('<tr>').find((one) => one.includes(invited)) ?? '';
  await withRoom(house);
  const { id: ftpAccount } = await makeAccount(visitor, site);
  const people = {
    place: await placeOf(visitor, guest),
    invitation: /invitations\/([0-9a-f-]{36})\/letter/.exec(row)?.[1] ?? '',
  };
  return {
    ...people,
    order: (await house.panel.doors.sites.byName(site)).orderId,
    ...(await databasesOf(house, visitor, site)),
    ftpAccount,
    consent: await consentOf(house, site),
    apiToken: (await makeToken(house, site, email)).id,
    finding: await plant(house, site),
    email,
    visitor,
    site,
    upload: lastPart(uploaded.headers.location),
    unfinished: await unfinishedOf(house, visitor, site),
    arriving: await arrivingOf(house, visitor, site),
    fileJob: await extractionOf(house, visitor, site),
    backup: lastPart(made.headers.location),
    restore: await restoreOf(house, visitor, site, lastPart(made.headers.location)),
  };
}

async function consentOf({ panel }: TestPanel, name: string): Promise<string> {
  const { customerId } = await panel.doors.sites.byName(name);
  const answers = await panel.doors.consent.forCustomer(customerId);
  return answers.find(({ item }) => item === 'agree_sla')?.id ?? '';
}

async function extractionOf(house: TestPanel, visitor: Visitor, site: string): Promise<string> {
  await layArchive(house, site, 'archive.zip');
  const id = await beginExtraction(visitor, site, 'archive.zip');
  await house.work();
  // As if it were still under way, with nobody who would end it.
  const open = { state: 'running', step: 'working', run_id: 'somebody', ended_at: null } as const;
  await house.panel.doors.connection.write((tx) => tx.updateTable('file_jobs').set(open).where('id', '=', id).execute());
  return id;
}

/** A script among the uploads of a folder that is protected. @returns its id */
async function plant(house: TestPanel, name: string): Promise<string> {
  const { sites, incoming } = house.panel.doors;
  const site = await sites.byName(name);
  const folder = join(house.folder, 'sites', name, 'www/guarded');
  await mkdir(folder);
  await writeFile(join(folder, 'odd.php'), '<?php echo 1;');
  for (const marked of ['album', 'guarded']) await sites.folders.mark(site, ['www', marked]);
  await house.work();
  return (await incoming.findings(site, 0, 1))[0]?.id ?? '';
}

function lastPart(location: string | undefined): string {
  const part = location?.split('/').at(-1);
  if (!part) throw new Error('there is no address to go to');
  return part;
}

/** Begins a resumable upload of a file of 1000 bytes. @returns its id */
export async function unfinishedOf(house: TestPanel, visitor: Visitor, site: string): Promise<string> {
  const { text } = await visitor.get(`/sites/${site}/files/upload`);
  const made = await visitor.agent
    .post(`/sites/${site}/files/uploads`)
    .set({ Origin: house.origin, 'X-CSRF-Token': /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '' })
    .set({ 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000', 'Upload-Metadata': `path ${btoa('www/film.txt')}` });
  return lastPart(made.headers.location);
}

/** Announces an archive of 1000 bytes that is brought back. @returns its id */
export async function arrivingOf(house: TestPanel, visitor: Visitor, site: string): Promise<string> {
  const { text } = await visitor.get(`/sites/${site}/backups/archives`);
  const made = await visitor.agent
    .post(`/sites/${site}/backups/archives/pieces`)
    .set({ Origin: house.origin, 'X-CSRF-Token': /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? '' })
    .set({ 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000' });
  return lastPart(made.headers.location);
}

async function databasesOf(house: TestPanel, visitor: Visitor, site: string) {
  const { id: database } = await make(visitor, site, { db_name: 'shop', engine: 'mariadb' });
  const { id: spare } = await make(visitor, site, { db_name: 'spare', engine: 'mariadb' });
  const body = 'CREATE TABLE guests (id int primary key);\n';
  const sent = await sendDump(visitor, house.origin, { site, id: database, body });
  const gone = await make(visitor, site, { db_name: 'gone', engine: 'mariadb' });
  await visitor.submit(`/sites/${site}/databases/${gone.id}/deletion`, { confirm: '1' });
  await house.work();
  const { text } = await visitor.get(`/sites/${site}/databases/trash`);
  const dump = /databases\/trash\/([0-9a-f-]{36})\/restoration/.exec(text)?.[1] ?? '';
  return { database, spare, imported: lastPart(sent.headers.location), dump };
}

/** Puts a file back over itself, changed. @returns the id of the restore */
export async function restoreOf(house: TestPanel, visitor: Visitor, site: string, backup: string): Promise<string> {
  await writeFile(join(house.folder, 'sites', site, 'www/album/readme.txt'), 'another album');
  const asked = new URLSearchParams({ scope: 'paths', paths: 'www/album', dest: 'in_place', mode: 'keep_new' });
  const address = `/sites/${site}/backups/${backup}/restoration`;
  const { headers } = await visitor.submit(`${address}/confirmation?${asked}`, {}, address);
  await house.work();
  return lastPart(headers.location);
}
