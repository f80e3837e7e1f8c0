// Sentences about ssh.
import type { Sentences } from '../sentences.ts';

export const ssh = {
  'ssh.title': 'SSH',
} as const satisfies Sentences;
