// Where the program begins. A worker runs for weeks and loads nothing of the other commands (docs/decisions/0061).

export type Run = (args: readonly string[]) => Promise<number>;

/** @returns what runs a command, loaded: given the command and what follows it, it says the exit code */
export async function load(command: string | undefined): Promise<Run> {
  if (command !== 'work') return (await import('./cli.ts')).run;
  const { workCommand } = await import('./work-command.ts');
  return async ([, ...rest]) => {
    try {
      await workCommand(rest);
      return 0;
    } catch (error) {
      console.error((await import('./cli.ts')).inWords(error));
      return 1;
    }
  };
}
