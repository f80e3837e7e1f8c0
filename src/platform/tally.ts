// Counts by name since the start of this process, for figures; names are from short lists, never what a person typed.

export class Tally<Name extends string = string> {
  readonly #counts = new Map<Name, number>();

  add(name: Name, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get counts(): ReadonlyMap<Name, number> {
    return this.#counts;
  }
}
