// Going on, and leaving out.
import { announce, plain, say } from './10-page.js';
import { ask, freshToken } from './20-asking.js';
import { become, beginCounting, final, items, leaveUnfinished, queue } from './30-items.js';
import { signIn, split } from './40-stopping.js';
import { pump } from './70-sending.js';
import { decideAll, recheck } from './80-checking.js';

function goOn() {
  Object.assign(queue, { isPaused: false, isLost: false });
  signIn.hidden = true;
}

export function resumeOne(item) {
  goOn();
  const group = item.bundle?.items ?? [item];
  if (!item.shown) return void recheck(group);
  for (const one of group) if (one.state === 'paused' || one.state === 'broken') become(one, 'waiting');
  pump();
}

function leaveOut(item) {
  const { upload, address, bundle } = item;
  if (upload) void upload.abort(true).catch(() => {});
  else if (address) void ask(address, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } }).catch(() => {});
  item.resolve?.('stopped');
  leaveUnfinished(address);
  if (bundle && !bundle.isSent) split(bundle);
  become(item, 'cancelled');
}

export function removeOne(item) {
  leaveOut(item);
  pump();
}

/** Sends a file that was refused or skipped once more, with what was chosen for it; it is judged anew, by its name first. */
export function sendAgain(item, { act, name, conflict }) {
  goOn();
  // Which of two was meant is decided; everything else is asked about.
  const isDecided = conflict === 'replace' || conflict === 'rename';
  if (act === 'safe') item.path = name;
  Object.assign(item, { conflict, isDecided, sent: 0, choices: [], address: undefined, upload: undefined });
  return recheck([item]);
}

export async function resumeAll() {
  await freshToken();
  goOn();
  const stopped = items.filter(({ state }) => state === 'paused' || state === 'broken');
  const unknown = stopped.filter(({ shown }) => shown === undefined);
  for (const item of stopped) if (item.shown !== undefined) become(item, 'waiting');
  announce(say('begun', { count: plain.format(stopped.length) }));
  beginCounting();
  if (unknown.length > 0) await recheck(unknown);
  pump();
}

export function cancelAll() {
  for (const { bundle } of items) bundle?.stop?.();
  for (const item of items) if (!final.has(item.state) && item.state !== 'judging') leaveOut(item);
  // Nothing is left of what was asked about.
  decideAll('skip');
  goOn();
  pump();
}
