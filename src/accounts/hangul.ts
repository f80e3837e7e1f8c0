// Hangul and the two-set keyboard (KS X 5002): what a Korean word looks like when it is typed with Latin letters, and back.

const initials = [...'rRseEfaqQtTdwWczxvg'];
const vowels = 'k o i O j p u P h hk ho hl y n nj np nl b m ml l'.split(' ');
const finals = ' r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g'.split(' ');
const firstSyllable = 0xac00;
const lastSyllable = 0xd7a3;

/** @returns the text with every syllable as the keys that type it: `서울` becomes `tjdnf` */
export function typedOnKeyboard(text: string): string {
  return text.normalize('NFC').replace(/[\uac00-\ud7a3]/g, (syllable) => {
    const index = syllable.charCodeAt(0) - firstSyllable;
    const final = index % finals.length;
    const vowel = Math.floor(index / finals.length) % vowels.length;
    const initial = Math.floor(index / finals.length / vowels.length);
    return `${initials[initial]}${vowels[vowel]}${finals[final]}`;
  });
}

// A consonant in front of a vowel begins the next syllable, as an input method decides it.
const vowelKeys = 'koijpuhynbml';
const oneSyllable = new RegExp(
  `([rsefaqtdwczxvg])(hk|ho|hl|nj|np|nl|ml|[${vowelKeys}])((?:rt|sw|sg|fr|fa|fq|ft|fx|fv|fg|qt|[rsefaqtdwczxvg])(?![${vowelKeys}]))?`,
  'gy',
);

/**
 * @param letters typed on a Latin keyboard; capitals count as small letters
 * @returns the Hangul that these keys type, when all of them make whole syllables of everyday Korean (KS X 1001); else undefined
 */
export function hangulOfKeys(letters: string): string | undefined {
  const keys = letters.toLowerCase();
  const found = [...keys.matchAll(oneSyllable)];
  if (found.reduce((length, [part]) => length + part.length, 0) !== keys.length) return undefined;
  const syllables = found.map(([, initial = '', vowel = '', final = '']) => syllableOf(initial, vowel, final));
  return syllables.every((syllable) => everyday.has(syllable)) ? syllables.join('') : undefined;
}

function syllableOf(initial: string, vowel: string, final: string): string {
  const index = (initials.indexOf(initial) * vowels.length + vowels.indexOf(vowel)) * finals.length + finals.indexOf(final);
  return String.fromCharCode(firstSyllable + index);
}

/** The 2,350 syllables of KS X 1001, as Node's own decoder knows them: rows B0 to C8 of EUC-KR. */
const everyday: ReadonlySet<string> = new Set(new TextDecoder('euc-kr').decode(Uint8Array.from(rowsOfSyllables())));

function* rowsOfSyllables(): Generator<number> {
  for (let row = 0xb0; row <= 0xc8; row += 1) for (let cell = 0xa1; cell <= 0xfe; cell += 1) yield* [row, cell];
}

/** @returns how many syllables of Hangul the text has */
export function syllablesIn(text: string): number {
  return [...text].filter((sign) => sign.charCodeAt(0) >= firstSyllable && sign.charCodeAt(0) <= lastSyllable).length;
}
