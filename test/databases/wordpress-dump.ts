// A dump as a WordPress site's export has it: mysqldump's frame, the tables of WordPress, Korean posts, serialised options, long lines.
const header = `-- MySQL dump 10.19  Distrib 10.3.39-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: old_blog
-- ------------------------------------------------------
-- Server version\t10.3.39-MariaDB-0+deb10u1

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
`;

const footer = `
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-11-20  3:10:00
`;

const columns: Readonly<Record<string, string>> = {
  wp_options: `  \`option_id\` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  \`option_name\` varchar(191) NOT NULL DEFAULT '',
  \`option_value\` longtext NOT NULL,
  \`autoload\` varchar(20) NOT NULL DEFAULT 'yes',
  PRIMARY KEY (\`option_id\`),
  UNIQUE KEY \`option_name\` (\`option_name\`)`,
  wp_posts: `  \`ID\` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  \`post_author\` bigint(20) unsigned NOT NULL DEFAULT 0,
  \`post_date\` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  \`post_content\` longtext NOT NULL,
  \`post_title\` text NOT NULL,
  \`post_status\` varchar(20) NOT NULL DEFAULT 'publish',
  \`post_name\` varchar(200) NOT NULL DEFAULT '',
  PRIMARY KEY (\`ID\`),
  KEY \`post_name\` (\`post_name\`(191)),
  KEY \`type_status_date\` (\`post_status\`,\`post_date\`,\`ID\`)`,
  wp_postmeta: `  \`meta_id\` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  \`post_id\` bigint(20) unsigned NOT NULL DEFAULT 0,
  \`meta_key\` varchar(255) DEFAULT NULL,
  \`meta_value\` longtext DEFAULT NULL,
  PRIMARY KEY (\`meta_id\`),
  KEY \`post_id\` (\`post_id\`)`,
  wp_users: `  \`ID\` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  \`user_login\` varchar(60) NOT NULL DEFAULT '',
  \`user_pass\` varchar(255) NOT NULL DEFAULT '',
  \`user_email\` varchar(100) NOT NULL DEFAULT '',
  \`display_name\` varchar(250) NOT NULL DEFAULT '',
  PRIMARY KEY (\`ID\`),
  KEY \`user_login_key\` (\`user_login\`)`,
};

const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('"', '\\"')}'`;

const paragraph =
  '가을 햇살이 좋은 날, 공방에서 "감물" 염색을 했습니다. It\'s a fine day; DROP TABLE was only a joke -- 정말로. 🍂\n';

const rowsOf: Readonly<Record<string, (count: number) => string[]>> = {
  wp_options: () => [
    `(1,'siteurl','http://old.example.com','yes')`,
    `(2,'blogname',${quoted('햇살 공방')},'yes')`,
    `(3,'active_plugins',${quoted('a:1:{i:0;s:19:"akismet/akismet.php";}')},'yes')`,
  ],
  wp_posts: (count) =>
    Array.from({ length: count }, (_, index) => {
      const body = quoted(`<!-- wp:paragraph -->\n<p>${paragraph.repeat(1 + (index % 7))}</p>\n<!-- /wp:paragraph -->`);
      return `(${index + 1},1,'2026-01-01 09:00:00',${body},${quoted(`글 ${index + 1}`)},'publish','post-${index + 1}')`;
    }),
  wp_postmeta: (count) =>
    Array.from({ length: count }, (_, index) => `(${index + 1},${index + 1},'_thumb',${quoted(`a:1:{s:4:"file";i:${index};}`)})`),
  wp_users: () => [`(1,'admin','$P$BfakefakefakefakefakefakefakefA','admin@example.com',${quoted('관리자')})`],
};

const rowsAtOnce = 200;

function table(name: string, count: number): string {
  const rows = rowsOf[name]?.(count) ?? [];
  const inserts = Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, at) => {
    return `INSERT INTO \`${name}\` VALUES ${rows.slice(at * rowsAtOnce, (at + 1) * rowsAtOnce).join(',')};`;
  });
  return `
--
-- Table structure for table \`${name}\`
--

DROP TABLE IF EXISTS \`${name}\`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8 */;
CREATE TABLE \`${name}\` (
${columns[name]}
) ENGINE=InnoDB AUTO_INCREMENT=${rows.length + 1} DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table \`${name}\`
--

LOCK TABLES \`${name}\` WRITE;
/*!40000 ALTER TABLE \`${name}\` DISABLE KEYS */;
${inserts.join('\n')}
/*!40000 ALTER TABLE \`${name}\` ENABLE KEYS */;
UNLOCK TABLES;
`;
}

const trigger = `
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`old_user\`@\`localhost\`*/ /*!50003 TRIGGER \`named\` BEFORE INSERT ON \`wp_posts\` FOR EACH ROW SET NEW.post_name = IF(NEW.post_name = '', CONCAT('p-', NEW.post_author), NEW.post_name) */;;
DELIMITER ;
`;

export const wordpressTables = Object.keys(columns).sort();

/** @returns the text of a dump with so many posts; each is about 600 bytes */
export function wordpressDump(posts = 100): string {
  return header + wordpressTables.map((name) => table(name, posts)).join('') + trigger + footer;
}

/** The same for PostgreSQL, as `pg_dump` writes it. */
export function postgresDump(posts = 100): string {
  const rows = Array.from({ length: posts }, (_, index) => {
    const body = paragraph
      .repeat(1 + (index % 7))
      .replaceAll('\\', '\\\\')
      .replaceAll('\n', '\\n');
    return `${index + 1}\t글 ${index + 1}\t${body}`;
  });
  return `--
-- PostgreSQL database dump
--

-- Dumped from database version 15.10 (Debian 15.10-0+deb12u1)
-- Dumped by pg_dump version 15.10 (Debian 15.10-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;

CREATE TABLE public.posts (
    id integer NOT NULL,
    title text NOT NULL,
    body text
);

ALTER TABLE public.posts OWNER TO old_user;

COPY public.posts (id, title, body) FROM stdin;
${rows.join('\n')}
\\.

ALTER TABLE ONLY public.posts
    ADD CONSTRAINT posts_pkey PRIMARY KEY (id);

--
-- PostgreSQL database dump complete
--
`;
}
