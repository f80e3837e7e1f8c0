// Three at a time, until nothing waits.
import { announce, plain, say, words } from './10-page.js';
import { become, final, good, isOver, items, queue, running, show } from './30-items.js';
import { bundleOf, smallBytes } from './50-bundles.js';
import { sendLarge } from './60-pieces.js';

const atOnce = 3;

export function pump() {
  while (!queue.isPaused && running.size < atOnce) {
    const job = nextJob();
    if (!job) break;
    running.add(job);
    const failed = () => {
      for (const item of job.items) if (item.state === 'sending') become(item, 'broken', words.failed);
    };
    void job
      .send()
      .catch(failed)
      .finally(() => {
        running.delete(job);
        show();
        pump();
      });
  }
  if (running.size === 0 && isOver()) finish();
}

function nextJob() {
  const first = items.find(({ state }) => state === 'waiting');
  if (!first) return undefined;
  if (first.bytes > smallBytes || first.address) {
    first.state = 'sending';
    return { items: [first], send: () => sendLarge(first) };
  }
  return bundleOf(first);
}

function finish() {
  const counts = [...final].map((name) => [name, items.filter(({ state }) => state === name).length]);
  const tally = counts.filter(([, count]) => count > 0);
  const told = tally.map(([name, count]) => say('tally', { state: words[name], count: plain.format(count) }));
  const isAll = tally.every(([name]) => good.has(name));
  if (isAll) announce(say('doneAll', { ok: plain.format(items.length) }));
  else announce(say(tally.some(([name]) => name === 'refused') ? 'doneRefused' : 'done', { tally: told.join(', ') }));
  show();
}
