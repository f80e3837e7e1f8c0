// Names the test files of a run that did not pass, one a line; none when the fault was outside of every file.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const { testResults = [] } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
for (const { name, status } of testResults) if (status !== 'passed') process.stdout.write(`${relative(process.cwd(), name)}\n`);
