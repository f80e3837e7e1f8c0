// Sentences about ftp.
import type { Sentences } from '../sentences.ts';

export const ftp = {
  'ftp.title': 'FTP',
} as const satisfies Sentences;
