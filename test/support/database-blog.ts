// A small blog like WordPress makes, with everything a dump must carry, for both engines; and questions whose answers must be the same in every copy.
const tricky = `it''s "quoted" — 곳간 🌾; -- no comment /* none */ DELIMITER GRANT`;

export const blog = {
  tables: 2,
  mariadb: {
    make: [
      'CREATE TABLE wp_posts (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, title varchar(200) NOT NULL, body longtext, made datetime DEFAULT NULL, KEY made (made)) ENGINE=InnoDB',
      'CREATE TABLE wp_postmeta (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, post bigint unsigned NOT NULL, meta_key varchar(190), picture longblob, CONSTRAINT of_post FOREIGN KEY (post) REFERENCES wp_posts (ID) ON DELETE CASCADE)',
      'CREATE VIEW recent AS SELECT ID, title FROM wp_posts WHERE title IS NOT NULL',
      'CREATE VIEW a_recent_few AS SELECT title FROM recent',
      'CREATE FUNCTION counted() RETURNS int READS SQL DATA BEGIN DECLARE n int; SELECT count(*) INTO n FROM wp_posts; RETURN n; END',
      "CREATE PROCEDURE add_post(IN t varchar(200)) BEGIN IF t <> '' THEN INSERT INTO wp_posts (title) VALUES (t); END IF; END",
      "CREATE TRIGGER titled BEFORE INSERT ON wp_posts FOR EACH ROW SET NEW.body = concat(ifnull(NEW.body, ''), ';')",
      'CREATE EVENT cleaning ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM wp_postmeta WHERE picture IS NULL',
      `INSERT INTO wp_posts (title, body) VALUES ('${tricky}', 'back\\\\slash \\'quoted\\' \\n'), ('곳간 🌾', NULL), (char(0, 39, 92, 34), '')`,
      "INSERT INTO wp_postmeta (post, meta_key, picture) VALUES (1, '그림', 0x00FF27225C0A0D1A00)",
      "CALL add_post('called')",
    ],
    questions: [
      'SELECT ID, hex(title) AS t, hex(body) AS b FROM wp_posts ORDER BY ID',
      'SELECT id, post, meta_key, hex(picture) AS p FROM wp_postmeta',
      'SELECT title FROM a_recent_few ORDER BY title',
      'SELECT counted() AS n',
      "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = database() AND trigger_name = 'titled'",
      'SELECT event_name, status FROM information_schema.events WHERE event_schema = database()',
      'SELECT routine_name, routine_type, routine_definition FROM information_schema.routines WHERE routine_schema = database() ORDER BY 1',
      'SELECT constraint_name, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = database()',
    ],
  },
  postgresql: {
    make: [
      'CREATE TABLE wp_posts ("ID" serial PRIMARY KEY, title varchar(200) NOT NULL, body text, made timestamptz)',
      'CREATE TABLE wp_postmeta (id serial PRIMARY KEY, post int NOT NULL CONSTRAINT of_post REFERENCES wp_posts ON DELETE CASCADE, meta_key varchar(190), picture bytea)',
      'CREATE VIEW recent AS SELECT "ID", title FROM wp_posts WHERE title IS NOT NULL',
      'CREATE VIEW a_recent_few AS SELECT title FROM recent',
      'CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM wp_posts); END $$',
      "CREATE FUNCTION close_title() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.body := coalesce(NEW.body, '') || ';'; RETURN NEW; END $f$",
      'CREATE TRIGGER titled BEFORE INSERT ON wp_posts FOR EACH ROW EXECUTE FUNCTION close_title()',
      `INSERT INTO wp_posts (title, body) VALUES ('${tricky}', E'back\\\\slash \\'quoted\\' \\n\\t\\\\.\\n\\\\.\\n'), ('곳간 🌾', NULL)`,
      "INSERT INTO wp_postmeta (post, meta_key, picture) VALUES (1, '그림', '\\x00ff27225c0a0d1a00')",
    ],
    questions: [
      'SELECT * FROM wp_posts ORDER BY 1',
      "SELECT id, post, meta_key, encode(picture, 'hex') AS p FROM wp_postmeta",
      'SELECT title FROM a_recent_few ORDER BY title',
      'SELECT counted()::int AS n',
      "SELECT tgname FROM pg_trigger WHERE tgname = 'titled'",
      'SELECT nextval(\'"wp_posts_ID_seq"\')::int > 2 AS goes_on',
      "SELECT conname, confdeltype FROM pg_constraint WHERE conname = 'of_post'",
      "SELECT DISTINCT pg_get_userbyid(relowner) = current_user AS mine FROM pg_class WHERE relname LIKE 'wp\\_%'",
    ],
  },
} as const;
