// People whom an owner has invited, in the words of tests: invited, come in, with a browser of their own.
import { day, LocalTime } from '../../src/platform/clock.ts';
import { password, type TestPanel, Visitor } from '../support/panel.ts';

export type Guest = {
  readonly email: string;
  readonly role?: 'developer' | 'viewer';
  readonly sites: string | readonly string[];
  /** days from today; undefined: 30 */
  readonly days?: number;
  readonly networks?: string;
  readonly language?: 'ko' | 'en';
};

export const zone = 'Asia/Seoul';

/** Sends the form of the invitation as an owner's page has it. */
export function invite(house: TestPanel, owner: Visitor, { email, role = 'developer', sites, days = 30, ...more }: Guest) {
  const until = new LocalTime(zone).day(house.clock.now() + days * day);
  return owner.submit('/account/people/invitation', {
    email,
    role,
    sites: [sites].flat(),
    until,
    networks: '',
    language: 'ko',
    ...more,
  });
}

/** What somebody without an account types who accepts. */
export const agreed = { password, name: '', age_14: '1', agree_terms: '1' };

/** Follows the newest invitation to this address, or this link, and makes an account. */
export async function accept(house: TestPanel, emailOrLink: string, visitor = new Visitor(house)) {
  const link = emailOrLink.includes('@') ? await visitor.linkFor(emailOrLink, '/invitations/') : emailOrLink;
  return visitor.submit(link, agreed);
}

/** Both: @returns the guest, signed in */
export async function welcome(house: TestPanel, owner: Visitor, guest: Guest): Promise<Visitor> {
  const invited = await invite(house, owner, guest);
  if (invited.status !== 303) throw new Error(`${guest.email} is not invited: ${invited.status}`);
  const visitor = new Visitor(house);
  const accepted = await accept(house, guest.email, visitor);
  if (accepted.status !== 303) throw new Error(`${guest.email} does not come in: ${accepted.status} ${accepted.text}`);
  return visitor;
}

/** The id of somebody's place, as the list of people links to it. */
export async function placeOf(owner: Visitor, email: string): Promise<string> {
  const { text } = await owner.get('/account/people');
  const row = text.split('<tr>').find((one) => one.includes(email)) ?? '';
  const id = /\/account\/people\/([0-9a-f-]{36})"/.exec(row)?.[1];
  if (!id) throw new Error(`${email} has no place`);
  return id;
}
