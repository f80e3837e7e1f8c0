// Browsers that come from anywhere, for tests of the login's defence: each with its own address, its own session, and an eye for CAPTCHAs.
import { startPanel, type TestPanel, Visitor } from '../support/panel.ts';

export const wrong = 'not-the-Right-1-one';
export const failed = '이메일 또는 비밀번호가 일치하지 않습니다';
export const waits = '로그인 시도가 많아 잠시 멈췄습니다';
const mark = '\x89PNG';
let drawn = 0;

/** A panel behind a proxy on loopback, whose pictures everybody can read. */
export function startHouse(options: Parameters<typeof startPanel>[0] = {}): Promise<TestPanel> {
  return startPanel({
    trustProxy: 'loopback',
    captcha: {
      draw: async () => {
        const answer = `PICTURE${drawn++}`;
        return { answer, picture: Buffer.from(mark + answer, 'latin1') };
      },
      normalise: (typed) => typed.toUpperCase(),
    },
    ...options,
  });
}

/** @returns a browser without history at this network address */
export function from(house: TestPanel, address: string, visitor = new Visitor(house)): Visitor {
  visitor.agent.set('X-Forwarded-For', address);
  return visitor;
}

export type Answer = { readonly status: number; readonly text: string; readonly headers: Record<string, string> };

/** What came of an attempt, as somebody outside sees it. */
export function outcome({ status, text, headers }: Answer): string {
  if (status === 303) return `in: ${headers.location}`;
  if (status === 429 && text.includes(waits)) return `wait until ${/(\d\d:\d\d) 이후에 로그인/.exec(text)?.[1]}`;
  if (status === 422 && text.includes(failed)) return 'failed';
  if (status === 422 && /그림의 글자를 적어 주세요|적은 글자가 그림과/.test(text)) return 'captcha';
  return `${status}`;
}

/** Tries without an answer to any CAPTCHA. */
export async function tries(visitor: Visitor, email: string, password = wrong): Promise<string> {
  return outcome((await visitor.submit('/login', { email, password })) as Answer);
}

/** Tries, and reads the CAPTCHA where one is asked. */
export async function persists(visitor: Visitor, email: string, password = wrong): Promise<string> {
  const first = await tries(visitor, email, password);
  if (first !== 'captcha') return first;
  const hidden = await visitor.hidden('/login');
  const { body } = await visitor.get('/login/captcha');
  const captcha = Buffer.isBuffer(body) ? body.toString('latin1').slice(mark.length) : '';
  return outcome((await visitor.send('/login', { ...hidden, email, password, captcha })) as Answer);
}

/** @returns an address of its own network for each number below 65,536 */
export const elsewhere = (number: number): string => `10.${number >> 8}.${number & 255}.7`;
