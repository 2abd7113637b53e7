import { type Log, messageOf } from '../../base/index.js';
import type { Migrations } from '../../vmm/index.js';

/** Milliseconds between two looks at migrations that are not over. */
const interval = 5000;

/**
 * Ends migrations that a crash or a host out of reach left open: now and from time to time.
 * @returns how to stop; resolves when nothing is under way any more
 */
export function keepMigrations(migrations: Migrations, log: Log): () => Promise<void> {
  let looking: Promise<void> | null = null;
  const look = (): void => {
    looking ??= migrations
      .resolve()
      .catch((error: unknown) => log.error('migrations not looked at', { error: messageOf(error) }))
      .finally(() => {
        looking = null;
      });
  };
  look();
  const timer = setInterval(look, interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
