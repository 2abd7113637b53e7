/** Gives the event loop back to others: resolves in the next turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A share of the event loop: `pause()` is free until the slice is used up, then waits one turn. */
export interface TimeSlice {
  pause(): Promise<void> | undefined;
}

/** @param milliseconds how long to work between two pauses; 8 keeps other clients below 20 ms */
export function createTimeSlice(milliseconds = 8): TimeSlice {
  let started = performance.now();
  return {
    pause() {
      if (performance.now() - started < milliseconds) return undefined;
      return nextTurn().then(() => {
        started = performance.now();
      });
    },
  };
}
