// `npm run bench`: every figure beside its raw limit, in one table. --long measures the sizes of the bounds, --only <name,name> some parts,
// --write keeps the table in docs/benchmarks.md, or what was measured anew of it.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backupPart } from './backup.ts';
import { browsePart } from './browse.ts';
import { databasesPart } from './databases/databases.ts';
import { downloadPart } from './download.ts';
import { type Figure, holds, type Part } from './figure.ts';
import { ftpPart } from './ftp.ts';
import { ledgerPart } from './ledger.ts';
import { loginsPart } from './logins.ts';
import { machine } from './machine.ts';
import { managerPart } from './manager.ts';
import { manyPart } from './many.ts';
import { nightsPart } from './nights.ts';
import { pagesPart } from './pages.ts';
import { policyPart } from './policy.ts';
import { Programs } from './program.ts';
import { restoresPart } from './restores.ts';
import { resumablePart } from './resumable.ts';
import { startPart } from './start.ts';
import { fails, renewed, shortFormSlack, table } from './table.ts';
import { tiersPart } from './tiers.ts';
import { uploadPart } from './upload.ts';

const parts: readonly Part[] = [
  ...[startPart, pagesPart, loginsPart, uploadPart, resumablePart, downloadPart, browsePart, ftpPart],
  ...[policyPart, managerPart, manyPart, ledgerPart, backupPart, nightsPart, restoresPart, tiersPart, databasesPart],
];
const root = join(import.meta.dirname, '..');
const document = join(root, 'docs/benchmarks.md');
const marks = ['<!-- made by npm run bench -- --long --write; do not edit below -->', '<!-- end of what is made -->'] as const;

const { values } = parseArgs({
  options: { long: { type: 'boolean', default: false }, only: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const { long, write } = values;
const only = values.only?.split(',');
const wanted = parts.filter(({ name }) => only?.includes(name) ?? true);
if (wanted.length < (only?.length ?? 1)) throw new Error(`--only: ${parts.map(({ name }) => name).join(', ')}`);
if (write && !long) throw new Error('--write: only the long form is kept');
process.exitCode = await run();

async function run(): Promise<number> {
  // Not below /tmp, which may be memory: the disk is measured.
  await mkdir(join(root, 'data'), { recursive: true });
  const folder = await mkdtemp(join(root, 'data/bench-'));
  const figures: Figure[] = [];
  const programs = new Programs(join(folder, 'shared'), long);
  try {
    for (const part of wanted) figures.push(...(await measured(part, join(folder, part.name), programs)));
  } finally {
    await programs.end();
    await rm(folder, { recursive: true, force: true });
  }
  const about = await machine(root);
  console.log(`\n${table(figures)}\n\n${about.map(([name, value]) => `${name}: ${value}`).join('\n')}`);
  if (write) await keep(figures, about);
  return verdict(figures);
}

async function measured(part: Part, folder: string, programs: Programs): Promise<readonly Figure[]> {
  await mkdir(folder);
  const begun = performance.now();
  console.log(`== ${part.name}`);
  const figures = await part.measure({ long, folder, programs, say: (line) => console.log(`   ${line}`) });
  await rm(folder, { recursive: true, force: true });
  console.log(`-- ${part.name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  return figures;
}

function verdict(figures: readonly Figure[]): number {
  const missed = figures.filter((figure) => !holds(figure));
  const failed = figures.filter((figure) => fails(figure, long));
  for (const { name } of missed) console.log(`misses its bound: ${name}`);
  if (!long && missed.length > failed.length)
    console.log(
      `The short form fails only beyond ${shortFormSlack} times a bound of time; the long form judges (docs/benchmarks.md).`,
    );
  return failed.length === 0 ? 0 : 1;
}

/** Some parts take the places of what they measured before, and say so: the machine may be another. */
async function keep(figures: readonly Figure[], about: readonly [string, string][]): Promise<void> {
  const text = await readFile(document, 'utf8');
  const [before = '', kept = ''] = text.split(marks[0]);
  const [made = '', after = '\n'] = kept.split(marks[1]);
  const lines = about.map(([name, value]) => `- ${name}: ${value}`).join('\n');
  const earlier = made
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .join('\n');
  const again = `- Measured again: ${only?.join(', ')} (${about.map(([, value]) => value).join('; ')})`;
  const said = only ? `${earlier}\n${again}\n\n${renewed(made, figures)}` : `${lines}\n\n${table(figures)}`;
  await writeFile(document, `${before}${marks[0]}\n\n${said}\n\n${marks[1]}${after}`);
}
