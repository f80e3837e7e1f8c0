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

const broken = lines(join(folder, 'broken'));
for (const run of ['sqlite', 'postgresql', 'browser', 'gates', 'attack', 'faults']) {
  const first = resultsOf(run);
  const again = new Map(resultsOf(`${run}-again`).map((file) => [file.name, file]));
  if (first.every(({ assertionResults }) => assertionResults.length === 0)) fail(`${run}: no test ran`);
  for (const file of first) tellOnce(run, file, again.get(file.name));
  for (const file of first) countFile(run, again.get(file.name) ?? file);
  // The message too: the end of the log is what a reader has.
  if (broken.includes(run) && !resultsOf(`${run}-again`).some(({ status }) => status === 'failed'))
    fail(`${run}: an error outside of its tests\n${outside(`${run}-again`)}`);
  else if (existsSync(join(folder, `${run}-again.json`)) && hasOutside(run))
    say(`failed once: ${run}: an error outside of its tests\n${outside(run)}`);
}

function resultsOf(run) {
  const file = join(folder, `${run}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).testResults ?? []) : [];
}

/** What failed at first and passed when it was asked again is told, so that somebody looks at it. */
function tellOnce(run, { assertionResults, status, message }, again) {
  if (again?.status !== 'passed') return;
  const failed = assertionResults.filter((one) => one.status === 'failed');
  for (const { fullName, failureMessages } of failed) say(`failed once: ${run}: ${fullName}\n${shortened(failureMessages)}`);
  if (status === 'failed' && failed.length === 0) say(`failed once: ${run}: ${message}`);
}

function countFile(run, { name, status, message, assertionResults }) {
  for (const { fullName, status: state, failureMessages } of assertionResults) {
    if (state === 'passed') count.passed += 1;
    else if (state === 'failed') fail(`${run}: ${fullName}\n${shortened(failureMessages)}`);
    else skip(run, fullName);
  }
  // A file that broke down before its first test has no results of its own.
  if (status === 'failed' && assertionResults.every((one) => one.status !== 'failed'))
    fail(`${run}: ${name} (${status}) ${message ?? ''}`);
}

function shortened(messages = []) {
  return messages.join('\n').slice(0, 3000);
}

/** An error outside of every test is in no file, only in what was printed. */
function hasOutside(run) {
  return lines(join(folder, `${run}.log`)).some((line) => /Vitest caught \d+ unhandled error/.test(line));
}

function outside(run) {
  const printed = lines(join(folder, `${run}.log`));
  const from = printed.findIndex((line) => /Unhandled (Error|Rejection)/.test(line));
  return (from < 0 ? printed.slice(-60) : printed.slice(from, from + 60)).join('\n').slice(0, 6000);
}

function skip(run, name) {
  const known = allowed.find(({ part }) => name.includes(part));
  if (known) say(`skipped: ${known.reason} (${run}: ${name})`);
  else fail(`${run}: skipped without a reason in .ci/skips.txt: ${name}`);
}

say(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
