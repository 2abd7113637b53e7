export { createFront, type FrontOptions } from './front.js';
export { type ListenerOptions, listenersOf, observer } from './listeners.js';
