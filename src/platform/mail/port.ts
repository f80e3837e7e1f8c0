// How a letter leaves the house. Each adapter passes test/platform/mail.contract.ts.

export type Letter = {
  readonly to: string;
  readonly subject: string;
  /** plain text; a link stands alone on its line */
  readonly text: string;
  readonly html?: string;
  /** an id without domain (the mailer adds the sender's); the same for every attempt, so that a receiver can tell a repetition */
  readonly messageId: string;
  readonly attachments?: readonly { readonly filename: string; readonly content: string; readonly contentType: string }[];
};

/** Errors: PanelError 503 when the letter was not taken; then it may be sent again with the same message id. */
export interface Mailer {
  /** Resolves when the letter was taken: by the server, or whole in its file. */
  send(letter: Letter): Promise<void>;
  /** @throws PanelError 503 when letters could not be sent now */
  check(): Promise<void>;
  /** Ends open connections; letters that were taken stay taken. */
  close(): Promise<void>;
}
