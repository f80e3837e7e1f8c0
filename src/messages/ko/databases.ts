// Sentences about databases.
import type { Sentences } from '../sentences.ts';

export const databases = {
  'databases.title': '데이터베이스',
} as const satisfies Sentences;
