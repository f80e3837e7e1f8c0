// A page of the list asked for without a browser: form filled in, redirects followed.
import { hiddenFields, type Visitor } from '../support/panel.ts';
import type { Page } from './pages.ts';
import type { Names } from './worlds.ts';

export type Answer = {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Record<string, string>;
  /** where it came from in the end, without language and query */
  readonly path: string;
};

const redirects = new Set([301, 302, 303, 307, 308]);
const mostHops = 5;

/** Asks for a page without a browser, in the language of the visitor, and follows redirects as one does. */
export async function ask(visitor: Visitor, { path, sent }: Pick<Page, 'path' | 'sent'>, names: Names): Promise<Answer> {
  let answer = await followed(visitor, await visitor.get(path(names)));
  if (sent) {
    const action = visitor.path((sent.action ?? path)(names).replace(/\?.*$/, ''));
    const fields = { ...hiddenFields(answer.text, action), ...(sent.fields as Record<string, string | string[]>) };
    const origin = new URL(answer.request.url).origin;
    const post = visitor.agent.post(action).set('Origin', origin);
    if (sent.multipart) for (const [name, value] of Object.entries(fields)) post.field(name, value);
    answer = await followed(visitor, await (sent.multipart ? post : post.type('form').send(fields)));
  }
  const { status, text = '', headers } = answer;
  const { pathname } = new URL(answer.request.url);
  return { status, text, headers, type: headers['content-type'] ?? '', path: pathname.replace(/^\/en(?=\/|$)/, '') || '/' };
}

type Response = Awaited<ReturnType<Visitor['get']>>;

async function followed(visitor: Visitor, first: Response): Promise<Response> {
  let answer = first;
  for (let hops = 0; redirects.has(answer.status) && hops < mostHops; hops += 1)
    answer = await visitor.agent.get(answer.headers.location ?? '');
  return answer;
}
