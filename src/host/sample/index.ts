export { sampleServicePath, writeSampleImage } from './image.js';
export { installSample } from './sample.js';
