export { GuestBoot, type GuestLogs } from './guest-boot.js';
export { HostBoot, type IsolationEncoder } from './host-boot.js';
export { type BootImage, type ImageFile, readImage } from './image.js';
export { imageDigest, type MeasuredBoot, measureBoot, measuredBanks } from './measured-boot.js';
