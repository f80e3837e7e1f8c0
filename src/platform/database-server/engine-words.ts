// What an engine said, without what it repeats of the data.
const atMost = 200;

/**
 * @returns the first line of an engine's message; everything between the first and the last quotation mark is left out, since engines put
 * values and pieces of the text there, in any number and badly nested
 */
export function engineWords(message: string): string {
  const [line = ''] = message.trim().split('\n');
  return line
    .replace(/["'`“‘].*["'`”’]/s, '…')
    .replace(/\s+/g, ' ')
    .slice(0, atMost);
}
