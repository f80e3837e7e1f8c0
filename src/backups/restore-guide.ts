// README.txt inside every archive: how to check it and put everything back by hand, without this panel.
import { localDay, localTime } from '../platform/clock.ts';
import type { ManifestCounts, ManifestDatabase } from './manifest.ts';

export const restoreGuideName = 'README.txt';

export type GuideFacts = {
  readonly site: string;
  /** ISO time in UTC */
  readonly dataAt: string;
  readonly zone: string;
  readonly counts: ManifestCounts;
  readonly databases: readonly ManifestDatabase[];
  /** number of entries in the manifest's `leftOut` */
  readonly leftOut: number;
};

/** @returns the guide in Korean and then in English */
export function restoreGuide(facts: GuideFacts): string {
  return `${korean(facts)}\n\n${'-'.repeat(72)}\n\n${english(facts)}`;
}

const moment = ({ dataAt, zone }: GuideFacts) => {
  const at = Date.parse(dataAt);
  return `${localDay(at, zone)} ${localTime(at, zone)} (${zone})`;
};

const engineNames: Readonly<Record<ManifestDatabase['engine'], string>> = {
  mariadb: 'MariaDB, MySQL',
  postgresql: 'PostgreSQL',
  sqlite: 'SQLite',
};

/** The engine's own client, as it is to be typed in the unpacked folder; what stands in brackets is to be filled in. */
function loadingCommand({ engine, name, path }: ManifestDatabase, [host, user]: readonly [string, string]): string {
  return engine === 'mariadb'
    ? `mariadb --default-character-set=utf8mb4 -h <${host}> -u <${user}> -p ${name} < ${path}`
    : `psql -P pager=off -v ON_ERROR_STOP=1 -h <${host}> -U <${user}> -d ${name} -f ${path}`;
}

const isDumped = ({ engine }: ManifestDatabase) => engine !== 'sqlite';

/** Those among the files: nothing is loaded, and what their program keeps beside them now belongs to another state. */
function koreanFiles(databases: readonly ManifestDatabase[], number: Intl.NumberFormat): string {
  if (databases.length === 0) return '';
  const lines = databases.map((one) => `     ${one.path} (표 ${number.format(one.tables)}개, 행 ${number.format(one.rows)}개)`);
  return `
   다음 파일은 SQLite 데이터베이스입니다. 파일과 함께 되돌아오므로 따로 불러올 것은 없습니다. 되돌리기 전에 이 데이터베이스를 쓰는
   프로그램을 멈추고, 서버에 같은 이름 뒤에 -wal, -shm, -journal이 붙은 파일이 있으면 지웁니다.
${lines.join('\n')}`;
}

function englishFiles(databases: readonly ManifestDatabase[], number: Intl.NumberFormat): string {
  if (databases.length === 0) return '';
  const lines = databases.map((one) => `     ${one.path} (tables ${number.format(one.tables)}, rows ${number.format(one.rows)})`);
  return `
   These files are SQLite databases. They come back with the files, and nothing has to be loaded. Before you put one back, stop the
   program that uses it, and delete the server's files of the same name with -wal, -shm or -journal behind it.
${lines.join('\n')}`;
}

function koreanDatabases(facts: GuideFacts, number: Intl.NumberFormat): string {
  if (facts.databases.length === 0) return '   이 백업본에는 데이터베이스가 들어 있지 않습니다.';
  const databases = facts.databases.filter(isDumped);
  const files = koreanFiles(
    facts.databases.filter((one) => !isDumped(one)),
    number,
  );
  if (databases.length === 0) return files.slice(1);
  const lines = databases.map(
    (one) =>
      `   ${one.name} (${engineNames[one.engine]}, 표 ${number.format(one.tables)}개, 행 ${number.format(one.rows)}개)\n     ${loadingCommand(one, ['서버', '사용자'])}`,
  );
  return `   1) 비어 있는 데이터베이스와 그 사용자를 준비합니다. 이름이 다르면 아래 명령의 데이터베이스 이름도 바꿉니다.
   2) 압축을 푼 폴더에서 다음 명령을 실행합니다. 비밀번호를 물으면 데이터베이스 사용자의 것을 적습니다.
${lines.join('\n')}
   3) 홈페이지 설정 파일에 적힌 데이터베이스 이름과 비밀번호를 확인합니다.${files}`;
}

