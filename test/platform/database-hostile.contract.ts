// Hostile SQL texts against real servers: everything a text may try, open and hidden, is refused by its line or taken out, and nothing outside is touched.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LoadOptions } from '../../src/platform/database-server/port.ts';
import { ask } from '../support/database-client.ts';
import { type DatabaseWorld, databaseWorld, engines, type Hosted } from '../support/database-servers.ts';

const fault = (line: number, reason: string, about?: unknown) =>
  expect.objectContaining({ name: 'LoadFault', line, reason, ...(about !== undefined && { about }) });

const both: readonly (readonly [string, string])[] = [
  ['GRANT', 'GRANT ALL ON x TO y'],
  ['REVOKE', 'REVOKE ALL ON x FROM y'],
  ['CREATE USER', "CREATE USER x PASSWORD 'y'"],
  ['CREATE ROLE', 'CREATE ROLE x'],
  ['ALTER USER', "ALTER USER x PASSWORD 'y'"],
  ['DROP USER', 'DROP USER x'],
  ['DROP ROLE', 'DROP ROLE x'],
  ['CREATE DATABASE other', 'CREATE DATABASE other'],
  ['DROP DATABASE other', 'DROP DATABASE other'],
  ['CREATE SERVER', 'CREATE SERVER s'],
  ['SET ROLE', 'SET ROLE root'],
  ['PREPARE', "PREPARE p FROM 'x'"],
  ['EXECUTE', 'EXECUTE p'],
];

