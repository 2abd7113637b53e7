import { jest } from '@jest/globals';

jest.retryTimes(0);
