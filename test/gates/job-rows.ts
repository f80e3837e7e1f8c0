// Jobs of files in every state for the gates: done with refusals, stopped, and one in the middle.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipOf } from '../files/made-files.ts';
import type { TestPanel, Visitor } from '../support/panel.ts';

export type FileJobNames = {
  /** an extraction of which some was refused, and one whose archive is broken; there is an archive at `www/사진 묶음.zip` */
  readonly done: string;
  readonly failed: string;
  /** of `troubled` */
  readonly running: string;
};

export const archive = '사진 묶음.zip';

/** Begins to extract an archive that lies in `www/`. @returns the id of the job */
export async function beginExtraction(visitor: Visitor, site: string, name: string): Promise<string> {
  const files = `/sites/${site}/files`;
  const fields = { path: `www/${name}`, where: 'new', name: '', conflict: 'skip' };
  const { headers } = await visitor.submit(`${files}/www/${encodeURIComponent(name)}?do=extract`, fields, `${files}/extract`);
  return headers.location?.split('/').at(-1) ?? '';
}

/** Lays an archive with a program in it into `www/`. */
export function layArchive(house: TestPanel, site: string, name = archive): Promise<void> {
  const parts = [
    { name: '바다.txt', content: '파도\n' },
    { name: '아주긴이름으로저장한사진묶음/아주긴이름으로저장한사진.jpg', content: '사진이 아닙니다' },
    { name: 'shell.php', content: '<?php system($_GET["c"]);' },
    { name: 'link.txt', content: '/etc/passwd', mode: 0o120777 },
  ];
  return writeFile(join(house.folder, 'sites', site, 'www', name), zipOf(parts));
}

/** Real extractions of the customer. */
export async function fillJobs(house: TestPanel, customer: Visitor, site: string): Promise<Omit<FileJobNames, 'running'>> {
  await layArchive(house, site);
  await writeFile(join(house.folder, 'sites', site, 'www/깨진 묶음.zip'), 'PK\x03\x04');
  const done = await beginExtraction(customer, site, archive);
  const failed = await beginExtraction(customer, site, '깨진 묶음.zip');
  await house.work();
  return { done, failed };
}

/** One that somebody does right now. From here on nothing may work off jobs. */
export async function beginJob(house: TestPanel, visitor: Visitor, site: string): Promise<string> {
  await layArchive(house, site);
  const running = await beginExtraction(visitor, site, archive);
  const counts = { bytes_done: 370_000, bytes_total: 1_000_000, files_done: 45, files_total: 0 };
  await house.panel.doors.connection.write((tx) =>
    tx
      .updateTable('file_jobs')
      .set({ state: 'running', run_id: 'somebody', moved_at: house.clock.now(), ...counts })
      .where('id', '=', running)
      .execute(),
  );
  return running;
}
