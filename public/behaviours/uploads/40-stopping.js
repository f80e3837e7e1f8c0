// Pausing: what has arrived stays where it is.
import { announce, make, words } from './10-page.js';
import { become, items, queue } from './30-items.js';

/**
 * Lets the files of a bundle go on one by one. Only before all of it was sent: a form that was cut publishes nothing, and one that was not
 * is sent again under its own key alone.
 */
export function split(bundle) {
  bundle.stop?.();
  for (const item of bundle.items) {
    Object.assign(item, { bundle: undefined, sent: 0 });
    if (item.state === 'sending') become(item, 'waiting');
  }
}

/** Whether a file can be stopped without the others of its bundle. */
export const isAlone = ({ bundle }) => !bundle?.isSent;

export function pauseOne(item) {
  void item.upload?.abort();
  if (item.bundle) split(item.bundle);
  become(item, 'paused');
  item.resolve?.('stopped');
}

export function pauseAll(text = `${words.paused}. ${words.kept}`) {
  queue.isPaused = true;
  for (const bundle of new Set(items.map((item) => item.bundle))) {
    if (bundle?.isSent) bundle.stop?.();
    else if (bundle) split(bundle);
  }
  for (const item of items) {
    if (item.upload && item.state === 'sending') pauseOne(item);
    else if (item.state === 'sending' || item.state === 'waiting') become(item, 'paused', isAlone(item) ? '' : words.inBundle);
  }
  announce(text);
}

const link = make(
  'a',
  { className: 'button', href: location.href, target: '_blank', rel: 'noopener' },
  make('span', {}, words.signIn),
);
/** The way back in: this page in another window, behind a sign-in. */
export const signIn = make('p', { className: 'actions', hidden: true }, link);

export function lostSession() {
  queue.isLost = true;
  signIn.hidden = false;
  pauseAll(words.session);
}
