// One request of a browser without JavaScript, on connections that its process keeps open.
import { type Agent, type IncomingMessage, request } from 'node:http';

export type Answer = { readonly status: number; readonly text: string; readonly cookie: string };

/** @param body of a form; without one the page is asked for. @returns status 0 when no answer came */
export async function ask(agent: Agent, url: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const more =
    body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
  const answer = await new Promise<IncomingMessage | undefined>((resolve) => {
    const call = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers: { ...headers, ...more } }, resolve);
    call.once('error', () => resolve(undefined)).end(body);
  });
  if (!answer) return { status: 0, text: '', cookie: '' };
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  const cookie = (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
  return { status: answer.statusCode ?? 0, text, cookie };
}
