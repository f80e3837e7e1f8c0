// Small files by the form, many at a time.
import { base, say, sum, to, words } from './10-page.js';
import { refusalOf, tokenNow } from './20-asking.js';
import { become, breakOff, items, queue, settle, show } from './30-items.js';
import { lostSession, split } from './40-stopping.js';

export const smallBytes = 1024 * 1024;
const bundleBytes = 8 * 1024 * 1024;
const bundleFiles = 200;
/** After these nobody knows whether a form that was sent to its end was carried out. */
const unanswered = [0, 409, 502, 504];
/** milliseconds between attempts */
export const delays = [0, 1000, 3000, 5000, 10_000, 20_000];

/** `isSent`: all of it may have arrived, so that it stays together under its key; `isLost`: and an attempt ended without an answer. */
export function bundleOf(first) {
  const bundle = first.bundle ?? { key: crypto.randomUUID(), items: bundleFrom(first), conflict: first.conflict };
  for (const item of bundle.items) Object.assign(item, { bundle, state: 'sending', reason: '' });
  return { items: bundle.items, send: () => sendBundle(bundle) };
}

function bundleFrom(first) {
  const found = [];
  let bytes = 0;
  for (const item of items) {
    const fits = item.state === 'waiting' && !item.bundle && !item.address && item.bytes <= smallBytes;
    if (!fits || item.conflict !== first.conflict) continue;
    if (found.length === bundleFiles || bytes + item.bytes > bundleBytes) break;
    found.push(item);
    bytes += item.bytes;
  }
  return found;
}

/** A bundle that is sent again carries the same key: what the server has done already it does not do twice. */
async function sendBundle(bundle) {
  for (let tries = 0; ; tries += 1) {
    const answer = await post(bundle);
    if (answer.isStopped) return;
    if (answer.code === 200) return settleBundle(bundle, JSON.parse(answer.text).files);
    if (unanswered.includes(answer.code)) bundle.isLost ||= bundle.isSent;
    bundle.isSent = bundle.isLost;
    const error = refusalOf(answer.code, answer.text);
    for (const item of bundle.items) become(item, 'sending');
    if (error.isSession) return lostSession();
    const isPassing = [0, 409, 429, 460, 502, 504].includes(answer.code);
    const delay = delays[tries + 1];
    if (!isPassing || delay === undefined) {
      if (!bundle.isSent) split(bundle);
      for (const item of bundle.items) answer.code === 0 ? breakOff(item) : become(item, 'broken', error.message);
      return;
    }
    if (queue.isPaused) return stay(bundle);
    for (const item of bundle.items) become(item, 'sending', say('retry', { n: tries + 1, most: delays.length - 1 }));
    if (await isStoppedWithin(delay, bundle)) return;
  }
}

/** Paused while an answer was waited for that did not come. */
function stay(bundle) {
  const { isSent, items: held } = bundle;
  if (!isSent) split(bundle);
  for (const item of held) become(item, 'paused', isSent ? words.inBundle : '');
}

/** Who pauses or cancels between two attempts stops them as well. */
const isStoppedWithin = (delay, bundle) =>
  new Promise((resolve) => {
    bundle.stop = () => resolve(true);
    setTimeout(() => resolve(false), delay);
  });

/** Reads every file once, so that what is summed is what is sent; what cannot be read is told by itself. */
async function bodyOf(bundle) {
  const read = await Promise.all(
    bundle.items.map(async (item) => ({ item, bytes: await item.file.arrayBuffer().catch(() => undefined) })),
  );
  for (const { item, bytes } of read)
    if (!bytes && item.bundle === bundle) settle(item, { result: 'refused', reason: words.unreadable });
  const sound = read.filter(({ bytes }) => bytes);
  bundle.items = sound.map(({ item }) => item);
  const body = new FormData();
  const fields = { _csrf: tokenNow(), _idem: bundle.key, to, conflict: bundle.conflict };
  // Not there where the page did not come over TLS.
  if (crypto.subtle) fields.sha256 = await sumOf(sound.map(({ bytes }) => bytes));
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  for (const { item, bytes } of sound) body.append('files', new Blob([bytes]), item.path);
  return body;
}

/** @returns SHA-256 over the SHA-256 of each, in hexadecimal */
async function sumOf(contents) {
  const digest = (bytes) => crypto.subtle.digest('SHA-256', bytes);
  const whole = await digest(await new Blob(await Promise.all(contents.map(digest))).arrayBuffer());
  return [...new Uint8Array(whole)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function post(bundle) {
  let isStopped = false;
  bundle.stop = () => {
    isStopped = true;
  };
  const body = await bodyOf(bundle);
  if (isStopped || bundle.items.length === 0) return { isStopped: true };
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const whole = sum(bundle.items, ({ bytes }) => bytes);
    request.upload.onprogress = ({ loaded, total }) => {
      for (const item of bundle.items) item.sent = whole === 0 ? 0 : Math.min(item.bytes, (item.bytes * loaded) / total);
      show();
    };
    request.upload.onload = () => {
      Object.assign(bundle, { isSent: true, stop: undefined });
      for (const item of bundle.items) become(item, 'judging');
    };
    request.onload = () => resolve({ code: request.status, text: request.responseText });
    request.onerror = () => resolve({ code: 0, text: '' });
    request.onabort = () => resolve({ isStopped: true });
    bundle.stop = () => request.abort();
    request.open('POST', `${base}/upload`);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('x-csrf-token', tokenNow());
    request.send(body);
  });
}

function settleBundle(bundle, results) {
  const byName = new Map(results.map((row) => [row.file, row]));
  for (const item of bundle.items) {
    const row = byName.get(item.shown);
    settle(item, row ?? { result: 'refused', reason: words.unreadable });
  }
}
