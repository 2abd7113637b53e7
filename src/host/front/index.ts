export { createFront, type FrontOptions } from './front.js';
export { type ListenerOptions, listenersOf } from './listeners.js';
