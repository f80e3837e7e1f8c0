// Before a byte is sent: names, sizes, room and what stands there already are asked about.
import { announce, base, button, form, make, plain, say, to, words } from './10-page.js';
import { ask } from './20-asking.js';
import { become, beginCounting, final, items, queue, show } from './30-items.js';
import { lostSession } from './40-stopping.js';
import { pump } from './70-sending.js';

export const question = make('div', { className: 'upload-question stack', hidden: true });
question.setAttribute('role', 'group');

export async function add(found) {
  const usual = form.querySelector('[name="conflict"][type="radio"]:checked')?.value ?? 'skip';
  const open = new Set(items.filter(({ state }) => !final.has(state)).map(({ path }) => path));
  const fresh = found
    .filter(({ path }) => !open.has(path))
    .map(({ file, path, isEmpty, conflict = usual, isDecided = false }) => ({
      ...{
        file,
        path,
        conflict,
        isDecided,
        sent: 0,
        choices: [],
        bytes: file?.size ?? 0,
        changedAt: Math.max(0, Math.floor(file?.lastModified ?? 0)),
      },
      state: file ? 'checking' : 'refused',
      reason: file ? '' : isEmpty ? words.emptyFolder : words.unreadable,
    }));
  items.push(...fresh);
  // Who chooses more wants it sent; what was paused before stays paused.
  queue.isPaused = false;
  queue.spoken = 0;
  show();
  const list = fresh.filter(({ state }) => state === 'checking');
  if (list.length === 0) return;
  try {
    await check(list);
  } catch (error) {
    for (const item of list) become(item, 'broken', error.message);
    if (error.isSession) lostSession();
    else announce(error.message);
  }
}

async function check(list) {
  const body = JSON.stringify({
    to,
    files: list.map(({ path, bytes, changedAt, conflict }) => ({ path, bytes, changedAt, conflict })),
  });
  const answer = await ask(`${base}/preflight`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const { files } = await answer.json();
  for (const [at, item] of list.entries()) {
    const { state, file, path, reason, there, skipped, acts = [], address, offset } = files[at];
    Object.assign(item, { shown: file, target: path, there, skipped, choices: acts, address, sent: offset ?? 0 });
    become(item, state === 'refused' ? 'refused' : 'waiting', reason);
  }
  const clashing = list.filter(({ there, isDecided, state }) => there && !isDecided && state === 'waiting');
  if (clashing.length > 0) {
    for (const item of clashing) item.state = 'checking';
    // One question at a time: what is chosen meanwhile waits for its own.
    asked = asked.then(() => decide(clashing));
    await asked;
  }
  if (queue.isPaused) {
    for (const item of list) if (item.state === 'waiting') become(item, 'paused');
    return;
  }
  const count = list.filter(({ state }) => state === 'waiting').length;
  if (count > 0) announce(say('begun', { count: plain.format(count) }));
  beginCounting();
  pump();
}

let asked = Promise.resolve();
let answerQuestion = () => {};
/** Answers the question that is open, if one is. @param choice what becomes of files whose names are taken */
export const decideAll = (choice) => answerQuestion(choice);

/** What stands there already is asked about before anything is sent. */
function decide(clashing) {
  const open = clashing.filter(({ state }) => state === 'checking');
  if (open.length === 0) return undefined;
  const shown = open.slice(0, 5).map(({ path, there }) => make('li', {}, `${path}: ${there}`));
  if (open.length > 5) shown.push(make('li', {}, say('asksMore', { count: plain.format(open.length - 5) })));
  const text = say('asks', { count: plain.format(open.length) });
  return new Promise((resolve) => {
    answerQuestion = (choice) => {
      question.hidden = true;
      for (const item of open.filter(({ state }) => state === 'checking')) {
        item.conflict = choice;
        become(item, choice === 'skip' ? 'skipped' : 'waiting', choice === 'skip' ? item.skipped : '');
      }
      resolve();
    };
    const choices = Object.entries(words.choices).map(([value, label]) => button(label, () => answerQuestion(value)));
    question.setAttribute('aria-label', text);
    question.replaceChildren(
      make('p', { className: 'lead' }, text),
      make('ul', {}, ...shown),
      make('p', { className: 'actions' }, ...choices),
    );
    question.hidden = false;
    announce(text, true);
    show();
  });
}

/** What was never asked about is asked about now. */
export async function recheck(list) {
  for (const item of list) become(item, 'checking');
  await check(list).catch((error) => {
    for (const item of list) become(item, 'broken', error.message);
    if (error.isSession) lostSession();
  });
}
