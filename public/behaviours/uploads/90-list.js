// The list: progress, every refusal in sight, and what can be done with each file.
import { announce, button, bytesIn, make, plain, say, status, sum, words } from './10-page.js';
import { drawnBy, final, items, percentOf, queue, running } from './30-items.js';
import { isAlone, pauseAll, pauseOne } from './40-stopping.js';
import { cancelAll, removeOne, resumeAll, resumeOne, sendAgain } from './85-going-on.js';
import { refusalActs, refusedItems } from './87-refusals.js';

const mostShown = 200;
const fewShown = 20;

const bar = make('progress', { className: 'bar', max: 1, value: 0 });
bar.setAttribute('aria-label', words.list);
const totals = make('p');
const unseen = make('p', { className: 'muted', hidden: true });
const rows = make('ol', { className: 'uploads' });
rows.setAttribute('aria-label', words.list);
const pauseButton = button(words.pauseAll, () => pauseAll());
const resumeButton = button(words.resumeAll, () => resumeAll());
const cancelButton = button(words.cancelAll, () => cancelAll(), 'button button-danger');
export const box = make('div', { className: 'upload-queue', hidden: true });
const refusalBox = make('div', { className: 'upload-refusals', hidden: true }, ...refusalActs);
box.append(bar, totals, make('p', { className: 'actions' }, pauseButton, resumeButton, cancelButton), refusalBox, unseen, rows);
drawnBy(draw);

function draw() {
  box.hidden = items.length === 0;
  const counted = items.filter(({ state }) => !['refused', 'cancelled', 'skipped'].includes(state));
  const whole = sum(counted, (item) => item.bytes);
  const sent = sum(counted, (item) => (final.has(item.state) ? item.bytes : Math.min(item.sent, item.bytes)));
  const done = items.filter(({ state }) => final.has(state)).length;
  bar.max = whole || 1;
  bar.value = whole === 0 && done === items.length ? 1 : sent;
  const text = { count: plain.format(items.length), done: plain.format(done), sent: bytesIn(sent), bytes: bytesIn(whole) };
  totals.textContent = [say('total', text), timeLeft(sent, whole)].filter(Boolean).join(', ');
  const quarter = Math.floor((4 * sent) / (whole || 1));
  if (running.size > 0 && quarter > queue.spoken && quarter < 4) announce(say('quarter', { percent: quarter * 25 }));
  queue.spoken = Math.max(queue.spoken, quarter);
  const seen = items.length <= mostShown ? items : worthSeeing();
  for (const item of seen) drawRow(item);
  const isSeen = new Set(seen);
  const rest = items.filter((item) => !isSeen.has(item));
  for (const { row } of rest) row?.remove();
  rows.append(...seen.filter(({ row }) => !row.isConnected).map(({ row }) => row));
  unseen.hidden = rest.length === 0;
  const finished = rest.filter(({ state }) => final.has(state)).length;
  unseen.textContent = say('hidden', {
    count: plain.format(rest.length),
    waiting: plain.format(rest.length - finished),
    finished: plain.format(finished),
  });
  const isOpen = items.some(({ state }) => !final.has(state));
  pauseButton.hidden = queue.isPaused || !isOpen;
  resumeButton.hidden = !items.some(({ state }) => state === 'paused' || state === 'broken');
  cancelButton.hidden = !isOpen;
  refusalBox.hidden = refusedItems().length === 0;
}

/** Of a long list: every refusal, every large file that is at work, and the first of the small ones and of those that were skipped. */
function worthSeeing() {
  const shown = { small: 0, skipped: 0 };
  return items.filter(({ state, upload }) => {
    if (state === 'refused' || state === 'broken' || (upload && ['sending', 'paused', 'judging'].includes(state))) return true;
    const kind = state === 'skipped' ? 'skipped' : 'small';
    if (kind === 'small' && !['sending', 'paused', 'judging'].includes(state)) return false;
    shown[kind] += 1;
    return shown[kind] <= fewShown;
  });
}

/** Only after five seconds, when it says something; over the last ten. */
function timeLeft(sent, whole) {
  const now = performance.now();
  queue.samples = [...queue.samples.filter(({ at }) => now - at < 10_000), { at: now, sent }];
  const [first] = queue.samples;
  const seconds = (now - first.at) / 1000;
  if (running.size === 0 || now - queue.begun < 5000 || seconds < 2 || sent <= first.sent) return '';
  const rate = (sent - first.sent) / seconds;
  const minutes = Math.round((whole - sent) / rate / 60);
  return minutes < 1 ? say('leftSeconds', { rate: bytesIn(rate) }) : say('left', { minutes, rate: bytesIn(rate) });
}

function drawRow(item) {
  if (!item.row) {
    item.bar = make('progress', { className: 'bar', max: item.bytes || 1 });
    item.text = make('span', { className: 'upload-state' });
    item.why = make('span', { className: 'upload-why' });
    item.acts = make('span', { className: 'actions' });
    item.name = make('span', { className: 'upload-name' });
    item.row = make('li', {}, item.name, item.text, item.bar, item.why, item.acts);
  }
  if (item.name.textContent !== item.path) {
    item.name.textContent = item.path;
    item.bar.setAttribute('aria-label', item.path);
  }
  const percent = percentOf(item);
  const text = `${words[item.state]}${item.state === 'sending' && item.upload ? ` ${percent}\u00a0%` : ''} · ${bytesIn(item.bytes)}`;
  if (item.text.textContent !== text) item.text.textContent = text;
  item.row.dataset.state = item.state;
  item.bar.value = final.has(item.state) ? item.bytes : item.sent;
  item.bar.hidden = final.has(item.state) || item.state === 'waiting' || item.state === 'checking';
  item.why.textContent = item.reason ?? '';
  drawActs(item);
}

function drawActs(item) {
  const wanted = actsOf(item);
  const shows = wanted.map(([text]) => text).join('\n');
  if (item.acts.dataset.shows === shows) return;
  const isFocused = item.acts.contains(document.activeElement);
  item.acts.dataset.shows = shows;
  const buttons = wanted.map(([text, act]) => {
    const one = button(text, act, 'button button-quiet');
    one.firstChild.append(make('span', { className: 'vh' }, `, ${item.path}`));
    return one;
  });
  item.acts.replaceChildren(...buttons);
  // Whoever pressed one of those that are gone stays where they were.
  if (isFocused) (buttons[0] ?? status).focus({ preventScroll: true });
}

/** @returns what can be done with a file now: what the button says, and what it does */
function actsOf(item) {
  const { state, isCut, file } = item;
  if (final.has(state)) return file ? item.choices.map((act) => [act.text, () => void sendAgain(item, act)]) : [];
  const canStop = isAlone(item) && state !== 'judging';
  return [
    ...(canStop && (state === 'sending' || state === 'waiting') ? [[words.pause, () => pauseOne(item)]] : []),
    ...(state === 'paused' || state === 'broken' ? [[isCut ? words.resumeNow : words.resume, () => resumeOne(item)]] : []),
    ...(canStop ? [[words.remove, () => removeOne(item)]] : []),
  ];
}
