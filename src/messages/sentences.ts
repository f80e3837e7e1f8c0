// What a message is: a sentence with `{placeholders}`, or a function where a number changes the words.
import type { Parameters } from '../platform/errors.ts';

export type Sentence = string | ((parameters: Parameters) => string);
export type Sentences = Readonly<Record<string, Sentence>>;
