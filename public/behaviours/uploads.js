// The page of uploads with a list of its own: pausing, going on, three at a time, every refusal in sight. Small files go by the form in
// bundles, large ones by tus in pieces with checksums; names, sizes and room are asked about before a byte is sent.
const root = document.querySelector('[data-upload]');
const atOnce = 3;
const smallBytes = 1024 * 1024;
const bundleBytes = 8 * 1024 * 1024;
const bundleFiles = 200;
const pieceBytes = 8 * 1024 * 1024;
const delays = [0, 1000, 3000, 5000, 10_000, 20_000];
const mostShown = 200;
const fewShown = 20;
const final = new Set(['stored', 'renamed', 'replaced', 'skipped', 'refused', 'cancelled']);
const good = new Set(['stored', 'renamed', 'replaced']);
const language = document.documentElement.lang === 'ko' ? 'ko-KR' : 'en-GB';
const plain = new Intl.NumberFormat(language);
const threeDigits = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });

const { base, to, tus: tusAddress } = root.dataset;
const words = JSON.parse(root.dataset.words);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_whole, key) => values[key]);
const form = root.querySelector('form');
let token = document.querySelector('meta[name="csrf"]').content;

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const bytesIn = (count) => {
  const step = count < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(count) / 3));
  return `${threeDigits.format(count / 1000 ** step)}\u00a0${['B', 'kB', 'MB', 'GB', 'TB'][step]}`;
};
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// What stands on the page.
const status = make('p', { className: 'lead', tabIndex: -1 });
status.setAttribute('role', 'status');
const bar = make('progress', { className: 'bar', max: 1, value: 0 });
bar.setAttribute('aria-label', words.list);
const totals = make('p');
const unseen = make('p', { className: 'muted', hidden: true });
const rows = make('ol', { className: 'uploads' });
rows.setAttribute('aria-label', words.list);
const question = make('div', { className: 'upload-question stack', hidden: true });
question.setAttribute('role', 'group');
const button = (text, act, style = 'button') => {
  const one = make('button', { type: 'button', className: style }, make('span', {}, text));
  one.addEventListener('click', act);
  return one;
};
const pauseButton = button(words.pauseAll, () => pauseAll());
const resumeButton = button(words.resumeAll, () => resumeAll());
const cancelButton = button(words.cancelAll, () => cancelAll(), 'button button-danger');
const csvButton = button(words.csv, () => saveRefused());
const queue = make('div', { className: 'upload-queue', hidden: true });
queue.append(bar, totals, make('p', { className: 'actions' }, pauseButton, resumeButton, cancelButton, csvButton), unseen, rows);
form.after(make('p', { className: 'hint upload-drop' }, words.queued), status, question, queue);

const items = [];
const running = new Set();
let isPaused = false;
let begun = 0;
let spoken = 0;
let samples = [];

// Items: { file, path, target, bytes, changedAt, conflict, state, sent, reason, address, bundle, upload }

/** @param isSeen the same text stands elsewhere on the page: here it is only spoken */
const announce = (text, isSeen = false) => {
  status.textContent = text;
  status.classList.toggle('vh', isSeen);
};
const sum = (list, of) => list.reduce((all, one) => all + of(one), 0);

let timer;
const show = () => {
  if (timer === undefined) timer = setTimeout(draw, 100);
};