function englishDatabases(facts: GuideFacts, number: Intl.NumberFormat): string {
  if (facts.databases.length === 0) return '   This backup holds no databases.';
  const databases = facts.databases.filter(isDumped);
  const files = englishFiles(
    facts.databases.filter((one) => !isDumped(one)),
    number,
  );
  if (databases.length === 0) return files.slice(1);
  const lines = databases.map(
    (one) =>
      `   ${one.name} (${engineNames[one.engine]}, tables ${number.format(one.tables)}, rows ${number.format(one.rows)})\n     ${loadingCommand(one, ['server', 'user'])}`,
  );
  return `   1) Prepare an empty database with its user. If it has another name, change the name in the commands below too.
   2) Run these commands in the folder you unpacked to. Where a password is asked for, it is that of the database user.
${lines.join('\n')}
   3) Check the database name and password in the website's configuration.${files}`;
}

function korean(facts: GuideFacts): string {
  const { files, folders, links, bytes, databases } = facts.counts;
  const number = new Intl.NumberFormat('ko-KR');
  const leftOut = facts.leftOut
    ? `\n담지 못했거나 담는 동안 바뀐 항목이 ${number.format(facts.leftOut)}개 있습니다. manifest.json의 leftOut에 경로와 이유가 있습니다.`
    : '';
  return `${facts.site} 사이트 백업본
기준 시각: ${moment(facts)}
담긴 내용: 파일 ${number.format(files)}개, 폴더 ${number.format(folders)}개, 링크 ${number.format(links)}개, ${number.format(bytes)}바이트, 데이터베이스 ${number.format(databases)}개${leftOut}

1. 무엇이 들어 있습니까
   www/           홈페이지 폴더 전체입니다.
   databases/     데이터베이스를 옮겨 적은 SQL 파일입니다. 담은 데이터베이스가 있을 때만 들어 있습니다.
   manifest.json  모든 파일의 경로, 크기, 권한, 수정 시각, SHA-256 목록입니다.
                  manifest.json.sig가 있으면 이 목록을 만든 회사의 서명입니다.

2. 내려받은 파일이 온전한지 확인하는 방법
   같은 이름의 .sha256 파일을 한 폴더에 두고 다음 명령을 실행합니다.
     Linux     sha256sum -c <백업 파일 이름>.zip.sha256
     macOS     shasum -a 256 -c <백업 파일 이름>.zip.sha256
     Windows   Get-FileHash <백업 파일 이름>.zip   (PowerShell. 나온 값을 .sha256 파일의 값과 비교합니다.)

3. 홈페이지 파일을 되돌리는 방법
   1) 되돌리기 전에 지금 홈페이지 파일을 따로 보관합니다.
   2) 압축을 풉니다. Linux와 macOS에서는 unzip <백업 파일 이름>.zip 명령을 쓰면 링크와 권한도 되살아납니다.
   3) www 폴더 안의 내용을 FTP나 SFTP로 서버의 www 폴더에 올립니다.
      이름이 점(.)으로 시작하는 파일도 빠뜨리지 않도록 합니다. 예: .htaccess

4. 데이터베이스를 되돌리는 방법
${koreanDatabases(facts, number)}

5. 보관할 때 주의하실 점
   백업본에는 설정 파일의 비밀번호와 고객 정보가 들어 있을 수 있습니다. 다른 사람이 볼 수 없는 곳에 보관해 주십시오.`;
}

function english(facts: GuideFacts): string {
  const { files, folders, links, bytes, databases } = facts.counts;
  const number = new Intl.NumberFormat('en');
  const leftOut = facts.leftOut
    ? `\nNot included, or changed while being saved: ${number.format(facts.leftOut)}. Paths and reasons are listed in manifest.json under leftOut.`
    : '';
  return `Backup of the site ${facts.site}
Data as of: ${moment(facts)}
Contents: files ${number.format(files)}, folders ${number.format(folders)}, links ${number.format(links)}, bytes ${number.format(bytes)}, databases ${number.format(databases)}${leftOut}

1. What is inside
   www/           the whole website folder
   databases/     your databases as SQL files, if the site has any
   manifest.json  path, size, permissions, time and SHA-256 of every file;
                  manifest.json.sig, where it is there, is the hosting company's signature over it

2. Checking that the download is complete
   Put the .sha256 file of the same name into the same folder and run:
     Linux     sha256sum -c <backup file>.zip.sha256
     macOS     shasum -a 256 -c <backup file>.zip.sha256
     Windows   Get-FileHash <backup file>.zip   (PowerShell; compare the value with the one in the .sha256 file)

3. Restoring the website
   1) Keep a copy of the files that are on the server now.
   2) Unpack the archive. On Linux and macOS, unzip <backup file>.zip also restores links and permissions.
   3) Upload what is inside the www folder to the www folder of the server by FTP or SFTP.
      Include files whose names begin with a dot, for example .htaccess.

4. Restoring the databases
${englishDatabases(facts, number)}

5. Keeping it safe
   A backup may hold passwords from configuration files and personal data of your customers. Please keep it where nobody else can read it.
`;
}
