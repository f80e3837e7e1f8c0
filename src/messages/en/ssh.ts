// Sentences about ssh.
import type { ssh as source } from '../ko/ssh.ts';
import type { Sentence } from '../sentences.ts';

export const ssh: Record<keyof typeof source, Sentence> = {
  'ssh.title': 'SSH',
};
