// Sends an archive in pieces with checksums (tus 1.0.0) in place of its form: what broke off goes on, after a reload as well, once the
// same file is chosen again. Without this script the form sends it whole.
const form = document.querySelector('[data-bring]');
const { bring: base } = form.dataset;
const words = JSON.parse(form.dataset.words);
/** what has arrived of an earlier sending, and what this page has begun */
let coming = JSON.parse(form.dataset.coming);
const input = form.querySelector('input[type="file"]');
const submit = form.querySelector('button[type="submit"], button:not([type])');
const pieceBytes = 8 * 1024 * 1024;
const delays = [1, 2, 4, 8, 15, 30, 30, 60, 60, 60];
const token = document.querySelector('meta[name="csrf"]').content;
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const bar = Object.assign(document.createElement('progress'), { className: 'bar', max: 1, value: 0, hidden: true });
bar.setAttribute('aria-label', words.sending.replace(/\s*\{percent\}.*$/, ''));
const status = document.createElement('p');
status.setAttribute('role', 'status');
form.after(status, bar);
for (const note of document.querySelectorAll('[data-bring-note]')) note.hidden = false;

const say = (text) => {
  if (status.textContent !== text) status.textContent = text;
};

/** Spoken at every tenth; the bar moves with every piece. */
function show(offset, bytes) {
  bar.hidden = false;
  bar.max = bytes;
  bar.value = offset;
  say(words.sending.replace('{percent}', String(Math.floor((10 * offset) / bytes) * 10)));
}

/** @throws Error with the answer's own sentence, and `code`: 0 where no answer came */
async function ask(address, options = {}) {
  const headers = { accept: 'application/json', 'x-csrf-token': token, 'tus-resumable': '1.0.0', ...options.headers };
  const answer = await fetch(address, { ...options, headers }).catch(() => {
    throw Object.assign(new Error(words.broken), { code: 0 });
  });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(said.detail ?? words.failed), { code: answer.status });
}

const passing = [0, 409, 423, 429, 460, 500, 502, 503, 504];

/** Announces the file, or goes on with what has arrived of this very one. @returns its address */
async function begin(file) {
  if (coming && coming.bytes === file.size && coming.changedAt === file.lastModified) return coming.address;
  const changed = `changed ${btoa(String(file.lastModified))}`;
  const headers = { 'upload-length': String(file.size), 'upload-metadata': changed };
  const answer = await ask(base, { method: 'POST', headers });
  const address = answer.headers.get('location');
  coming = { bytes: file.size, changedAt: file.lastModified, address };
  return address;
}

async function piece(address, file, offset) {
  const buffer = await file
    .slice(offset, offset + pieceBytes)
    .arrayBuffer()
    .catch(() => {
      throw Object.assign(new Error(words.unreadable), { code: -1 });
    });
  const headers = { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
  // Pages that came without TLS have no digests.
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', buffer));
    headers['upload-checksum'] = `sha256 ${btoa(String.fromCharCode(...digest))}`;
  }
  await ask(address, { method: 'PATCH', headers, body: buffer });
}

/** @returns the address of the new backup */
async function sendAll(address, file) {
  for (let failed = 0; ; ) {
    try {
      const { state, offset, address: made } = await (await ask(address)).json();
      if (state === 'finished') return made;
      if (state === 'judging') {
        say(words.judging);
        await sleep(2);
        continue;
      }
      for (let at = offset; at <= file.size; at += pieceBytes) {
        show(at, file.size);
        if (at + pieceBytes >= file.size) say(words.judging);
        await piece(address, file, at);
        failed = 0;
        if (at + pieceBytes >= file.size) break;
      }
    } catch (error) {
      if (!passing.includes(error.code) || failed >= delays.length) throw error;
      say(error.code === 0 ? words.retry : error.message);
      await sleep(delays[failed]);
      failed += 1;
    }
  }
}

let isSending = false;
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isSending) return;
  const [file] = input.files;
  if (!file) return say(words.missing);
  isSending = true;
  submit?.setAttribute('aria-disabled', 'true');
  status.className = '';
  try {
    const made = await sendAll(await begin(file), file);
    isSending = false;
    location.assign(made);
  } catch (error) {
    // What is refused or gone begins anew.
    if ([404, 410, 422].includes(error.code)) coming = null;
    bar.hidden = true;
    say(error.message);
    status.className = 'error';
  } finally {
    isSending = false;
    submit?.removeAttribute('aria-disabled');
  }
});
addEventListener('beforeunload', (event) => {
  if (isSending) event.preventDefault();
});
