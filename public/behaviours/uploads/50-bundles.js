// Small files by the form, many at a time.
import { base, say, sum, to, words } from './10-page.js';
import { refusalOf, tokenNow } from './20-asking.js';
import { become, items, settle, show } from './30-items.js';
import { lostSession } from './40-stopping.js';

export const smallBytes = 1024 * 1024;
const bundleBytes = 8 * 1024 * 1024;
const bundleFiles = 200;
/** milliseconds between attempts */
export const delays = [0, 1000, 3000, 5000, 10_000, 20_000];

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
    const error = refusalOf(answer.code, answer.text);
    if (error.isSession) return lostSession();
    const isPassing =
      answer.code === 0 || answer.code === 409 || answer.code === 429 || answer.code === 502 || answer.code === 504;
    const delay = delays[tries + 1];
    if (!isPassing || delay === undefined) {
      for (const item of bundle.items) {
        item.bundle = undefined;
        become(item, 'broken', answer.code === 0 ? words.failed : error.message);
      }
      return;
    }
    for (const item of bundle.items) become(item, 'sending', say('retry', { n: tries + 1, most: delays.length - 1 }));
    if (await isStoppedWithin(delay, bundle)) return;
  }
}

/** Who pauses or cancels between two attempts stops them as well. */
const isStoppedWithin = (delay, bundle) =>
  new Promise((resolve) => {
    bundle.stop = () => resolve(true);
    setTimeout(() => resolve(false), delay);
  });

const post = (bundle) =>
  new Promise((resolve) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ _csrf: tokenNow(), _idem: bundle.key, to, conflict: bundle.conflict }))
      body.append(name, value);
    for (const { file, path } of bundle.items) body.append('files', file, path);
    const request = new XMLHttpRequest();
    const whole = sum(bundle.items, ({ bytes }) => bytes);
    request.upload.onprogress = ({ loaded, total }) => {
      for (const item of bundle.items) item.sent = whole === 0 ? 0 : Math.min(item.bytes, (item.bytes * loaded) / total);
      show();
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

function settleBundle(bundle, results) {
  const byName = new Map(results.map((row) => [row.file, row]));
  for (const item of bundle.items) {
    const row = byName.get(item.shown);
    settle(item, row ?? { result: 'refused', reason: words.unreadable });
  }
}
