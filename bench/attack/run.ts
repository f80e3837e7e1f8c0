// `npm run attack`: the real program under attack, each figure with its bound, in one table. --long is the whole attack, --only <name> one part.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, holds, type Part } from '../figure.ts';
import { machine } from '../machine.ts';
import { Programs } from '../program.ts';
import { fails, table } from '../table.ts';
import { stuffingPart } from './stuffing.ts';
import { timingPart } from './timing.ts';

const parts: readonly Part[] = [stuffingPart, timingPart];
const root = join(import.meta.dirname, '../..');

const { values } = parseArgs({ options: { long: { type: 'boolean', default: false }, only: { type: 'string' } } });
const { long, only } = values;
const wanted = parts.filter(({ name }) => only === undefined || name === only);
if (wanted.length === 0) throw new Error(`--only: ${parts.map(({ name }) => name).join(', ')}`);

// Not below /tmp, which may be memory: every attempt writes.
await mkdir(join(root, 'data'), { recursive: true });
const folder = await mkdtemp(join(root, 'data/attack-'));
const figures: Figure[] = [];
const programs = new Programs(join(folder, 'shared'), long);
try {
  for (const part of wanted) {
    console.log(`== ${part.name}`);
    const place = join(folder, part.name);
    await mkdir(place);
    figures.push(...(await part.measure({ long, folder: place, programs, say: (line) => console.log(`   ${line}`) })));
  }
} finally {
  await programs.end();
  await rm(folder, { recursive: true, force: true });
}
const about = await machine(root);
console.log(`\n${table(figures)}\n\n${about.map(([name, value]) => `${name}: ${value}`).join('\n')}`);
for (const figure of figures) if (!holds(figure)) console.log(`misses its bound: ${figure.name}`);
process.exitCode = figures.some((figure) => fails(figure, long)) ? 1 : 0;
