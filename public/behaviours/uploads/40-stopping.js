// Pausing: what has arrived stays where it is.
import { announce, words } from './10-page.js';
import { become, items, queue } from './30-items.js';

export function pauseOne(item) {
  void item.upload?.abort();
  become(item, 'paused');
  item.resolve?.('stopped');
}

export function pauseAll(text = `${words.paused}. ${words.kept}`) {
  queue.isPaused = true;
  for (const { bundle } of items) bundle?.stop?.();
  for (const item of items) {
    if (item.upload && item.state === 'sending') pauseOne(item);
    else if (item.state === 'sending' || item.state === 'waiting') become(item, 'paused');
  }
  announce(text);
}

export function lostSession() {
  pauseAll(words.session);
}
