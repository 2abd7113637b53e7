export { createVlan, createVolume, deleteVlan, deleteVolume, eraseVolume } from './volumes.js';
