// Requests to the panel, and what its refusals say.
import { words } from './10-page.js';

let token = document.querySelector('meta[name="csrf"]').content;
export const tokenNow = () => token;

export async function ask(address, options = {}) {
  const headers = { accept: 'application/json', 'x-csrf-token': token, ...options.headers };
  const answer = await fetch(address, { ...options, headers }).catch(() => {
    throw new Error(words.failed);
  });
  if (answer.ok) return answer;
  throw await refusalOf(answer.status, await answer.text());
}

export function refusalOf(code, text) {
  let detail;
  try {
    detail = JSON.parse(text).detail;
  } catch {
    // no answer of ours: a proxy's page
  }
  return Object.assign(new Error(detail ?? words.failed), { code, isSession: code === 401 || code === 403 });
}

/** After a new sign-in in another window this page's token is an old one. @returns whether somebody who may upload here is signed in */
export async function freshToken() {
  const text = await fetch(location.href)
    .then((answer) => answer.text())
    .catch(() => '');
  token = /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? token;
  return text.includes('data-upload');
}