const hostile = {
  mariadb: [
    ...both,
    ['USE mysql', 'USE mysql'],
    ['USE mysql', 'USE `mysql`'],
    ['LOAD', "LOAD DATA INFILE '/etc/passwd' INTO TABLE t"],
    ['LOAD', "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"],
    ['LOAD', "/*!50000 LOAD */ DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"],
    ['INTO OUTFILE', "SELECT 1 INTO OUTFILE '/tmp/gotgan-hostile'"],
    ['INTO OUTFILE', "SELECT 1 INTO/**/OUTFILE '/tmp/gotgan-hostile'"],
    ['INTO OUTFILE', "SELECT 1 /*!INTO OUTFILE '/tmp/gotgan-hostile'*/"],
    ['INTO DUMPFILE', "SELECT 1 INTO DUMPFILE '/tmp/gotgan-hostile'"],
    ['LOAD_FILE', "INSERT INTO t VALUES (LOAD_FILE('/etc/passwd'))"],
    ['SET GLOBAL', 'SET GLOBAL max_connections = 1'],
    ['SET GLOBAL', 'SET @@GLOBAL.max_connections = 1'],
    ['SET GLOBAL', 'SET sql_mode = (SELECT 1), GLOBAL max_connections = 1'],
    ['SET GLOBAL', '/*!40101 SET @x = 1, @@`GLOBAL`.max_connections = 1 */'],
    ['SET PASSWORD', "SET PASSWORD = 'x'"],
    ['SET STATEMENT', 'SET STATEMENT max_statement_time = 0 FOR SELECT 1'],
    ['SET DEFAULT', 'SET DEFAULT ROLE x'],
    ['INSTALL', "INSTALL PLUGIN x SONAME 'y.so'"],
    ['UNINSTALL', 'UNINSTALL PLUGIN x'],
    ['CREATE FUNCTION SONAME', "CREATE FUNCTION sys_exec RETURNS int SONAME 'udf.so'"],
    ['ENGINE=FEDERATED', "CREATE TABLE f (id int) ENGINE=FEDERATED CONNECTION='mysql://root@127.0.0.1/mysql/user'"],
    ['ENGINE=CONNECT', "CREATE TABLE f (id int) ENGINE CONNECT FILE_NAME='/etc/passwd'"],
    ['ENGINE=SPIDER', 'CREATE TABLE f (id int) ENGINE=`Spider`'],
    ['DATA DIRECTORY', "CREATE TABLE f (id int) DATA DIRECTORY='/tmp'"],
    ['ALTER DATABASE other', 'ALTER DATABASE other CHARACTER SET utf8mb4'],
    ['CREATE DATABASE other', 'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `other`'],
    ['RENAME USER', 'RENAME USER x TO y'],
    ['FLUSH', 'FLUSH PRIVILEGES'],
    ['KILL', 'KILL 1'],
    ['SHUTDOWN', 'SHUTDOWN'],
    ['HANDLER', 'HANDLER t OPEN'],
    ['SYSTEM', 'system id'],
    ['SOURCE', 'source /etc/passwd'],
    ['\\', '\\! id'],
    ['\\', '\\. /etc/passwd'],
    ['\\', 'SELECT 1 \\G'],
    ['BEGIN NOT ATOMIC', 'BEGIN NOT ATOMIC SELECT 1'],
    ['DELIMITER', "DELIMITER '\nSELECT 1"],
    ['DELIMITER', 'DELIMITER \\\nSELECT 1'],
    ['GRANT', '/*!99999 SELECT 1 */ GRANT ALL ON *.* TO x'],
    ['GRANT', '/*M!100000 GRANT ALL ON *.* TO x */'],
    ['GRANT', '/*! GRANT ALL ON *.* TO x */'],
    ['GRANT', "SELECT 'a\\'b', 'c''d', \"e\\\"\" ; GRANT ALL ON *.* TO x"],
    ['GRANT', "SELECT 'a\\\\' ; GRANT ALL ON *.* TO x -- '"],
    ['GRANT', 'SELECT `a``;` ; GRANT ALL ON *.* TO x'],
    ['GRANT', 'SELECT 1 -- a comment; \n; GRANT ALL ON *.* TO x'],
    ['GRANT', 'SELECT 1 # a comment; \n; GRANT ALL ON *.* TO x'],
    ['GRANT', "/* ' */ GRANT ALL ON *.* TO x /* ' */"],
    ['GRANT', "/*!99999 ' */ GRANT ALL ON *.* TO x /* ' */"],
    ['GRANT', 'CREATE PROCEDURE p() GRANT ALL ON *.* TO x'],
    ['CREATE USER', 'DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; CREATE USER x; END//'],
    ['GRANT', 'DELIMITER $$\nSELECT 1$$GRANT ALL ON *.* TO x$$'],
    ['GRANT', "SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nSELECT '\\' ; GRANT ALL ON *.* TO x; -- '"],
    ['GRANT', 'SET SESSION sql_mode = concat(@@sql_mode, ",ANSI_QUOTES");\nSELECT 1 AS "\\" ; GRANT ALL ON *.* TO x; -- "'],
    ['SET NAMES gbk', 'SET NAMES gbk'],
    ['SET NAMES sjis', "SET character_set_client = 'sjis'"],
    ['SET NAMES big5', '/*!40101 SET NAMES big5 */'],
  ],
  postgresql: [
    ...both,
    ['ALTER ROLE', 'ALTER ROLE x SUPERUSER'],
    ['ALTER SYSTEM', 'ALTER SYSTEM SET port = 1'],
    ['ALTER DATABASE x', 'ALTER DATABASE x OWNER TO y'],
    ['COPY FROM', "COPY t FROM '/etc/passwd'"],
    ['COPY FROM PROGRAM', "COPY t FROM PROGRAM 'id'"],
    ['COPY TO', "COPY t TO '/tmp/gotgan-hostile'"],
    ['COPY TO', "COPY (SELECT 1) TO PROGRAM 'id'"],
    ['COPY TO', 'COPY t TO STDOUT'],
    ['PG_READ_FILE', "SELECT pg_read_file('/etc/passwd')"],
    ['LO_IMPORT', "SELECT lo_import('/etc/passwd')"],
    ['CREATE EXTENSION postgres_fdw', 'CREATE EXTENSION postgres_fdw'],
    ['CREATE EXTENSION dblink', 'CREATE EXTENSION IF NOT EXISTS "dblink"'],
    ['CREATE FOREIGN DATA', 'CREATE FOREIGN DATA WRAPPER w'],
    ['CREATE LANGUAGE', 'CREATE LANGUAGE plpython3u'],
    ['CREATE EVENT TRIGGER', 'CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()'],
    ['CREATE PUBLICATION', 'CREATE PUBLICATION p'],
    ['CREATE SUBSCRIPTION', "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"],
    ['SET SESSION AUTHORIZATION', 'SET SESSION AUTHORIZATION postgres'],
    ['SET ROLE', 'SET LOCAL ROLE postgres'],
    ['RESET ROLE', 'RESET ROLE'],
    ['OWNER TO', 'ALTER TABLE t OWNER TO x, ADD COLUMN y int'],
    ['LOAD', "LOAD 'x.so'"],
    ['\\!', '\\! id'],
    ['\\copy', "\\copy t from '/etc/passwd'"],
    ['\\connect', '\\connect postgres'],
    ['\\i', '\\i /etc/passwd'],
    ['\\gexec', "SELECT 'GRANT x TO y' \\gexec"],
    ['\\', "SELECT '1' \\\\ \\! id"],
    ['GRANT', "SELECT 'a''b', E'c\\'d', \"e\"\"f\" ; GRANT x TO y"],
    ['GRANT', "SELECT 'a\\' ; GRANT x TO y; -- '"],
    ['GRANT', "SELECT e'a\\\\' ; GRANT x TO y; -- '"],
    ['GRANT', 'SELECT $$;$a$ ; $$ ; GRANT x TO y'],
    ['GRANT', 'SELECT $한글$;$$;$한글$ ; GRANT x TO y'],
    ['GRANT', '/* /* */ ; */ GRANT x TO y'],
    ['GRANT', 'SELECT 1 -- ;\n; GRANT x TO y'],
    ['GRANT', 'SELECT (1); GRANT x TO y'],
    ['GRANT', 'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; GRANT x TO y'],
    ['SYNTAX', "SELECT 1e'\\' ; GRANT x TO y; -- '"],
    ['SET STANDARD_CONFORMING_STRINGS', 'SET standard_conforming_strings = off'],
    ['SET STANDARD_CONFORMING_STRINGS', "SELECT set_config('standard_conforming_strings', 'off', false)"],
    ['SET CLIENT_ENCODING SJIS', "SET client_encoding = 'SJIS'"],
    ['SET CLIENT_ENCODING GBK', "SET NAMES 'gbk'"],
  ],
} as const;

