/** Keeps changes of a repository waiting while a large change is prepared beside it. */
export class Gate {
  #closed: Promise<void> | null = null;

  /** Resolves when the gate is opened; null while it is open. */
  get closed(): Promise<void> | null {
    return this.#closed;
  }

  /** Closes the gate when it is open; the function that comes back opens it. */
  async close(): Promise<() => void> {
    while (this.#closed !== null) await this.#closed;
    let open: () => void = () => undefined;
    this.#closed = new Promise((resolve) => {
      open = () => {
        this.#closed = null;
        resolve();
      };
    });
    return open;
  }
}
