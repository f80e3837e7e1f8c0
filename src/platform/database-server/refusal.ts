// A construct of an SQL text that is refused before the server sees it.

/** `about` is what is told of it; `at` says where in the statement, in bytes. */
export class Refusal extends Error {
  readonly about: string;
  readonly at: number;

  constructor(about: string, at: number) {
    super(about);
    this.name = 'Refusal';
    this.about = about;
    this.at = at;
  }
}