/** Taken out, or run although they look bad: after each of them the next statement runs. */
const harmless = {
  mariadb: [
    [1, 'USE OWN'],
    [1, 'CREATE DATABASE IF NOT EXISTS `OWN` /*!40100 DEFAULT CHARACTER SET utf8mb4 */'],
    [1, 'ALTER DATABASE `OWN` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci'],
    [1, "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '8a94f357-aab4-11df-86ab-c80aa9429562:1'"],
    [1, 'SET @@SESSION.SQL_LOG_BIN= 0'],
    [0, 'SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN'],
    [0, 'SET @x = @@GLOBAL.max_connections'],
    [1, '/*M!999999\\- enable the sandbox mode */ '],
    [1, '/*!50013 CREATE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW v AS SELECT 1 */'],
    [1, "CREATE DEFINER = 'root'@'localhost' PROCEDURE p() SELECT 'DEFINER=root'"],
    [1, '/*!50003 CREATE*/ /*!50017 DEFINER=root@my-host.example*/ /*!50003 FUNCTION f() RETURNS int RETURN 1 */'],
    [1, 'CREATE DEFINER=CURRENT_USER() VIEW v AS SELECT 1'],
    [0, 'CREATE TABLE `grant` (`revoke` int, `outfile` text, role int, user int)'],
    [0, "INSERT INTO t VALUES ('GRANT ALL; DROP USER x; INTO OUTFILE /*! */ -- # DELIMITER')"],
    [0, 'SELECT 5--3, 1 /* GRANT */ -- GRANT\n'],
    [0, 'DELIMITER ;;\nCREATE PROCEDURE p()\nBEGIN\n  -- a; b\n  IF 1 THEN SELECT "x;;y"; END IF;\nEND ;;\nDELIMITER '],
    [0, '/*!99999 GRANT ALL */ SELECT 1'],
  ],
  postgresql: [
    [1, 'ALTER TABLE t OWNER TO postgres'],
    [1, 'ALTER FUNCTION public.f(integer, text) OWNER TO "Somebody Else"'],
    [1, 'CREATE DATABASE OWN WITH TEMPLATE = template0'],
    [1, 'CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog'],
    [1, "COMMENT ON EXTENSION plpgsql IS 'GRANT'"],
    [1, 'CREATE SCHEMA public'],
    [1, 'SET transaction_timeout = 0'],
    [1, '\\restrict abcDEF0123\nSELECT 1'],
    [1, '\\unrestrict abcDEF0123\r\nSELECT 1'],
    [0, 'CREATE EXTENSION IF NOT EXISTS pg_trgm'],
    [0, 'CREATE TABLE "grant" ("revoke" int, role int, owner text)'],
    [0, "INSERT INTO t VALUES ('GRANT ALL; \\! id; COPY t TO PROGRAM')"],
    [0, 'DO $$ BEGIN PERFORM 1; END $$'],
    [0, "CREATE RULE r AS ON INSERT TO t WHERE false DO ALSO (SELECT 1; SELECT ';')"],
    [0, 'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END'],
    [0, 'COPY t FROM stdin;\n\\N\nGRANT x TO y;\n\\\\.\n\\.\nSELECT 1'],
    [0, 'COPY t (words) FROM STDIN WITH (FORMAT csv);\r\n"a ""b""\n\nc"\n\\.\nSELECT 1'],
    [0, 'CREATE TABLE s$1 (a$b int)'],
  ],
} as const;

