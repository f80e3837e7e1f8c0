// What must be true of folder and database after any fault, read past the program: each breach is a sentence.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Customer, SentUpload } from './customer.ts';
import { fileAt, type House } from './house.ts';

export type Record_ = {
  readonly customers: readonly Customer[];
  readonly uploads: readonly SentUpload[];
  /** names that a removal was asked for, by site; `acknowledged`: answered by 303 */
  readonly removals: readonly { site: string; names: readonly string[]; acknowledged: boolean }[];
  /** ids of accepted backups */
  readonly backups: readonly string[];
};

/** Waits until everything that was accepted is done and everything that was cut off is found. @returns what is not */
export async function unsettled(house: House, seconds = 180): Promise<string[]> {
  const quarantine = () => readdir(join(house.folder, 'data/quarantine')).catch(() => []);
  const done: [string, () => Promise<boolean>][] = [
    ['no job waits', async () => (await house.jobs()) === 0],
    [
      'every letter was sent',
      async () => (await house.count('select count(*) as count from letters where sent_at is null')) === 0,
    ],
    ['no act on files is open', async () => (await house.count('select count(*) as count from file_acts')) === 0],
    ['the quarantine is empty', async () => (await quarantine()).length === 0],
    ['no job waits', async () => (await house.jobs()) === 0],
  ];
  const left: string[] = [];
  for (const [what, holds] of done) if (!(await house.until(holds, seconds))) left.push(`not true after ${seconds} s: ${what}`);
  return left;
}

export async function breaches(house: House, record: Record_): Promise<string[]> {
  const found = await Promise.all([
    uploadBreaches(house, record),
    siteBreaches(house, record),
    backupBreaches(house, record),
    signUpBreaches(house, record),
    repeatBreaches(house),
  ]);
  return [...found.flat(), ...house.bugs().map((line) => `the log tells of a bug: ${line.slice(0, 600)}`)];
}

const www = (house: House, site: string) => join(house.folder, 'data/sites', site, 'www');

/** Every acknowledged file is there with the right bytes; of the others each is whole or not there. */
async function uploadBreaches(house: House, { uploads, removals }: Record_): Promise<string[]> {
  const found: string[] = [];
  const asked = new Map(
    removals.flatMap(({ site, names, acknowledged }) => names.map((name) => [`${site}/${name}`, acknowledged])),
  );
  const audited = new Set(
    (await house.rows("select distinct site_id from audit where action = 'files.removing'")).map((row) => row.site_id),
  );
  const ids = new Map((await house.rows('select id, name from sites')).map(({ id, name }) => [String(name), id]));
  for (const { site, files, location } of uploads) {
    for (const { name, sha256, size } of files) {
      const there = await fileAt(join(www(house, site), name));
      const removal = asked.get(`${site}/${name}`);
      if (there && there.sha256 !== sha256) found.push(`${site}/${name}: ${there.size} bytes of ${size}, other content`);
      if (there && removal === true) found.push(`${site}/${name}: its removal was acknowledged, and it is there`);
      if (!there && location && removal === undefined) found.push(`${site}/${name}: acknowledged, and not there`);
      if (!there && location && removal !== undefined && !audited.has(ids.get(site) ?? ''))
        found.push(`${site}/${name}: removed, and not in the audit`);
    }
  }
  return found;
}

/** Nothing but what was sent stands in a site; what is used is what is there; each act has a beginning and an end in the audit. */
async function siteBreaches(house: House, { uploads }: Record_): Promise<string[]> {
  const found: string[] = [];
  const sent = new Set(uploads.flatMap(({ site, files }) => files.map(({ name }) => `${site}/${name}`)));
  for (const { name, used_bytes, used_files } of await house.rows(
    'select name, used_bytes, used_files from sites where opened_at is not null',
  )) {
    const site = String(name);
    let [bytes, files] = [0, 0];
    for (const entry of await readdir(www(house, site))) {
      if (!sent.has(`${site}/${entry}`)) found.push(`${site}/${entry}: nobody sent it`);
      bytes += (await fileAt(join(www(house, site), entry)))?.size ?? 0;
      files += 1;
    }
    if (bytes !== used_bytes || files !== used_files)
      found.push(`${site}: ${used_bytes} bytes in ${used_files} files are said to be used, ${bytes} in ${files} are`);
  }
  const acts = await house.rows(`select subject_id as id,
    sum(case when action in ('files.uploading', 'files.removing') then 1 else 0 end) as begun,
    sum(case when action in ('files.uploaded', 'files.removed', 'files.cutOff') then 1 else 0 end) as ended,
    min(action) as action from audit where action like 'files.%' group by subject_id`);
  for (const { id, begun, ended, action } of acts) {
    // An upload of which nothing fitted or passed changes nothing, and is not announced.
    if (Number(begun) !== 1 || Number(ended) !== 1)
      found.push(`act ${id} (${action}): ${begun} beginnings, ${ended} ends in the audit`);
  }
  return found;
}

