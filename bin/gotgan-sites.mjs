#!/usr/bin/env node
// Makes sites as Unix users of this machine, run as root: one order as JSON on stdin, one answer on stdout (docs/servers.md).
// It stands alone on purpose: with root's rights nothing is loaded but the few files of bin/sites/. What the order names is checked
// here again, whoever sent it; nothing of it reaches a shell, and no path of it is ever opened.
import { fstatSync } from 'node:fs';
import { acts, lockOf } from './sites/acts.mjs';
import { ask } from './sites/ask.mjs';
import { firstLine, orderOf } from './sites/order.mjs';
import { locked } from './sites/records.mjs';
import { settingsOf } from './sites/settings.mjs';
import { failed } from './sites/system.mjs';

const codes = { done: 0, notFound: 0, conflict: 0, failed: 1, again: 75 };
/** Milliseconds within which an order must stand on stdin, and a body that nobody wants must have ended. */
const patience = { order: 60_000, rest: 5_000 };

/** stdin stays open when nobody reads on: the answer goes out before it ends. */
async function* bodyOf(stream, rest) {
  if (rest.length > 0) yield rest;
  yield* stream.iterator({ destroyOnReturn: false });
}

async function answerTo(settingsPath, told) {
  if (process.getuid() !== 0) throw failed('this program makes users, so it must be run as root');
  process.umask(0o022);
  process.chdir('/');
  const settings = settingsOf(settingsPath);
  const late = setTimeout(() => void finish({ ...told, outcome: 'failed', error: 'no order came' }), patience.order);
  const { line, rest } = await firstLine(process.stdin);
  clearTimeout(late);
  const order = orderOf(line, acts);
  Object.assign(told, { act: order.act, site: order.site.id });
  const lock = lockOf(order.act);
  const release = lock === undefined ? () => {} : await locked(settings, `${order.site.name}${lock}`);
  try {
    return await acts[order.act](settings, order, bodyOf(process.stdin, rest));
  } finally {
    release();
  }
}

async function main(settingsPath) {
  const told = { version: 1, act: null, site: null };
  let answer;
  try {
    answer = { ...told, ...(await answerTo(settingsPath, told)), ...told, outcome: 'done' };
  } catch (error) {
    const outcome = error.outcome ?? (['ENOSPC', 'EDQUOT', 'EMFILE', 'EAGAIN'].includes(error.code) ? 'again' : 'failed');
    answer = { ...told, outcome, error: error.message };
  }
  await finish(answer);
}

/** Says the answer once, on stdout, and ends with its code even where stdin is still being sent. */
async function finish(answer) {
  if (answer.error) console.error(answer.error);
  // Whoever asked may have left.
  process.stdout.on('error', () => {});
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(answer)}\n`, resolve));
  await drained(process.stdin);
  process.exit(codes[answer.outcome] ?? 1);
}

/** The system throws an answer away when its socket is closed with something unread: whoever asked closes it, having read the answer. */
async function drained(stream) {
  if (!fstatSync(0).isSocket() || stream.readableEnded || stream.destroyed) return;
  const ended = new Promise((resolve) => stream.once('end', resolve).once('close', resolve).once('error', resolve));
  stream.resume();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, patience.rest))]);
}

const [first = '/etc/gotgan-sites.json', second, ...more] = process.argv.slice(2);
if (more.length > 0 || (second !== undefined && first !== '--ask')) {
  console.error(
    'gotgan-sites [<settings>]        does the order on stdin\ngotgan-sites --ask <socket>      hands it to the service',
  );
  process.exitCode = 64;
} else if (first === '--ask') {
  const answer = await ask(second ?? '/run/gotgan-sites.sock', process.stdin);
  if (answer.error) console.error(answer.error);
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(codes[answer.outcome] ?? 1));
} else await main(first);
