// Sums up what .ci/run counted. In CI a skipped test is a failure unless it stands in skips.txt with its reason. The last line is the result.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const say = (line) => process.stdout.write(`${line}\n`);
const folder = process.argv[2] ?? '';
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
const allowed = lines(join(import.meta.dirname, 'skips.txt'))
  .filter((line) => !line.startsWith('#'))
  .map((line) => line.split(' | '))
  .map(([reason, part]) => ({ reason, part }));

const count = { passed: lines(join(folder, 'passed')).length, failed: 0 };
const fail = (what) => {
  count.failed += 1;
  say(`failed: ${what}`);
};
for (const step of lines(join(folder, 'failed'))) fail(step);

for (const run of ['sqlite', 'postgresql', 'browser']) {
  const file = join(folder, `${run}.json`);
  const { testResults = [] } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  if (tests.length === 0) fail(`${run}: no test ran`);
  for (const { fullName, status } of tests) {
    if (status === 'passed') count.passed += 1;
    else if (status === 'failed') fail(`${run}: ${fullName}`);
    else skip(run, fullName);
  }
  // A file that broke down before its first test has no results of its own.
  for (const { name, status, message } of testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((one) => one.status !== 'failed'),
  )) {
    fail(`${run}: ${name} (${status}) ${message ?? ''}`);
  }
}

function skip(run, name) {
  const known = allowed.find(({ part }) => name.includes(part));
  if (known) say(`skipped: ${known.reason} (${run}: ${name})`);
  else fail(`${run}: skipped without a reason in .ci/skips.txt: ${name}`);
}

say(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
