// Large files by tus, in pieces with checksums.
import { base, say, sleep, tusAddress, words } from './10-page.js';
import { ask, refusalOf, tokenNow } from './20-asking.js';
import { become, breakOff, settle, show } from './30-items.js';
import { lostSession } from './40-stopping.js';
import { delays } from './50-bundles.js';

const pieceBytes = 8 * 1024 * 1024;

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

export async function sendLarge(item) {
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
      request.setHeader('x-csrf-token', tokenNow());
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
        if (refusal.code === 0 && refusal.message !== words.unreadable) breakOff(item);
        else become(item, 'broken', refusal.message);
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