describe.each(engines)('a hostile text: %s', (engine) => {
  let world: DatabaseWorld;

  let victim: Hosted;

  beforeAll(async () => {
    world = await databaseWorld(engine);
    victim = { ...world.unused(), name: `v${randomBytes(5).toString('hex')}_shop` };
    await world.server.create(victim, { password: victim.password });
  });
  afterEach(() => world.tidy());
  afterAll(async () => {
    await world.server.drop(victim);
    await world.close();
  });

  const load = (database: Hosted, sql: string | Buffer, options: LoadOptions = {}, size = 60_000) => {
    const all = Buffer.from(sql as string);
    const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.subarray(at * size, (at + 1) * size));
    return world.server.load(database, Readable.from(pieces), options);
  };
  const on = (database: Hosted, sql: string) => ask(world.as(database), database.name, sql);

  test.each(hostile[engine].map(([about, sql]) => [about, sql] as const))('%s: %s', async (about, sql) => {
    const start = 'CREATE TABLE IF NOT EXISTS t (words text);\n\n';
    const word = about.replace('ENGINE=', '').split(' ').at(-1) ?? '';
    const line = 3 + sql.slice(0, Math.max(0, sql.toLowerCase().lastIndexOf(word.toLowerCase()))).split('\n').length - 1;
    for (const size of [60_000, 1])
      await expect(load(victim, `${start}${sql};\nCREATE TABLE after_it (id int);\n`, {}, size)).rejects.toEqual(
        fault(line, 'refused', expect.stringMatching(new RegExp(`^${escaped(about)}`, 'i'))),
      );
    await expect(on(victim, 'SELECT * FROM after_it')).rejects.toThrow();
    expect(existsSync('/tmp/gotgan-hostile')).toBe(false);
  });

  test.each(harmless[engine].map(([neutralised, sql], at) => [sql, neutralised, at % 2 === 0 ? 1 : 60_000] as const))(
    'no fault: %s',
    async (sql, neutralised, size) => {
      const shop = await world.database();
      const named = sql.replace(/\bOWN\b/g, shop.name);
      const text = `CREATE TABLE t (words text);\n${named};\nCREATE TABLE after_it (id int);\n`;
      expect(await load(shop, text, {}, size)).toEqual({ lines: text.split('\n').length, neutralised });
      expect(await on(shop, 'SELECT * FROM after_it')).toEqual([]);
    },
  );

  test('a name the database is also known by is its own', async () => {
    const shop = await world.database();
    const sql = engine === 'mariadb' ? 'CREATE DATABASE `old_shop`;\nUSE `old_shop`;' : 'CREATE DATABASE old_shop;';
    await expect(load(shop, sql)).rejects.toEqual(fault(1, 'refused', 'CREATE DATABASE old_shop'));
    await load(shop, sql, { knownAs: ['old_shop'] });
  });

  test("another customer's tables are out of reach, named or hidden in a routine", async () => {
    const [mine, other] = [await world.database(), await world.database()];
    await on(other, 'CREATE TABLE secrets (words text)');
    const steal =
      engine === 'mariadb'
        ? [
            'SELECT * FROM `OTHER`.secrets',
            'CREATE TABLE x AS SELECT * FROM OTHER.secrets',
            'DROP TABLE OTHER.secrets',
            "CALL p('OTHER')",
          ]
        : ['SELECT * FROM OTHER.public.secrets', 'CREATE TABLE x AS TABLE OTHER.public.secrets'];
    if (engine === 'mariadb')
      await on(mine, "CREATE PROCEDURE p(IN d text) EXECUTE IMMEDIATE concat('DROP TABLE ', d, '.secrets')");
    for (const sql of steal)
      await expect(load(mine, `${sql.replaceAll('OTHER', other.name)};`)).rejects.toEqual(fault(1, 'engine'));
    expect(await on(other, 'SELECT * FROM secrets')).toEqual([]);
  });

  test('bytes of other character sets arrive as they were', async () => {
    const shop = await world.database();
    // 곳간 and 똠 (whose bytes hold ASCII letters) in CP949.
    const cp949 = Buffer.from('b0f7b0a38c63', 'hex');
    const names = engine === 'mariadb' ? 'SET NAMES euckr;' : "SET client_encoding = 'UHC';";
    const sql = Buffer.concat([
      Buffer.from(`${names}\nCREATE TABLE t (words text);\nINSERT INTO t VALUES ('`),
      cp949,
      Buffer.from("');\n"),
    ]);
    await load(shop, sql, {}, 7);
    expect(await on(shop, 'SELECT words FROM t')).toEqual([{ words: '곳간똠' }]);
  });
});

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