function draw() {
  timer = undefined;
  queue.hidden = items.length === 0;
  const counted = items.filter(({ state }) => !['refused', 'cancelled', 'skipped'].includes(state));
  const whole = sum(counted, (item) => item.bytes);
  const sent = sum(counted, (item) => (final.has(item.state) ? item.bytes : Math.min(item.sent, item.bytes)));
  const done = items.filter(({ state }) => final.has(state)).length;
  bar.max = whole || 1;
  bar.value = whole === 0 && done === items.length ? 1 : sent;
  const text = { count: plain.format(items.length), done: plain.format(done), sent: bytesIn(sent), bytes: bytesIn(whole) };
  totals.textContent = [say('total', text), timeLeft(sent, whole)].filter(Boolean).join(', ');
  const quarter = Math.floor((4 * sent) / (whole || 1));
  if (running.size > 0 && quarter > spoken && quarter < 4) announce(say('quarter', { percent: quarter * 25 }));
  spoken = Math.max(spoken, quarter);
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
  pauseButton.hidden = isPaused || !isOpen;
  resumeButton.hidden = !items.some(({ state }) => state === 'paused' || state === 'broken');
  cancelButton.hidden = !isOpen;
  csvButton.hidden = !items.some(({ state }) => state === 'refused');
}

/** Of a long list: every refusal, every large file that is at work, and the first of the small ones. */
function worthSeeing() {
  let small = 0;
  return items.filter(({ state, upload }) => {
    if (state === 'refused' || state === 'broken' || state === 'judging') return true;
    if (state !== 'sending' && state !== 'paused') return false;
    if (upload) return true;
    small += 1;
    return small <= fewShown;
  });
}

/** Only after five seconds, when it says something; over the last ten. */
function timeLeft(sent, whole) {
  const now = performance.now();
  samples = [...samples.filter(({ at }) => now - at < 10_000), { at: now, sent }];
  const [first] = samples;
  const seconds = (now - first.at) / 1000;
  if (running.size === 0 || now - begun < 5000 || seconds < 2 || sent <= first.sent) return '';
  const rate = (sent - first.sent) / seconds;
  const minutes = Math.round((whole - sent) / rate / 60);
  return minutes < 1 ? say('leftSeconds', { rate: bytesIn(rate) }) : say('left', { minutes, rate: bytesIn(rate) });
}

function drawRow(item) {
  if (!item.row) {
    item.bar = make('progress', { className: 'bar', max: item.bytes || 1 });
    item.bar.setAttribute('aria-label', item.path);
    item.text = make('span', { className: 'upload-state' });
    item.why = make('span', { className: 'upload-why' });
    item.acts = make('span', { className: 'actions' });
    const name = make('span', { className: 'upload-name' }, item.path);
    item.row = make('li', {}, name, item.text, item.bar, item.why, item.acts);
  }
  const percent = item.bytes > 0 ? Math.floor((100 * item.sent) / item.bytes) : 0;
  const text = `${words[item.state]}${item.state === 'sending' && item.upload ? ` ${percent}\u00a0%` : ''} · ${bytesIn(item.bytes)}`;
  if (item.text.textContent !== text) item.text.textContent = text;
  item.row.dataset.state = item.state;
  item.bar.value = final.has(item.state) ? item.bytes : item.sent;
  item.bar.hidden = final.has(item.state) || item.state === 'waiting' || item.state === 'checking';
  item.why.textContent = item.reason ?? '';
  drawActs(item);
}

function drawActs(item) {
  const { state } = item;
  const wanted = [
    ...(state === 'sending' && item.upload ? ['pause'] : []),
    ...(state === 'paused' || state === 'broken' ? ['resume'] : []),
    ...(!final.has(state) && state !== 'judging' && (item.upload || !item.bundle) ? ['remove'] : []),
  ];
  if (item.acts.dataset.shows === wanted.join()) return;
  item.acts.dataset.shows = wanted.join();
  const acts = { pause: () => pauseOne(item), resume: () => resumeOne(item), remove: () => removeOne(item) };
  const buttons = wanted.map((name) => {
    const one = button(words[name], acts[name], 'button button-quiet');
    one.firstChild.append(make('span', { className: 'vh' }, `, ${item.path}`));
    return one;
  });
  item.acts.replaceChildren(...buttons);
}

const become = (item, state, reason = '') => {
  Object.assign(item, { state, reason });
  show();
};

