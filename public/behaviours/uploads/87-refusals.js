// Refusals to work through: copied, saved as a file, and chosen again.
import { announce, button, bytesIn, make, plain, say, to, words } from './10-page.js';
import { items } from './30-items.js';
import { add } from './80-checking.js';

export const refusedItems = () => items.filter(({ state }) => state === 'refused');

/** No cell that begins a formula. */
const harmless = (text) => (/^\s*[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text) => `"${harmless(text).replaceAll('"', '""')}"`;

function saveRefused() {
  const table = [words.columns, ...refusedItems().map(({ path, bytes, reason }) => [path, String(bytes), reason])];
  const lines = table.map((row) => row.map(quoted).join(','));
  const href = URL.createObjectURL(new Blob([`\uFEFF${lines.join('\r\n')}\r\n`], { type: 'text/csv' }));
  make('a', { href, download: 'uploads.csv' }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

async function copyRefused() {
  const lines = refusedItems().map(({ path, bytes, reason }) => [path, bytesIn(bytes), reason].map(harmless).join('\t'));
  try {
    await navigator.clipboard.writeText(`${lines.join('\n')}\n`);
    announce(say('copied', { count: plain.format(lines.length) }));
  } catch {
    announce(words.notCopied);
  }
}

// Whoever chooses a whole folder again means what was refused of it, not what is there already.
const picker = make('input', { type: 'file', multiple: true, hidden: true });
picker.addEventListener('change', () => {
  const chosen = [...picker.files];
  picker.value = '';
  void addRefused(chosen);
});

/** What was refused here, and what the server remembers of the last day, by the path below this folder. */
function refusedPaths() {
  const earlier = [...document.querySelectorAll('[data-refused] tr[data-path]')].map(({ dataset }) => dataset.path);
  const below = earlier.filter((path) => path.startsWith(`${to}/`)).map((path) => path.slice(to.length + 1));
  return new Set([...refusedItems().map(({ path }) => path), ...below]);
}

/** A file that is chosen by itself has no path: the one refused file of its name is meant. */
async function addRefused(chosen) {
  const paths = [...refusedPaths()];
  const found = chosen.flatMap((file) => {
    const path = paths.filter((one) => one === file.name || one.endsWith(`/${file.name}`));
    return path.length === 1 ? [{ file, path: path[0] }] : [];
  });
  const rest = chosen.length - found.length;
  if (found.length === 0) return announce(words.againNone);
  const again = new Set(found.map(({ path }) => path));
  for (const item of refusedItems().filter(({ path }) => again.has(path))) {
    item.row?.remove();
    items.splice(items.indexOf(item), 1);
  }
  await add(found);
  if (rest > 0) announce(say('againRest', { count: plain.format(rest) }));
}

const againButton = () => button(words.again, () => picker.click());
export const refusalActs = [
  make('p', { className: 'hint' }, words.againHow),
  make(
    'p',
    { className: 'actions' },
    againButton(),
    ...(navigator.clipboard ? [button(words.copyRefused, () => void copyRefused())] : []),
    button(words.csv, () => saveRefused()),
  ),
  picker,
];

// What was refused before this page was opened.
const before = document.querySelector('[data-refused]');
if ([...(before?.querySelectorAll('tr[data-path]') ?? [])].some(({ dataset }) => dataset.path.startsWith(`${to}/`)))
  before.querySelector(':scope > .actions').prepend(againButton(), ' ');
