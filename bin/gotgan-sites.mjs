#!/usr/bin/env node
// Makes sites as Unix users of this machine, run as root: one order as JSON on stdin, one answer on stdout (docs/servers.md).
// It stands alone on purpose: with root's rights nothing is loaded but the few files of bin/sites/. What the order names is checked
// here again, whoever sent it; nothing of it reaches a shell, and no path of it is ever opened.
import { once } from 'node:events';
import { connect } from 'node:net';
import { acts } from './sites/acts.mjs';
import { firstLine, orderOf } from './sites/order.mjs';
import { locked } from './sites/records.mjs';
import { settingsOf } from './sites/settings.mjs';
import { failed } from './sites/system.mjs';

const codes = { done: 0, notFound: 0, conflict: 0, failed: 1, again: 75 };

async function* bodyOf(stream, rest) {
  if (rest.length > 0) yield rest;
  yield* stream;
}

async function answerTo(settingsPath, told) {
  if (process.getuid() !== 0) throw failed('this program makes users, so it must be run as root');
  process.umask(0o022);
  process.chdir('/');
  const settings = settingsOf(settingsPath);
  const { line, rest } = await firstLine(process.stdin);
  const order = orderOf(line, acts);
  Object.assign(told, { act: order.act, site: order.site.id });
  if (order.act === 'check') return acts.check(settings);
  const release = await locked(settings, order.site);
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
    console.error(error.message);
  }
  end(answer);
}

/** Says the answer once, on stdout, and ends with its code even where stdin is still being sent. */
function end(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(codes[answer.outcome] ?? 1));
}

/** Hands the order to the same program behind a socket (systemd, `Accept=yes`), for a panel that may run nothing as root. */
async function ask(socketPath) {
  const socket = connect(socketPath);
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const over = once(socket, 'end').catch((error) => ({ error }));
  process.stdin.pipe(socket);
  const { error } = await over;
  const answer = error ? { outcome: 'again', error: `${socketPath}: ${error.code}` } : answerIn(said);
  if (answer.error) console.error(answer.error);
  end(answer);
}

function answerIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { outcome: 'again', error: 'the service gave no answer' };
  }
}

const [first = '/etc/gotgan-sites.json', second, ...more] = process.argv.slice(2);
if (more.length > 0 || (second !== undefined && first !== '--ask')) {
  console.error(
    'gotgan-sites [<settings>]        does the order on stdin\ngotgan-sites --ask <socket>      hands it to the service',
  );
  process.exitCode = 64;
} else await (first === '--ask' ? ask(second ?? '/run/gotgan-sites.sock') : main(first));
