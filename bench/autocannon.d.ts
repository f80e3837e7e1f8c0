// The little of autocannon that is used here; the library brings no types.
declare module 'autocannon' {
  export type Answered = (client: unknown, status: number, bytes: number, milliseconds: number) => void;
  export type Run = Promise<{ readonly errors: number; readonly timeouts: number }> & {
    on(event: 'response', listener: Answered): Run;
  };
  type Until = { duration: number } | { amount: number };
  function autocannon(options: { url: string; connections: number; headers?: Record<string, string> } & Until): Run;

  // biome-ignore lint/style/noDefaultExport: that is what the library exports
  export { autocannon as default };
}
