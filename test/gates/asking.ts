// Asking the panel for the gates: forms as their pages send them, and every answer looked at for its headers.
import type { Test } from 'supertest';
import { expect } from 'vitest';
import { type TestPanel, Visitor } from '../support/panel.ts';
import { headerFaults } from './answer-headers.ts';
import { entranceOf } from './entrances.ts';

/** @returns the same visitor, or rather the same cookies, in another language */
export function speaking(house: TestPanel, language: 'ko' | 'en', visitor: Visitor): Visitor {
  return Object.assign(new Visitor(house, language), { agent: visitor.agent });
}

/** @returns the answer, once its headers were found to be what every answer carries */
export async function answered(asked: Test, as?: 'attachment' | 'asset' | 'block') {
  const answer = await asked;
  const isBytes = answer.status === 200 || answer.status === 206;
  const faults = headerFaults(answer, as && isBytes ? { as } : {});
  expect([`${asked.method} ${asked.url}`, faults]).toEqual([`${asked.method} ${asked.url}`, []]);
  return answer;
}

export type How = { headers?: Record<string, string>; fields?: Record<string, string>; token?: string };

/** Sends what the form of a route sends: urlencoded, or multipart with a file. From the panel's own origin, if not told otherwise. */
export function sendForm(house: TestPanel, name: string, visitor: Visitor, address: string, how: How = {}): Test {
  const { headers = { Origin: house.origin }, fields, token } = how;
  const { multipart, fields: usual = {} } = entranceOf(name);
  const body = { ...(token !== undefined && { _csrf: token }), ...usual, ...fields };
  const script = entranceOf(name).script;
  if (script) return sendScript(name, visitor.path(address), visitor, how, headers);
  const post = visitor.agent.post(visitor.path(address)).set(headers);
  if (!multipart) return post.type('form').send(body);
  for (const [field, value] of Object.entries(body)) post.field(field, value);
  if (multipart !== true) return post.attach(multipart.field, Buffer.from(multipart.text), multipart.name);
  return post.attach('files', Buffer.from('<p>sent by a test'), 'sent.html');
}

/** What a script sends. Hostile fields stand in its JSON, or else in the metadata of tus. */
function sendScript(
  name: string,
  address: string,
  visitor: Visitor,
  { fields: given = {}, token }: How,
  headers: Record<string, string>,
): Test {
  const { _csrf, ...rest } = given;
  const fields = Object.keys(rest).length > 0 ? rest : undefined;
  const { type, headers: own = {}, text } = entranceOf(name).script ?? { type: '', text: '' };
  const method = name.split(' ')[0]?.toLowerCase() as 'post' | 'patch' | 'delete';
  const asked = visitor.agent[method](address)
    .set(headers)
    .set(own)
    .set(token === undefined ? {} : { 'X-CSRF-Token': token });
  if (fields && type !== 'application/json') {
    const pairs = Object.entries(fields).map(
      ([field, value]) => `${field.replace(/\W/g, '')} ${Buffer.from(String(value)).toString('base64')}`,
    );
    asked.set('Upload-Metadata', pairs.join(','));
  }
  if (type === '') return asked;
  return asked.set('Content-Type', type).send(fields && type === 'application/json' ? JSON.stringify(fields) : text);
}

/** @returns the token of the visitor's session, as scripts read it */
export async function tokenOf(visitor: Visitor): Promise<string> {
  const { text } = await visitor.get('/login');
  return /<meta name="csrf" content="([^"]+)">/.exec(text)?.[1] ?? expect.fail('a page with a form has no token');
}