// What is chosen or dropped.

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const inputs = [...form.querySelectorAll('input[type="file"]')];
  const files = inputs.flatMap((input) => [...input.files]);
  if (files.length === 0) return announce(words.nothing);
  void add(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
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

async function add(found) {
  const conflict = new FormData(form).get('conflict');
  const open = new Set(items.filter(({ state }) => !final.has(state)).map(({ path }) => path));
  const fresh = found
    .filter(({ path }) => !open.has(path))
    .map(({ file, path, isEmpty }) => ({
      ...{ file, path, conflict, sent: 0, bytes: file?.size ?? 0, changedAt: Math.max(0, Math.floor(file?.lastModified ?? 0)) },
      state: file ? 'checking' : 'refused',
      reason: file ? '' : isEmpty ? words.emptyFolder : words.unreadable,
    }));
  items.push(...fresh);
  // Who chooses more wants it sent; what was paused before stays paused.
  isPaused = false;
  spoken = 0;
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

async function ask(address, options = {}) {
  const headers = { accept: 'application/json', 'x-csrf-token': token, ...options.headers };
  const answer = await fetch(address, { ...options, headers }).catch(() => {
    throw new Error(words.failed);
  });
  if (answer.ok) return answer;
  throw await refusalOf(answer.status, await answer.text());
}

function refusalOf(code, text) {
  let detail;
  try {
    detail = JSON.parse(text).detail;
  } catch {
    // no answer of ours: a proxy's page
  }
  return Object.assign(new Error(detail ?? words.failed), { code, isSession: code === 401 || code === 403 });
}

async function check(list) {
  const body = JSON.stringify({ to, files: list.map(({ path, bytes, changedAt }) => ({ path, bytes, changedAt })) });
  const answer = await ask(`${base}/preflight`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const { files } = await answer.json();
  for (const [at, item] of list.entries()) {
    const { state, file, path, reason, there, address, offset } = files[at];
    Object.assign(item, { shown: file, target: path, there, address, sent: offset ?? 0 });
    become(item, state === 'refused' ? 'refused' : 'waiting', reason);
  }
  const clashing = list.filter(({ there, state }) => there && state === 'waiting');
  if (clashing.length > 0) {
    for (const item of clashing) item.state = 'checking';
    // One question at a time: what is chosen meanwhile waits for its own.
    asked = asked.then(() => decide(clashing));
    await asked;
  }
  if (isPaused) {
    for (const item of list) if (item.state === 'waiting') become(item, 'paused');
    return;
  }
  const count = list.filter(({ state }) => state === 'waiting').length;
  if (count > 0) announce(say('begun', { count: plain.format(count) }));
  begun = performance.now();
  samples = [];
  pump();
}

let asked = Promise.resolve();
let answerQuestion = () => {};

/** What stands there already is asked about before anything is sent. */
function decide(clashing) {
  const open = clashing.filter(({ state }) => state === 'checking');
  if (open.length === 0) return undefined;
  const shown = open.slice(0, 5).map(({ path, there, bytes }) => make('li', {}, `${path}: ${there} · ${bytesIn(bytes)}`));
  if (open.length > 5) shown.push(make('li', {}, say('asksMore', { count: plain.format(open.length - 5) })));
  const text = say('asks', { count: plain.format(open.length) });
  return new Promise((resolve) => {
    answerQuestion = (choice) => {
      question.hidden = true;
      for (const item of open.filter(({ state }) => state === 'checking')) {
        item.conflict = choice;
        become(item, choice === 'skip' ? 'skipped' : 'waiting', choice === 'skip' ? item.there : '');
      }
      resolve();
    };
    const inputs = [...form.querySelectorAll('[name="conflict"]')];
    const choices = inputs.map(({ labels, value }) => button(labels[0].textContent, () => answerQuestion(value)));
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

// Sending.

function pump() {
  while (!isPaused && running.size < atOnce) {
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
  if (running.size === 0 && items.length > 0 && items.every(({ state }) => final.has(state))) finish();
}

function nextJob() {
  const first = items.find(({ state }) => state === 'waiting');
  if (!first) return undefined;
  if (first.bytes > smallBytes || first.address) {
    first.state = 'sending';
    return { items: [first], send: () => sendLarge(first) };
  }
  const bundle = first.bundle ?? { key: crypto.randomUUID(), items: bundleFrom(first), conflict: first.conflict };
  for (const item of bundle.items) Object.assign(item, { bundle, state: 'sending', reason: '' });
  return { items: bundle.items, send: () => sendBundle(bundle) };
}

function bundleFrom(first) {
  const found = [];
  let bytes = 0;
  for (const item of items) {
    const fits = item.state === 'waiting' && !item.bundle && !item.address && item.bytes <= smallBytes;
    if (!fits || item.conflict !== first.conflict) continue;
    if (found.length === bundleFiles || bytes + item.bytes > bundleBytes) break;
    found.push(item);
    bytes += item.bytes;
  }
  return found;
}

/** A bundle that is sent again carries the same key: what the server has done already it does not do twice. */
async function sendBundle(bundle) {
  for (let tries = 0; ; tries += 1) {
    const answer = await post(bundle);
    if (answer.isStopped) return;
    if (answer.code === 200) return settleBundle(bundle, JSON.parse(answer.text).files);
    const error = refusalOf(answer.code, answer.text);
    if (error.isSession) return lostSession();
    const isPassing =
      answer.code === 0 || answer.code === 409 || answer.code === 429 || answer.code === 502 || answer.code === 504;
    const delay = delays[tries + 1];
    if (!isPassing || delay === undefined) {
      for (const item of bundle.items) {
        item.bundle = undefined;
        become(item, 'broken', answer.code === 0 ? words.failed : error.message);
      }
      return;
    }
    for (const item of bundle.items) become(item, 'sending', say('retry', { n: tries + 1, most: delays.length - 1 }));
    if (await isStoppedWithin(delay, bundle)) return;
  }
}

/** Who pauses or cancels between two attempts stops them as well. */
const isStoppedWithin = (delay, bundle) =>
  new Promise((resolve) => {
    bundle.stop = () => resolve(true);
    setTimeout(() => resolve(false), delay);
  });

const post = (bundle) =>
  new Promise((resolve) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ _csrf: token, _idem: bundle.key, to, conflict: bundle.conflict }))
      body.append(name, value);
    for (const { file, path } of bundle.items) body.append('files', file, path);
    const request = new XMLHttpRequest();
    const whole = sum(bundle.items, ({ bytes }) => bytes);
    request.upload.onprogress = ({ loaded, total }) => {
      for (const item of bundle.items) item.sent = whole === 0 ? 0 : Math.min(item.bytes, (item.bytes * loaded) / total);
      show();
    };
    request.onload = () => resolve({ code: request.status, text: request.responseText });
    request.onerror = () => resolve({ code: 0, text: '' });
    request.onabort = () => resolve({ isStopped: true });
    bundle.stop = () => request.abort();
    request.open('POST', `${base}/upload`);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('x-csrf-token', token);
    request.send(body);
  });

function settleBundle(bundle, results) {
  const byName = new Map(results.map((row) => [row.file, row]));
  for (const item of bundle.items) {
    const row = byName.get(item.shown);
    settle(item, row ?? { result: 'refused', reason: words.unreadable });
  }
}

/** The table of unfinished uploads was drawn with the page: what is finished or thrown away since leaves it. */
function leaveUnfinished(address) {
  const rest = document.querySelector('[data-unfinished]');
  const id = address?.split('/').at(-1);
  for (const row of rest?.querySelectorAll('tr[data-id]') ?? []) if (row.dataset.id === id) row.remove();
  if (rest && !rest.querySelector('tr[data-id]')) rest.remove();
}

const settle = (item, { result, reason }) => {
  leaveUnfinished(item.address);
  item.sent = item.bytes;
  item.file = undefined;
  item.upload = undefined;
  become(item, result, reason);
};

/** Reads a piece once, so that what is hashed is what is sent. */
const openFile = async (file) => ({
  size: file.size,
  slice: async (start, end) => {
    const buffer = await file.slice(start, end).arrayBuffer();
    const digest = crypto.subtle && new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
    const value = new Blob([buffer]);
    value.checksum = digest && `sha256 ${btoa(String.fromCharCode(...digest))}`;
    return { value, done: end >= file.size };
  },
  close: () => {},
});

async function sendLarge(item) {
  const { default: tus } = await import(tusAddress);
  // Paused or cancelled while the client was fetched.
  if (item.state !== 'sending') return;
  become(item, 'sending');
  const outcome = await new Promise((resolve) => {
    item.resolve = resolve;
    item.upload ??= uploadOf(tus, item);
    item.upload.start();
  });
  if (outcome === 'sent') await settleLarge(item);
}

function uploadOf(tus, item) {
  let sum256;
  const reader = async (file) => {
    const source = await openFile(file);
    const slice = async (start, end) => {
      const piece = await source.slice(start, end);
      sum256 = piece.value.checksum;
      return piece;
    };
    return { ...source, slice };
  };
  return new tus.Upload(item.file, {
    endpoint: `${base}/uploads`,
    uploadUrl: item.address ?? null,
    chunkSize: pieceBytes,
    retryDelays: delays,
    storeFingerprintForResuming: false,
    metadata: { path: item.target, conflict: item.conflict, changed: String(item.changedAt) },
    headers: { accept: 'application/json' },
    fileReader: { openFile: reader },
    onBeforeRequest: (request) => {
      request.setHeader('x-csrf-token', token);
      if (request.getMethod() === 'PATCH' && sum256) request.setHeader('upload-checksum', sum256);
    },
    onShouldRetry: (error, attempt) => {
      const code = error.originalResponse?.getStatus() ?? 0;
      const isPassing = [0, 409, 423, 429, 460, 500, 502, 504].includes(code);
      if (isPassing) become(item, 'sending', say('retry', { n: attempt + 1, most: delays.length }));
      return isPassing && navigator.onLine;
    },
    onUploadUrlAvailable: () => {
      item.address = item.upload.url;
    },
    onProgress: (sent) => {
      item.sent = sent;
      if (item.reason) item.reason = '';
      if (sent === item.bytes) item.state = 'judging';
      show();
    },
    onSuccess: () => item.resolve('sent'),
    onError: (error) => {
      const answer = error.originalResponse;
      const refusal = refusalOf(answer?.getStatus() ?? 0, answer?.getBody() ?? '');
      if (error.originalRequest === undefined || error.name === 'NotReadableError') refusal.message = words.unreadable;
      if (refusal.code === 422 || refusal.code === 413) settle(item, { result: 'refused', reason: refusal.message });
      else {
        // What is not there any more begins anew.
        if (refusal.code === 404 || refusal.code === 410 || refusal.code === 503) Object.assign(item, { upload: undefined });
        if (refusal.code === 404 || refusal.code === 410) item.address = undefined;
        become(item, 'broken', refusal.message);
        if (refusal.isSession) lostSession();
      }
      item.resolve('stopped');
    },
  });
}

/** Every byte is there; what became of them is told apart, since it may take as long as a scan. */
async function settleLarge(item) {
  become(item, 'judging');
  for (let tries = 0; tries < 900; tries += 1) {
    try {
      const { state, result, offset } = await (await ask(item.address)).json();
      if (state === 'finished') return settle(item, result);
      if (state === 'received') {
        const headers = {
          'tus-resumable': '1.0.0',
          'upload-offset': String(offset),
          'content-type': 'application/offset+octet-stream',
        };
        await ask(item.address, { method: 'PATCH', headers });
      } else await sleep(2000);
    } catch (error) {
      if (error.code === 404) Object.assign(item, { upload: undefined, address: undefined });
      become(item, 'broken', error.message);
      if (error.isSession) lostSession();
      return;
    }
  }
  become(item, 'broken', words.failed);
}

// Pausing and going on.

function pauseOne(item) {
  void item.upload?.abort();
  become(item, 'paused');
  item.resolve?.('stopped');
}

function resumeOne(item) {
  isPaused = false;
  const group = item.bundle?.items ?? [item];
  if (!item.shown) return void recheck(group);
  for (const one of group) if (one.state === 'paused' || one.state === 'broken') become(one, 'waiting');
  pump();
}

/** What was never asked about is asked about now. */
async function recheck(list) {
  for (const item of list) become(item, 'checking');
  await check(list).catch((error) => {
    for (const item of list) become(item, 'broken', error.message);
    if (error.isSession) lostSession();
  });
}

function removeOne(item) {
  const { upload, address } = item;
  if (upload) void upload.abort(true).catch(() => {});
  else if (address) void ask(address, { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } }).catch(() => {});
  item.resolve?.('stopped');
  leaveUnfinished(address);
  become(item, 'cancelled');
  pump();
}

function pauseAll(text = `${words.paused}. ${words.kept}`) {
  isPaused = true;
  for (const { bundle } of items) bundle?.stop?.();
  for (const item of items) {
    if (item.upload && item.state === 'sending') pauseOne(item);
    else if (item.state === 'sending' || item.state === 'waiting') become(item, 'paused');
  }
  announce(text);
}

async function resumeAll() {
  await freshToken();
  isPaused = false;
  const stopped = items.filter(({ state }) => state === 'paused' || state === 'broken');
  const unknown = stopped.filter(({ shown }) => shown === undefined);
  for (const item of stopped) if (item.shown !== undefined) become(item, 'waiting');
  announce(say('begun', { count: plain.format(stopped.length) }));
  begun = performance.now();
  samples = [];
  if (unknown.length > 0) await recheck(unknown);
  pump();
}

function cancelAll() {
  isPaused = false;
  for (const { bundle } of items) bundle?.stop?.();
  for (const item of items) if (!final.has(item.state) && item.state !== 'judging') removeOne(item);
  // Nothing is left of what was asked about.
  answerQuestion('skip');
}

function lostSession() {
  pauseAll(words.session);
}

/** After a new sign-in in another window this page's token is an old one. */
async function freshToken() {
  const text = await fetch(location.href)
    .then((answer) => answer.text())
    .catch(() => '');
  token = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? token;
}

// What somebody paused by hand goes on by hand.
let isOffline = false;
addEventListener('offline', () => {
  if (isPaused || items.every(({ state }) => final.has(state))) return;
  isOffline = true;
  pauseAll(words.offline);
});
addEventListener('online', async () => {
  if (!isOffline) return;
  isOffline = false;
  await resumeAll();
  announce(words.online);
});
addEventListener('beforeunload', (event) => {
  if (running.size > 0) event.preventDefault();
});

function finish() {
  const counts = [...final].map((name) => [name, items.filter(({ state }) => state === name).length]);
  const tally = counts.filter(([, count]) => count > 0);
  const told = tally.map(([name, count]) => say('tally', { state: words[name], count: plain.format(count) }));
  const isAll = tally.every(([name]) => good.has(name));
  if (isAll) announce(say('doneAll', { ok: plain.format(items.length) }));
  else announce(say(tally.some(([name]) => name === 'refused') ? 'doneRefused' : 'done', { tally: told.join(', ') }));
  show();
}

/** The refusals as a file to work through: quoted, and no cell that begins a formula. */
function saveRefused() {
  const cell = (text) => `"${(/^\s*[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const refused = items.filter(({ state }) => state === 'refused');
  const table = [words.columns, ...refused.map(({ path, bytes, reason }) => [path, String(bytes), reason])];
  const lines = table.map((row) => row.map(cell).join(','));
  const href = URL.createObjectURL(new Blob([`\uFEFF${lines.join('\r\n')}\r\n`], { type: 'text/csv' }));
  make('a', { href, download: 'uploads.csv' }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
