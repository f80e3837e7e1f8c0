// Programs that sites are made of, as far as upload folders go: how each is known by its files, where it takes uploads, and what it keeps there itself.

export const sitePrograms = ['gnuboard', 'wordpress', 'rhymix', 'plain'] as const;
export type SiteProgram = (typeof sitePrograms)[number];

type Preset = {
  /** files below the program's own folder; one of these sets is there */
  readonly signs: readonly (readonly string[])[];
  /** where it takes uploads, below its own folder */
  readonly folders: readonly string[];
  /** what the program itself writes into such a folder and reads back, below it: judged like the program, though no web server runs it */
  readonly own: RegExp | undefined;
};

/** By the sources of gnuboard 5.6, WordPress 6.8 and Rhymix 2.1. */
export const presets: Readonly<Record<SiteProgram, Preset>> = {
  gnuboard: {
    signs: [['common.php', 'bbs/board.php']],
    folders: ['data'],
    own: /^(?:dbconfig\.php|\.htaccess|cache\/|session\/|log\/)/,
  },
  wordpress: { signs: [['wp-load.php', 'wp-includes/version.php']], folders: ['wp-content/uploads'], own: undefined },
  rhymix: {
    signs: [
      ['common/autoload.php', 'modules/board/board.class.php'],
      ['config/config.inc.php', 'classes/context/Context.class.php'],
    ],
    folders: ['files'],
    own: /^(?:cache|config|env|locks|ruleset|site_design|supercache|theme)\//,
  },
  plain: { signs: [], folders: [], own: undefined },
};

/** @returns whether a program keeps this path (below its upload folder) for itself */
export const isOwnOf = (program: SiteProgram | null, inside: readonly string[]): boolean =>
  program !== null && (presets[program].own?.test(inside.join('/')) ?? false);
