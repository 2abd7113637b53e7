import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpServerLimits } from './options.js';

/** Counts and bounds the connections of one server, over all its listeners. */
export class Connections {
  readonly #limits: HttpServerLimits;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();

  constructor(limits: HttpServerLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#sockets.size;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#admit(socket));
  }

  #admit(socket: Socket): void {
    // Unix sockets have no address: the file mode bounds who comes.
    const address = socket.remoteAddress ?? '';
    const count = this.#byAddress.get(address) ?? 0;
    const crowded = address !== '' && count >= this.#limits.connectionsPerAddress;
    if (crowded || this.#sockets.size >= this.#limits.connections) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, count + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, left);
    });
  }

  /** Resolves when the last one is gone. */
  async destroyAll(): Promise<void> {
    const closed = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
