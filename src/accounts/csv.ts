// Reading what other panels export: text in UTF-8 or CP949, and comma-separated values (RFC 4180).

/** One record: the line it begins on, from 1, and its fields. */
export type CsvRecord = { readonly line: number; readonly fields: readonly string[] };

/** @returns the text of UTF-8 (with or without a mark) or else of CP949, as Korean programs write it; undefined when it is neither */
export function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decodedCp949(bytes);
  }
}

const ranges = (...pairs: [number, number][]) =>
  pairs.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
const allTrails = ranges([0x41, 0x5a], [0x61, 0x7a], [0x81, 0xfe]);
const lowTrails = ranges([0x41, 0x5a], [0x61, 0x7a], [0x81, 0xa0]);

/**
 * CP949 is EUC-KR and, in the codes that it leaves free, the 8,822 syllables that KS X 1001 has not, in the order of Unicode. Node's
 * decoder knows EUC-KR alone.
 */
function extension(): ReadonlyMap<number, string> {
  const decoder = new TextDecoder('euc-kr');
  const known = new Set<string>();
  for (let lead = 0xb0; lead <= 0xc8; lead += 1) {
    for (let trail = 0xa1; trail <= 0xfe; trail += 1) known.add(decoder.decode(Uint8Array.of(lead, trail)));
  }
  const codes = ranges([0x81, 0xc6]).flatMap((lead) => (lead <= 0xa0 ? allTrails : lowTrails).map((trail) => lead * 256 + trail));
  const map = new Map<number, string>();
  for (let syllable = 0xac00, at = 0; syllable <= 0xd7a3; syllable += 1) {
    const sign = String.fromCharCode(syllable);
    const code = known.has(sign) ? undefined : codes[at++];
    if (code !== undefined) map.set(code, sign);
  }
  return map;
}

function decodedCp949(bytes: Uint8Array): string | undefined {
  const more = extension();
  const decoder = new TextDecoder('euc-kr', { fatal: true });
  let text = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    const trail = bytes[at + 1] ?? 0;
    at += 1;
    try {
      text += more.get(lead * 256 + trail) ?? decoder.decode(Uint8Array.of(lead, trail));
    } catch {
      return undefined;
    }
  }
  return text;
}

/** @returns the records, empty lines left out; a quote that is never closed takes everything to the end into one field */
export function csvRecords(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let begun = 1;
  let fields: string[] = [];
  // A field, quoted or plain, and what ends it.
  for (const [whole, quoted, plain = '', rest = '', end = ''] of text.matchAll(
    /(?:"((?:[^"]+|"")*)(?:"|$)|([^",\r\n]*))([^,\r\n]*)(,|\r\n|\n|\r|$)/g,
  )) {
    fields.push((quoted === undefined ? plain : quoted.replaceAll('""', '"')) + rest);
    line += whole.split(/\r\n|\n|\r/).length - 1;
    if (end === ',') continue;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: begun, fields });
    fields = [];
    begun = line;
  }
  return records;
}
