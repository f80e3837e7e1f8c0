// Rows counted in the text of a dump: only those of tables, whatever stands in them, and told when the server counts others.
import { expect, test } from 'vitest';
import { dumpLines } from '../../src/platform/database-server/dump-lines.ts';
import { differing, mariaDbRows, postgresRows, strayed } from '../../src/platform/database-server/dump-rows.ts';

async function counted(rows: ReturnType<typeof mariaDbRows>, sql: string, piece: number): Promise<Record<string, number>> {
  const bytes = Buffer.from(sql);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const passed: Buffer[] = [];
  for await (const chunk of dumpLines({ first: '', isTable: () => false, rows }).through(pieces())) passed.push(chunk);
  expect(Buffer.concat(passed).toString()).toBe(sql);
  return Object.fromEntries(rows.counts);
}

const mariadb = `-- MariaDB dump
--
-- Dumping data for table \`posts\`
--

LOCK TABLES \`posts\` WRITE;
INSERT INTO \`posts\` VALUES
(1,'VALUES ('),
(2,'${'긴 글 '.repeat(2000)}');
INSERT INTO \`posts\` VALUES
(3,'(');
/*!40000 ALTER TABLE \`posts\` ENABLE KEYS */;
UNLOCK TABLES;
--
-- Dumping data for table \`a\`\`b\`
--

LOCK TABLES \`a\`\`b\` WRITE;
UNLOCK TABLES;
CREATE PROCEDURE p()
(1)
-- Dumping data for table \`old\`
LOCK TABLES \`old\` WRITE;
INSERT INTO \`old\` VALUES (1),(2);
UNLOCK TABLES;
`;

const postgresql = `--
-- Data for Name: posts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.posts (id, title) FROM stdin;
1\tCOPY x FROM stdin;
2\t${'긴 글 '.repeat(2000)}

\\\\.
3\t-- Data for Name
\\.

-- Data for Name: Weird "x; Type: TABLE DATA; Schema: shop; Owner: -
COPY shop."Weird ""x" (id) FROM stdin;
\\.
COPY public.nobody (id) FROM stdin;
`;

test.each([1, 7, 1000, 1e6])('in pieces of %d bytes the same rows are counted', async (piece) => {
  // The last table is written by an older program, whose rows share a line: it is not counted at all.
  expect(await counted(mariaDbRows(), mariadb, piece)).toEqual({ posts: 3, 'a`b': 0 });
  expect(await counted(postgresRows(), postgresql, piece)).toEqual({ posts: 5, 'shop.Weird "x': 0 });
});

const counts = (rows: Record<string, number>) => Object.entries(rows).map(([table, count]) => ({ table, rows: count }));
const text = (rows: Record<string, number>) => new Map(Object.entries(rows));

test('a text with other rows than the server has is told by the tables', () => {
  expect(differing(text({ a: 1, b: 2 }), counts({ a: 1, b: 2 }))).toEqual([]);
  expect(differing(text({ a: 1, b: 2 }), counts({ a: 1, b: 3, c: 0 }))).toEqual(['b', 'c']);
});

test.each([
  ['rested and has its rows', 100, 100, 100, false],
  ['rested and lacks one', 99, 100, 100, true],
  ['grew meanwhile', 104, 100, 109, false],
  ['grew and shrank meanwhile, by a few', 118, 100, 109, false],
  ['has as many as afterwards', 50, 100, 50, false],
  ['lacks half of what it had before and after', 50, 100, 109, true],
] as const)('a table that %s is told or not', (_, own, before, after, isStray) => {
  expect(strayed(text({ t: own }), counts({ t: before }), counts({ t: after }))).toEqual(isStray ? ['t'] : []);
});

test('a table that was made or dropped meanwhile is no stray', () => {
  expect(strayed(text({ made: 1 }), [], counts({ made: 1 }))).toEqual([]);
  expect(strayed(text({}), counts({ dropped: 1 }), [])).toEqual([]);
});
