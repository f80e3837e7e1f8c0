// The beginning: files and folders that are chosen or dropped; what the browser says of its connection.
import { announce, form, make, root, status, words } from './10-page.js';
import { freshToken } from './20-asking.js';
import { final, items, queue, running } from './30-items.js';
import { pauseAll, signIn } from './40-stopping.js';
import { add, question } from './80-checking.js';
import { resumeAll, resumeOne } from './85-going-on.js';
import { box } from './90-list.js';

// One file that is chosen again has its own name; what is dropped has another.
const drop = form.querySelector('[name="name"]') ? [] : [make('p', { className: 'hint upload-drop' }, words.queued)];
form.after(...drop, status, signIn, question, box);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const inputs = [...form.querySelectorAll('input[type="file"]')];
  const files = inputs.flatMap((input) => [...input.files]);
  if (files.length === 0) return announce(words.nothing);
  // The form for one file that is chosen again says what it is called, and what was chosen for it.
  const { name, conflict } = Object.fromEntries(new FormData(form));
  const chosen = name ? { path: name, conflict, isDecided: conflict === 'replace' || conflict === 'rename' } : {};
  void add(files.map((file) => ({ file, path: file.webkitRelativePath || file.name, ...chosen })));
  for (const input of inputs) input.value = '';
});

addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  root.dataset.over = '';
});
addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) delete root.dataset.over;
});
addEventListener('drop', async (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  delete root.dataset.over;
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  void add(found);
});

async function walk(entry, found) {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(undefined)));
    found.push({ file, path });
    return;
  }
  // A browser gives a hundred at a time, and nothing at the end.
  const reader = entry.createReader();
  let count = 0;
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) break;
    count += some.length;
    for (const one of some) await walk(one, found);
  }
  if (count === 0) found.push({ path: `${path}/`, isEmpty: true });
}

// What somebody paused by hand goes on by hand.
let isOffline = false;
addEventListener('offline', () => {
  if (queue.isPaused || items.every(({ state }) => final.has(state))) return;
  isOffline = true;
  pauseAll(words.offline);
});
addEventListener('online', async () => {
  if (!isOffline) {
    if (!queue.isPaused) for (const item of items) if (item.isCut) resumeOne(item);
    return;
  }
  isOffline = false;
  await resumeAll();
  announce(words.online);
});
// Whoever comes back from signing in in another window.
async function comeBack() {
  if (!queue.isLost || document.hidden) return;
  queue.isLost = false;
  if (await freshToken()) await resumeAll();
  else queue.isLost = true;
}
addEventListener('focus', comeBack);
document.addEventListener('visibilitychange', comeBack);
addEventListener('beforeunload', (event) => {
  if (running.size > 0) event.preventDefault();
});
