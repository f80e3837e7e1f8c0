// Going on, and leaving out.
import { announce, plain, say } from './10-page.js';
import { ask, freshToken } from './20-asking.js';
import { become, beginCounting, final, items, leaveUnfinished, queue } from './30-items.js';
import { pump } from './70-sending.js';
import { decideAll, recheck } from './80-checking.js';

export function resumeOne(item) {
  queue.isPaused = false;
  const group = item.bundle?.items ?? [item];
  if (!item.shown) return void recheck(group);
  for (const one of group) if (one.state === 'paused' || one.state === 'broken') become(one, 'waiting');
  pump();
}

export function removeOne(item) {
  const { upload, address } = item;
  if (upload) void upload.abort(true).catch(() => {});
  else if (address) void ask(address, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } }).catch(() => {});
  item.resolve?.('stopped');
  leaveUnfinished(address);
  become(item, 'cancelled');
  pump();
}

export async function resumeAll() {
  await freshToken();
  queue.isPaused = false;
  const stopped = items.filter(({ state }) => state === 'paused' || state === 'broken');
  const unknown = stopped.filter(({ shown }) => shown === undefined);
  for (const item of stopped) if (item.shown !== undefined) become(item, 'waiting');
  announce(say('begun', { count: plain.format(stopped.length) }));
  beginCounting();
  if (unknown.length > 0) await recheck(unknown);
  pump();
}

export function cancelAll() {
  queue.isPaused = false;
  for (const { bundle } of items) bundle?.stop?.();
  for (const item of items) if (!final.has(item.state) && item.state !== 'judging') removeOne(item);
  // Nothing is left of what was asked about.
  decideAll('skip');
}
