// How easily a password is guessed, asked of zxcvbn in pieces small enough for the event loop.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZXCVBNResult } from 'zxcvbn';

/** Why a password is easy to guess: a well-known one or a plain word, a word of the person's own or of Korean, a row of keys or a date, or simply too little. */
export type GuessReason = 'common' | 'context' | 'korean' | 'pattern' | 'guessable';

/** What a guesser would try first, beside the lists of zxcvbn; in small letters. */
export type LikelyWords = { readonly own: readonly string[]; readonly korean: readonly string[] };

// Score 3 of zxcvbn begins at 10⁸ + 5, which no password of eight signs reaches, not even one drawn at random; eight are promised.
const enoughGuesses = 1e8;
const mostWords = 100;
const longestWord = 40;

/**
 * A password is guessable when no piece of it takes 10⁸ guesses (score 3 of zxcvbn): what is hard to guess in part is hard to
 * guess as a whole. Pieces are judged one by one, each within about 15 ms of a core, and others are served in between.
 * @param password at most some hundred code points; whoever calls has refused longer ones
 * @returns undefined when it is not guessable
 */
export async function guessReason(password: string, { own, korean }: LikelyWords): Promise<GuessReason | undefined> {
  const { default: zxcvbn } = await import('zxcvbn');
  const inputs = [...korean, ...own].slice(0, mostWords).map((word) => word.slice(0, longestWord));
  let reason: GuessReason | undefined;
  for (const piece of pieces(password)) {
    if (reason) await nextTurn();
    const result = zxcvbn(piece, inputs);
    if (result.guesses >= enoughGuesses) return undefined;
    reason ??= reasonOf(result, piece, korean);
  }
  return reason;
}

const reasons: Readonly<Record<string, GuessReason>> = {
  dictionary: 'common',
  spatial: 'pattern',
  repeat: 'pattern',
  sequence: 'pattern',
  regex: 'pattern',
  date: 'pattern',
};

/** The longest thing that was recognised names the reason, if it makes up at least half of the piece. */
function reasonOf({ sequence }: ZXCVBNResult, piece: string, korean: readonly string[]): GuessReason {
  const [longest] = sequence.filter(({ pattern }) => pattern in reasons).toSorted((a, b) => b.token.length - a.token.length);
  if (!longest || longest.token.length * 2 < piece.length) return 'guessable';
  if (longest.dictionary_name !== 'user_inputs') return reasons[longest.pattern] ?? 'guessable';
  return korean.includes(longest.matched_word ?? '') ? 'korean' : 'context';
}

// zxcvbn tries every reading of signs that stand for letters (4 and @ for a): with many different ones the work multiplies, and
// 40 of them take seconds. So a piece ends where its work is used up, not at a length alone.
const readings = ['4@', '8', '({[<', '3', '69', '1!|', '1|7', '0', '$5', '+7', '%', '2'];
const longestPiece = 40;
const mostLookUps = 4000;

/** @returns the password cut into pieces of at most 40 code points and at most about 15 ms of zxcvbn's time */
export function pieces(password: string): string[] {
  const done: string[] = [];
  let piece: string[] = [];
  for (const sign of password) {
    if (piece.length === longestPiece || lookUps([...piece, sign]) > mostLookUps) {
      done.push(piece.join(''));
      piece = [];
    }
    piece.push(sign);
  }
  return piece.length > 0 ? [...done, piece.join('')] : done;
}

/** Every part of the piece is looked up forwards, backwards and once for each reading. */
function lookUps(piece: readonly string[]): number {
  const counts = readings.map((signs) => [...signs].filter((sign) => piece.includes(sign)).length).filter((count) => count > 0);
  const readingsOfAll = counts.length > 0 ? counts.reduce((product, count) => product * count, 1) : 0;
  return piece.length ** 2 * (2 + readingsOfAll);
}
