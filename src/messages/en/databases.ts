// Sentences about databases.
import type { databases as source } from '../ko/databases.ts';
import type { Sentence } from '../sentences.ts';

export const databases: Record<keyof typeof source, Sentence> = {
  'databases.title': 'Databases',
};
