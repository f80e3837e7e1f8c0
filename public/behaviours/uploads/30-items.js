// The files of the list, and what has become of each.
import { say } from './10-page.js';

// { file, path, target, bytes, changedAt, conflict, isDecided, state, sent, reason, isCut, choices, address, bundle, upload }
export const items = [];
/** what is being sent now: bundles and large files */
export const running = new Set();
/** `isLost`: paused because the session ended; `begun`: when the sending began; `samples`: what was sent since, for the time that is left; `spoken`: quarters that were told */
export const queue = { isPaused: false, isLost: false, begun: 0, samples: [], spoken: 0 };

export const final = new Set(['stored', 'renamed', 'replaced', 'skipped', 'refused', 'cancelled']);
export const good = new Set(['stored', 'renamed', 'replaced']);
export const isOver = () => items.length > 0 && items.every(({ state }) => final.has(state));

export const beginCounting = () => Object.assign(queue, { begun: performance.now(), samples: [] });

const drawing = { list: () => {}, isDue: false };
/** @param list draws the whole list */
export const drawnBy = (list) => Object.assign(drawing, { list });
/** Has the list drawn, at most ten times a second. */
export const show = () => {
  if (drawing.isDue) return;
  drawing.isDue = true;
  setTimeout(() => {
    drawing.isDue = false;
    drawing.list();
  }, 100);
};

export const become = (item, state, reason = '') => {
  Object.assign(item, { state, reason, isCut: false });
  show();
};

export const percentOf = ({ bytes, sent }) => (bytes > 0 ? Math.floor((100 * Math.min(sent, bytes)) / bytes) : 0);

/** Nobody answers any more. */
export const breakOff = (item) => {
  become(item, 'broken', say('network', { percent: percentOf(item) }));
  item.isCut = true;
};

/** The table of unfinished uploads was drawn with the page: what is finished or thrown away since leaves it. */
export function leaveUnfinished(address) {
  const rest = document.querySelector('[data-unfinished]');
  const id = address?.split('/').at(-1);
  for (const row of rest?.querySelectorAll('tr[data-id]') ?? []) if (row.dataset.id === id) row.remove();
  if (rest && !rest.querySelector('tr[data-id]')) rest.remove();
}

export const settle = (item, { result, reason, acts = [] }) => {
  leaveUnfinished(item.address);
  Object.assign(item, { sent: item.bytes, upload: undefined, bundle: undefined, choices: acts });
  // What can be sent again need not be chosen again.
  if (acts.length === 0) item.file = undefined;
  become(item, result, reason);
};