/** Every accepted backup was made and read back; every archive is whole, known and the only one of its kind. */
async function backupBreaches(house: House, { backups }: Record_): Promise<string[]> {
  const found: string[] = [];
  const rows = await house.rows(
    'select b.id, b.state, b.file_name, b.sha256, b.expired_at, s.name from backups b join sites s on s.id = b.site_id',
  );
  const known = new Map(rows.map((row) => [String(row.id), row]));
  for (const id of backups) {
    const row = known.get(id);
    if (!row) found.push(`backup ${id}: accepted, and not in the database`);
    else if (!['verified', 'warned', 'expired'].includes(String(row.state))) found.push(`backup ${id}: ${row.state}`);
  }
  for (const { state, file_name, sha256, name } of rows.filter((row) => row.sha256 !== null && row.expired_at === null)) {
    const there = await fileAt(join(house.folder, 'data/archives', String(name), String(file_name)));
    if (there?.sha256 !== sha256) found.push(`archive ${file_name} (${state}): ${there ? 'other content' : 'not there'}`);
  }
  for (const site of await readdir(join(house.folder, 'data/archives')).catch(() => [])) {
    for (const name of await readdir(join(house.folder, 'data/archives', site)))
      if (!rows.some((row) => row.file_name === name)) found.push(`archives/${site}/${name}: no row knows it`);
  }
  return [...found, ...(await shownBreaches(house))];
}

/** In `backup/`: one archive at most, whole, with the checksum that fits. */
async function shownBreaches(house: House): Promise<string[]> {
  const found: string[] = [];
  for (const site of await readdir(join(house.folder, 'data/sites'))) {
    const folder = join(house.folder, 'data/sites', site, 'backup');
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.gotgan-'));
    const archives = names.filter((name) => name.endsWith('.zip'));
    if (archives.length > 1) found.push(`${site}: ${archives.length} archives in backup/`);
    for (const name of archives) {
      const line = await readFile(join(folder, `${name}.sha256`), 'utf8').catch(() => '');
      if (line !== `${(await fileAt(join(folder, name)))?.sha256}  ${name}\n`)
        found.push(`${site}/backup/${name}: its checksum does not fit`);
    }
  }
  return found;
}

/** An acknowledged sign-up is there, once, with order, consents and letter; one that was cut off is there whole or not at all. */
async function signUpBreaches(house: House, { customers }: Record_): Promise<string[]> {
  const found: string[] = [];
  const rows = await house.rows(`select p.email_index as email,
    (select count(*) from memberships m where m.person_id = p.id) as customers,
    (select count(*) from orders o join memberships m on m.customer_id = o.customer_id where m.person_id = p.id) as orders,
    (select count(*) from consents c where c.actor_person_id = p.id) as consents,
    (select count(*) from letters l where l.actor_person_id = p.id and l.template = 'verify') as letters from persons p`);
  for (const { email, acknowledged } of customers) {
    const index = house.secrets.index('persons.email', email);
    const persons = rows.filter((row) => row.email === index);
    if (persons.length > 1) found.push(`${email}: ${persons.length} persons`);
    if (acknowledged && persons.length === 0) found.push(`${email}: acknowledged, and not there`);
    for (const { customers, orders, consents, letters } of persons)
      if (customers !== 1 || orders !== 1 || Number(consents) < 4 || letters !== 1)
        found.push(`${email}: ${customers} customers, ${orders} orders, ${consents} consents, ${letters} letters`);
  }
  return found;
}

/** No letter, site or order twice; nothing that gave up. */
async function repeatBreaches(house: House): Promise<string[]> {
  const twice = await house.rows('select order_id as id, count(*) as count from sites group by order_id having count(*) > 1');
  const failed = await house.rows('select template as id, failed_at from letters where failed_at is not null');
  return [
    ...twice.map(({ id, count }) => `order ${id}: ${count} sites`),
    ...failed.map(({ id }) => `a letter ${id} was given up`),
  ];
}
