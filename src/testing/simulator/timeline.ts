/** Virtual time: the events to come, in order. */
export class Timeline {
  now = 0;
  #order = 0;
  #events: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];

  after(delay: number, run: () => void): void {
    const event = { at: this.now + delay, order: this.#order++, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#events[middle];
      if (
        other !== undefined &&
        (other.at > event.at || (other.at === event.at && other.order > event.order))
      )
        low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event); // the next event is last
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    const event = this.#events.pop();
    if (event === undefined) return false;
    this.now = event.at;
    event.run();
    return true;
  }
}
