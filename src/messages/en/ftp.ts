// Sentences about ftp.
import type { ftp as source } from '../ko/ftp.ts';
import type { Sentence } from '../sentences.ts';

export const ftp: Record<keyof typeof source, Sentence> = {
  'ftp.title': 'FTP',
};
